import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { CommandByIdDocument, SendCommandDocument } from "./generated/graphql.js";
import { repository } from "./support/build.js";
import { startServer } from "./support/server-process.js";
import { waitFor } from "./support/wait-for.js";

const MILL = "acme/berlin/machining/cell-1/mill-7";

test("a command that was on its way when the server was killed still reaches an end", async () => {
  const server = await startServer({ PLANT_FILE: path.join(repository, "examples/demo-plant.yaml") });
  onTestFinished(() => server.remove());
  await server.ready();
  const device = connectDevice({ url: server.embeddedMqttUrl, clientId: "mill-7" });
  onTestFinished(() => device.end());
  await device.ready();
  const received: { id: string; replyTo: string }[] = [];
  await device.subscribe(`${MILL}/cmd/+`, 1, (_topic, payload) =>
    received.push(JSON.parse(payload.toString())),
  );
  await device.publish(`${MILL}/telemetry`, JSON.stringify({ ts: Date.now(), state: "IDLE" }), { qos: 1 });
  const send = async (name: string, timeoutMs: number) => {
    const input = { machine: MILL, name, arguments: {}, timeoutMs };
    const { sendCommand } = await server.run(SendCommandDocument, { input });
    return sendCommand;
  };
  let answered = "";
  await waitFor(async () => {
    const { command } = await send("start", 60_000);
    answered = command?.id ?? "";
    return command !== null;
  });
  const unanswered = (await send("stop", 5_000)).command?.id ?? "";
  await waitFor(() => received.length === 2);
  await server.kill();

  const again = server.again();
  onTestFinished(() => again.remove());
  await again.ready();
  await waitFor(() => device.connected);
  const [first] = received;
  await waitFor(async () => {
    // The server was away when the device wanted to answer: it says it again until the broker has it.
    const reply = JSON.stringify({ id: first?.id, status: "COMPLETED" });
    await device.publish(first?.replyTo ?? "", reply, { qos: 1 }).catch(() => undefined);
    return (await again.run(CommandByIdDocument, { id: answered })).command?.status === "COMPLETED";
  });
  await waitFor(
    async () => (await again.run(CommandByIdDocument, { id: unanswered })).command?.status === "TIMED_OUT",
  );
  expect((await again.run(CommandByIdDocument, { id: unanswered })).command?.finishedAt).not.toBeNull();
});
