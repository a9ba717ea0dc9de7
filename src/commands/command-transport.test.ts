import { expect, test } from "vitest";
import { commandDatabase, FILLER, MIXER } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import { CommandRefused, type CommandTransport, type OutgoingCommand } from "./command-transport.js";

/** Devices that are written metric by metric, and say nothing of their own about commands. */
class MetricWriter implements CommandTransport {
  readonly taken: OutgoingCommand[] = [];
  refusal: CommandRefused | null = null;
  /** Called between the decision to send and the sending. */
  onTopic: () => void = () => undefined;

  topicOf(_: unknown, name: string): string {
    this.onTopic();
    return `metrics/${name}`;
  }

  problemOf({ confirm, writes }: Parameters<CommandTransport["problemOf"]>[0]): string | null {
    if (writes.length === 0) return "it must write metrics";
    return confirm === "reply" ? "the device sends no replies" : null;
  }

  async send(outgoing: OutgoingCommand): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.taken.push(outgoing);
  }
}

async function writing() {
  const transport = new MetricWriter();
  const server = await (await commandDatabase()).server({ transportOf: () => transport });
  const set = () =>
    server.sent({ machine: MIXER, name: "setSpeed", arguments: { speed: 250 }, timeoutMs: 60_000 });
  return { transport, server, set };
}

test("a transport gets the metrics and their values, the machine and its route, and names the topic", async () => {
  const { transport, server, set } = await writing();
  const command = await set();
  expect(command.topic).toBe("metrics/setSpeed");
  const sent = await server.reaches(command, "SENT");
  expect(transport.taken).toEqual([
    {
      command: { ...command, sendStartedAt: sent.sendStartedAt },
      machine: server.twin(MIXER).machine,
      route: { source: "shopfloor", deviceTopic: `plant/${MIXER}` },
      writes: [{ metric: "speed", dataType: "Double", value: 250 }],
    },
  ]);
  server.reports(MIXER, { speed: 250 });
  await server.reaches(command, "COMPLETED");
});

test("a command that can never go this way is not taken", async () => {
  const { server } = await writing();
  const { command, userErrors } = await server.send({ machine: FILLER, name: "start" });
  expect([command, userErrors]).toEqual([
    null,
    [{ code: "INVALID_INPUT", message: "it must write metrics", field: ["name"] }],
  ]);
});

test("a refusal for good fails the command, with the reason", async () => {
  const { transport, server, set } = await writing();
  transport.refusal = new CommandRefused("the device has no metric speed", { final: true });
  expect(await server.reaches(await set(), "FAILED")).toMatchObject({
    reason: "the device has no metric speed",
    sentAt: null,
  });
});

test("a refusal for now keeps the command QUEUED, until it is taken", async () => {
  const { transport, server, set } = await writing();
  transport.refusal = new CommandRefused("the device is offline", { final: false });
  const command = await set();
  await waitFor(async () => (await server.stored(command))?.reason === "the device is offline");
  transport.refusal = null;
  await server.reaches(command, "SENT");
  expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
});

test("or until it expires", async () => {
  const { transport, server, set } = await writing();
  transport.refusal = new CommandRefused("the device is offline", { final: false });
  const command = await set();
  await waitFor(async () => (await server.stored(command))?.reason === "the device is offline");
  await server.pass(60_000);
  expect((await server.reaches(command, "EXPIRED")).reason).toMatch(
    /could not be sent.*the device is offline/,
  );
});

test("a machine whose state changes at the last moment gets nothing", async () => {
  const { transport, server } = await writing();
  server.reports(MIXER, { state: "STOPPED" });
  const reset = { machine: MIXER, name: "reset", timeoutMs: 60_000 };
  await server.reaches(await server.sent(reset), "SENT");
  const command = await server.sent(reset);
  transport.onTopic = () => server.reports(MIXER, { state: "ABORTING" });
  server.reports(MIXER, { state: "IDLE" });
  server.reports(MIXER, { state: "STOPPED" });
  expect((await server.reaches(command, "FAILED")).reason).toContain("the machine is ABORTING");
  expect(transport.taken).toHaveLength(1);
});
