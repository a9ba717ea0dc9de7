import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { brokerAvailable } from "./support/broker.js";
import { buildServer, repository } from "./support/build.js";

const PATIENCE = { timeout: 300_000 };

/** Runs the torture test to its end and gives what it wrote. */
async function torture(args: readonly string[], { onTestFinished }: TestContext): Promise<string> {
  await buildServer();
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
  expect(output).toMatch(/^counts of operations and machines +0$/m);
  expect(output).toMatch(/^ {2}pieces that they made +[1-9]/m);
  return output;
}

// They mostly wait, so they run together. Without a broker the file says so on stderr (see support/broker.ts).
describe.skipIf(!brokerAvailable).concurrent("whatever dies in between", () => {
  // With this seed: the server killed after a COMMIT, PostgreSQL killed, Mosquitto restarted where it is the run's own.
  const few = ["--messages", "10000", "--rate", "2000", "--faults", "3", "--seed", "2351"];

  test("each message that the broker took is stored once, over MQTT 5", PATIENCE, async (context) => {
    expect(await torture([...few, "--mqtt", "5"], context)).toMatch(/^MQTT between server and broker +5$/m);
  });

  test("each message that the broker took is stored once, over MQTT 3.1.1", PATIENCE, async (context) => {
    expect(await torture([...few, "--mqtt", "3.1.1"], context)).toMatch(
      /^MQTT between server and broker +3\.1\.1$/m,
    );
  });

  test(
    "without PostgreSQL nothing is acknowledged, memory is bounded, and all goes on afterwards",
    PATIENCE,
    async (context) => {
      const args = ["--outage", "10", "--messages", "26000", "--rate", "2000", "--seed", "1"];
      const output = await torture(args, context);
      expect(output).toMatch(/\/readyz says 503: .*database: /);
      expect(output).toMatch(/acknowledged without PostgreSQL: 0;/);
    },
  );
});
