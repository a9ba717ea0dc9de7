import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import {
  CancelCommandDocument,
  CommandByIdDocument,
  CommandChangedDocument,
  SendCommandDocument,
} from "./generated/graphql.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { waitFor } from "./support/wait-for.js";

const MIXER = "acme/berlin/line-1/mixer-1";
const PRESS = "acme/berlin/line-1/press-1";
const PLANT = `
machineTypes:
  - name: mixer
    metrics:
      - {name: state, type: String, role: STATE}
      - {name: speed, type: Double, min: 0, max: 500}
      - {name: batch, type: Int64}
    commands:
      - name: setSpeed
        writes: {speed: "{speed}", batch: 7}
        parameters: {type: object, properties: {speed: {type: number}}, required: [speed], additionalProperties: false}
      - {name: start, allowedStates: [IDLE], reaches: EXECUTE, writes: {Command/CntrlCmd: 2}}
      - {name: clean}
      - {name: ping, retries: 2, retryAfter: 300ms, concurrency: parallel}
equipment:
  - {path: ${MIXER}, type: mixer}
  - {path: ${PRESS}, type: mixer}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - {topic: "{enterprise}/{site}/{line}/{machine}/telemetry", format: json, timestamp: ts}
      - {topic: "{enterprise}/{site}/{line}/{machine}/connectivity", format: connectivity}
`;

interface Message {
  readonly id: string;
  readonly name: string;
  readonly writes?: Record<string, unknown>;
  readonly replyTo: string;
}

describe.runIf(brokerAvailable)("commands over a real broker", () => {
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;
  const received: Message[] = [];

  beforeAll(async () => {
    broker = await startBroker();
    app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
    device = connectDevice({ url: broker.url, clientId: "mixer-1" });
    await device.ready();
    for (const path of [MIXER, PRESS])
      await device.subscribe(`${path}/cmd/+`, 1, (_topic, payload) =>
        received.push(JSON.parse(payload.toString())),
      );
  });

  afterAll(async () => {
    await device?.end();
    await app?.stop();
    await broker?.stop();
  });

  async function reports(values: object, path = MIXER): Promise<void> {
    const payload = JSON.stringify({ ts: Date.now(), ...values });
    await device.publish(`${path}/telemetry`, payload, { qos: 1 });
  }

  async function isIn(state: string, path = MIXER): Promise<void> {
    await reports({ state }, path);
    await waitFor(async () => {
      const { data } = await app.ask(`{ machine(path: "${path}") { state } }`);
      return data.machine?.state === state;
    });
  }

  async function send(name: string, more: object = {}, machine = MIXER) {
    const input = { machine, name, timeoutMs: 60_000, ...more };
    return (await app.run(SendCommandDocument, { input })).sendCommand;
  }

  async function sent(name: string, more: object = {}, machine = MIXER): Promise<string> {
    const { command, userErrors } = await send(name, more, machine);
    if (!command) throw new Error(JSON.stringify(userErrors));
    return command.id;
  }

  async function statusOf(id: string) {
    return (await app.run(CommandByIdDocument, { id })).command;
  }

  function gets(id: string): Promise<Message> {
    return waitFor(() => received.find((message) => id === `Command:${message.id}`));
  }

  test("a machine tells how its commands are sent and proven", async () => {
    const { data } = await app.ask(
      `{ machine(path: "${MIXER}") { machineType { commands {
        name confirm allowedStates reaches oneAtATime retries
      } } } }`,
    );
    const plain = { confirm: "REPLY", allowedStates: null, reaches: null, oneAtATime: true, retries: 0 };
    expect(data.machine.machineType.commands).toEqual([
      { ...plain, name: "setSpeed", confirm: "ECHO" },
      { ...plain, name: "start", confirm: "STATE", allowedStates: ["IDLE"], reaches: ["EXECUTE"] },
      { ...plain, name: "clean" },
      { ...plain, name: "ping", oneAtATime: false, retries: 2 },
    ]);
  });

  test("a written value is done when the machine reports it, to the metric and within a float's digits", async () => {
    await isIn("IDLE");
    const id = await sent("setSpeed", { arguments: { speed: 99.9 } });
    const message = await gets(id);
    expect(message.writes).toEqual({ speed: 99.9, batch: 7 });
    await device.publish(message.replyTo, JSON.stringify({ id: message.id, status: "COMPLETED" }), {
      qos: 1,
    });
    await waitFor(async () => (await statusOf(id))?.status === "ACCEPTED");
    await reports({ speed: Math.fround(99.9) });
    await reports({ batch: 7 });
    await waitFor(async () => (await statusOf(id))?.status === "COMPLETED");
    expect((await statusOf(id))?.result).toEqual({ speed: 99.9, batch: 7 });
  });

  test("a PackML command is done when its state is reached, and refused where there is no way from", async () => {
    await isIn("IDLE");
    const id = await sent("start");
    expect((await gets(id)).writes).toEqual({ "Command/CntrlCmd": 2 });
    await reports({ state: "STARTING" });
    await reports({ state: "EXECUTE" });
    await waitFor(async () => (await statusOf(id))?.status === "COMPLETED");
    expect((await statusOf(id))?.result).toEqual({ state: "EXECUTE" });
    expect((await send("start")).userErrors).toEqual([
      {
        code: "PRECONDITION_FAILED",
        message: "the machine is EXECUTE; start is allowed in IDLE",
        field: ["machine"],
      },
    ]);
  });

  test("without proof it is timed out, whatever else the machine reports; a proof that comes late is told", async () => {
    await isIn("IDLE");
    const id = await sent("setSpeed", { arguments: { speed: 42 }, timeoutMs: 3_000 });
    const steps = app.collect(CommandChangedDocument, { id });
    await gets(id);
    await reports({ speed: 41, batch: 7 });
    await waitFor(() => steps.some((step) => step.commandChanged.status === "TIMED_OUT"));
    expect(await statusOf(id)).toMatchObject({ provedLateAt: null, finishedAt: expect.anything() });
    await reports({ speed: 42, batch: 7 });
    await waitFor(async () => (await statusOf(id))?.provedLateAt);
    await waitFor(() => steps.filter((step) => step.commandChanged.status === "TIMED_OUT").length === 2);
    expect(steps.map((step) => step.commandChanged.status)).not.toContain("COMPLETED");
  });

  test("one at a time: the next is sent when the one before has ended", async () => {
    await isIn("IDLE", PRESS);
    const [first, second] = [await sent("clean", {}, PRESS), await sent("clean", {}, PRESS)];
    const message = await gets(first);
    expect((await statusOf(second))?.status).toBe("QUEUED");
    expect(received.some(({ id }) => second === `Command:${id}`)).toBe(false);
    await device.publish(message.replyTo, JSON.stringify({ id: message.id, status: "REJECTED" }), { qos: 1 });
    await gets(second);
  });

  test("a silent device gets it again, with the same id", async () => {
    await isIn("IDLE");
    const id = await sent("ping");
    await waitFor(() => received.filter((message) => id === `Command:${message.id}`).length === 3);
    await waitFor(async () => (await statusOf(id))?.sends === 3);
    const message = await gets(id);
    await device.publish(message.replyTo, JSON.stringify({ id: message.id, status: "COMPLETED" }), {
      qos: 1,
    });
    await waitFor(async () => (await statusOf(id))?.status === "COMPLETED");
  });

  test("a scheduled command is sent at its time, though the server was down in between; a cancelled one never", async () => {
    await isIn("IDLE");
    const scheduledAt = new Date(Date.now() + 4_000).toISOString();
    const cancelled = await sent("ping", { scheduledAt });
    const id = await sent("ping", { scheduledAt });
    expect((await app.run(CancelCommandDocument, { id: cancelled })).cancelCommand.command?.status).toBe(
      "CANCELLED",
    );
    await app.pause();
    const again = await app.resume();
    onTestFinished(async () => {
      app = again;
    });
    expect(received.some((message) => id === `Command:${message.id}`)).toBe(false);
    await gets(id);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(scheduledAt));
    expect(received.some((message) => cancelled === `Command:${message.id}`)).toBe(false);
  });
});
