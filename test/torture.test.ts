import { spawn } from "node:child_process";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildServer, repository } from "./support/build.js";
import { mosquittoAvailable } from "./support/mosquitto.js";

// Without Mosquitto the file says so on stderr (see support/mosquitto.ts) and this skips.
test.skipIf(!mosquittoAvailable)(
  "whatever dies in between, each message that the broker took is stored once",
  { timeout: 180_000 },
  async () => {
    await buildServer();
    // With this seed: the server killed after a COMMIT, PostgreSQL killed, Mosquitto restarted.
    const args = ["--messages", "10000", "--rate", "2000", "--faults", "3", "--seed", "2351"];
    const child = spawn(process.execPath, [path.join(repository, "dist/bench/main.js"), "torture", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    onTestFinished(async () => {
      // It ends all that it started.
      child.kill("SIGTERM");
      await ended;
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    expect(await ended, output).toBe(0);
    expect(output).toMatch(/^lost +0$/m);
  },
);
