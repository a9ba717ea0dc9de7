import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./wait-for.js";

/** Whether a Mosquitto is installed; without it the tests that need one skip and say so. */
export const mosquittoAvailable: boolean = (() => {
  const found = spawnSync("mosquitto", ["-h"], { stdio: "ignore" }).error === undefined;
  if (!found)
    process.stderr.write("mosquitto is not installed: the tests that need a real broker are skipped\n");
  return found;
})();

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** Asks it to end, so that it saves what it persists; keeps its folder. */
  halt(): Promise<void>;
  /** Kills it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder, halting it first when it runs. */
  restart(): Promise<void>;
  /** Ends it for good and removes its folder. */
  stop(): Promise<void>;
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Starts a Mosquitto of its own on a free port of 127.0.0.1; `config` are further lines of its configuration. */
export async function startMosquitto(
  options: { persistence?: boolean; config?: string[] } = {},
): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), "mosquitto-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...(options.config?.some((line) => line.startsWith("allow_anonymous")) ? [] : ["allow_anonymous true"]),
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    "max_queued_messages 0",
    "max_inflight_messages 0",
    ...(options.persistence
      ? [
          "persistence true",
          `persistence_location ${folder}/`,
          "autosave_interval 1",
          "autosave_on_changes true",
        ]
      : []),
    ...(options.config ?? []),
  ];
  await writeFile(config, `${lines.join("\n")}\n`);

  let child: ChildProcess | null = null;
  let output = "";

  async function launch(): Promise<void> {
    const started = spawn("mosquitto", ["-c", config], { stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    started.stdout?.on("data", (data) => {
      output += data;
    });
    started.stderr?.on("data", (data) => {
      output = (output + data).slice(-10_000);
    });
    await waitFor(
      async () => {
        if (started.exitCode !== null) return true;
        return accepts(port);
      },
      { what: "mosquitto listens" },
    );
    if (started.exitCode !== null) throw new Error(`mosquitto did not start: ${output}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await exited;
  }

  await launch();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    halt: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM");
      await launch();
    },
    stop: async () => {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
