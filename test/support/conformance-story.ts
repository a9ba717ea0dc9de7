import { connectDevice } from "../../src/mqtt/device-client.js";
import { decodePayload } from "../../src/sparkplug/decode-payload.js";
import { DataType, type Payload } from "../../src/sparkplug/payload.js";
import type { TestApp } from "./app.js";
import type { EdgeClient, EdgeMetric } from "./edge-client.js";
import { aliased } from "./edge-node.js";
import { machine, metric, stored } from "./questions.js";
import { SparkplugPlant } from "./sparkplug-plant.js";
import { waitFor } from "./wait-for.js";
import { type Sent, type TappedMessage, tapTo, type WireTap } from "./wire-tap.js";

export const HOST = "host-1";
export const STATE = `spBv1.0/STATE/${HOST}`;
export const REORDER_MS = 400;
const NODE = "g/line";
const PRESS = "g/line/press";
const PLANT = `machineTypes:
  - name: any
    appliesTo: ["g/*", "g/*/*", "far/*/*"]
    commands:
      - { name: set, confirm: echo, timeout: 5s, writes: { speed: "{speed}", title: "{title}" },
          parameters: { type: object, required: [speed, title],
            properties: { speed: { type: number }, title: { type: string } } } }
`;
const METRICS: readonly EdgeMetric[] = [
  { name: "speed", dataType: DataType.Int32, value: 1, alias: 1 },
  { name: "title", dataType: DataType.String, value: "a" },
];
const OWN = METRICS.map(({ alias, ...one }) => (alias === undefined ? one : { ...one, alias: 11 }));

/** A command of the host as it went over the wire. */
export interface TappedCommand extends Omit<TappedMessage, "payload"> {
  readonly payload: Payload;
}

/** A machine as GraphQL shows it. */
export interface Shown {
  readonly status: string;
  /** Milliseconds. */
  readonly since: number;
  readonly stale: readonly string[];
}

/** What was seen of a host application from its start to its end, at two brokers. */
export interface Evidence {
  /** What it sent to the first broker, from CONNECT to DISCONNECT. */
  readonly session: readonly Sent[];
  readonly otherSession: readonly Sent[];
  /** What others who asked were told by the broker: while it was there, and after it had gone. */
  readonly told: { readonly during: string; readonly after: string };
  /** When it was stopped, in milliseconds: not before, and not after. */
  readonly stopped: readonly [number, number];
  /** How often its state was published before and after somebody else had said that it is away. */
  readonly births: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly writes: {
    readonly node: TappedCommand;
    readonly device: TappedCommand;
    readonly untyped: TappedCommand;
  };
  /** Commands between the loss of a message and the birth that follows, and how long it took. */
  readonly loss: { readonly commands: readonly TappedCommand[]; readonly afterMs: number };
  /** Requests because of a message that came late, but in time; the values that were shown last. */
  readonly late: { readonly commands: number; readonly shown: unknown };
  /** By what died: the device, whose death told its time, then the node. */
  readonly deaths: {
    readonly device: Shown;
    readonly toldAt: number;
    readonly node: Shown;
    readonly nodesDevice: Shown;
    /** Between which times the node's death came. */
    readonly between: readonly [number, number];
  };
}

/** Lives through the story. Everything that it started has ended when it resolves. */
export async function conformanceStory(version: string): Promise<Evidence> {
  const story = new Story();
  try {
    return await story.live(version);
  } finally {
    await story.plant.end();
  }
}

class Story {
  readonly plant = new SparkplugPlant();

  async live(version: string): Promise<Evidence> {
    const { plant } = this;
    const [broker, other] = [await plant.broker(version), await plant.broker(version)];
    const [tap, otherTap] = [await tapTo(broker.port), await tapTo(other.port)];
    plant.onEnd(() => tap.stop());
    plant.onEnd(() => otherTap.stop());
    const settings = `hostId: ${HOST}, reorderTimeout: ${REORDER_MS}ms, rebirthInterval: 50ms`;
    const app = await plant.server(
      tap.url,
      `  - { name: edge, url: "\${MQTT_URL}", sparkplug: { ${settings} } }
  - name: far
    url: "${otherTap.url}"
    sparkplug: { hostId: ${HOST}, sendDatatype: false, machine: "far/{edge}/{device}", node: "far/{edge}" }`,
      PLANT,
    );
    const births = await this.#saidToBeAway(broker.url, tap);
    const edge = { group: "g", edgeNode: "line", metrics: OWN, devices: { press: METRICS } };
    const line = await plant.edge({ ...edge, url: broker.url });
    await plant.edge({ ...edge, url: other.url });
    const writes = {
      node: await this.#write(app, NODE, tap),
      device: await this.#write(app, PRESS, tap),
      untyped: await this.#write(app, "far/line/press", otherTap),
    };
    const loss = await this.#lose(line, tap);
    const late = await this.#late(app, line, tap);
    const deaths = await this.#die(app, line);
    const during = await retained(broker.url);
    const from = Date.now();
    await app.pause();
    const stopped = [from, Date.now()] as const;
    const told = { during, after: await retained(broker.url) };
    return {
      session: sessionOf(tap),
      otherSession: sessionOf(otherTap),
      told,
      stopped,
      births,
      writes,
      loss,
      late,
      deaths,
    };
  }

  async #saidToBeAway(url: string, tap: WireTap): Promise<Evidence["births"]> {
    const before = statesOf(tap);
    const stranger = connectDevice({ url, clientId: "stranger" });
    await stranger.ready();
    const death = JSON.stringify({ online: false, timestamp: 1 });
    await stranger.publish(STATE, death, { qos: 1, retain: true });
    await waitFor(() => statesOf(tap).length > before.length);
    await stranger.end();
    return { before, after: statesOf(tap) };
  }

  async #write(app: TestApp, path: string, tap: WireTap): Promise<TappedCommand> {
    await waitFor(async () => (await stored(app, path, "title")) > 0);
    const seen = commandsOf(tap).length;
    const { data, errors } = await app.ask(
      `mutation($machine: EquipmentPath!) { sendCommand(input: {
         machine: $machine, name: "set", arguments: { speed: 5, title: "b" } }) { userErrors { message } } }`,
      { machine: path },
    );
    if (errors || data.sendCommand.userErrors.length > 0) throw new Error(JSON.stringify({ data, errors }));
    await waitFor(async () => (await metric(app, path, "title"))?.value === "b");
    const [command] = commandsOf(tap).slice(seen);
    if (!command) throw new Error("nothing was written");
    return command;
  }

  async #lose(line: EdgeClient, tap: WireTap): Promise<Evidence["loss"]> {
    const seen = commandsOf(tap).length;
    line.lose();
    const from = Date.now();
    await line.set("press", { speed: 6 });
    await waitFor(() => commandsOf(tap).length > seen);
    const afterMs = Date.now() - from;
    await waitFor(() => line.rebirthsAsked === 1);
    return { commands: commandsOf(tap).slice(seen), afterMs };
  }

  async #late(app: TestApp, line: EdgeClient, tap: WireTap): Promise<Evidence["late"]> {
    await waitFor(async () => (await metric(app, PRESS, "speed"))?.quality === "GOOD");
    const seen = commandsOf(tap).length;
    const now = Date.now();
    const speed = (value: number, at: number) => aliased(1, DataType.Int32, value, { timestamp: at });
    line.lose();
    await line.send("DDATA", "press", [speed(8, now + 2)]);
    line.lose(-2);
    await line.send("DDATA", "press", [speed(7, now + 1)]);
    line.lose();
    await line.send("DDATA", "press", [speed(9, now + 3)]);
    await waitFor(async () => (await metric(app, PRESS, "speed"))?.value === 9);
    // As long as it would have waited.
    await waitFor(() => Date.now() > now + 2 * REORDER_MS);
    const { quality, value } = (await metric(app, PRESS, "speed")) ?? {};
    return { commands: commandsOf(tap).length - seen, shown: [value, quality] };
  }

  async #die(app: TestApp, line: EdgeClient): Promise<Evidence["deaths"]> {
    const { since } = await shown(app, PRESS);
    const toldAt = since + 20;
    await waitFor(() => Date.now() > toldAt + 20);
    await line.send("DDEATH", "press", [], { timestamp: toldAt });
    await waitFor(async () => (await shown(app, PRESS)).status === "OFFLINE");
    const device = await shown(app, PRESS);
    await line.deviceBirth("press");
    await waitFor(async () => (await shown(app, PRESS)).status === "ONLINE");
    const from = Date.now();
    await line.die();
    await waitFor(async () => (await shown(app, PRESS)).status === "OFFLINE");
    await waitFor(async () => (await shown(app, NODE)).status === "OFFLINE");
    const [node, nodesDevice] = [await shown(app, NODE), await shown(app, PRESS)];
    return { device, toldAt, node, nodesDevice, between: [from, Date.now()] };
  }
}

/** What it sent on the connection that was accepted. */
function sessionOf(tap: WireTap): readonly Sent[] {
  return tap.connections.find((sent) => sent.some(({ packet }) => packet === "SUBSCRIBE")) ?? [];
}

export function publishedOf(session: readonly Sent[], topic: RegExp): TappedMessage[] {
  return session.flatMap((sent) => (sent.packet === "PUBLISH" && topic.test(sent.topic) ? [sent] : []));
}

function statesOf(tap: WireTap): string[] {
  return publishedOf(sessionOf(tap), /\/STATE\//).map(({ payload }) => payload.toString());
}

function commandsOf(tap: WireTap): TappedCommand[] {
  return publishedOf(sessionOf(tap), /\/[ND]CMD\//).map(({ payload, ...rest }) => {
    const decoded = decodePayload(payload);
    if (!decoded.ok) throw new Error(decoded.error);
    return { ...rest, payload: decoded.value };
  });
}

/** What a client that has just come is told of the host. */
async function retained(url: string): Promise<string> {
  const client = connectDevice({ url, clientId: "newcomer" });
  const heard: string[] = [];
  await client.ready();
  await client.subscribe(STATE, 1, (_, payload) => heard.push(payload.toString()));
  await waitFor(() => heard.length > 0);
  await client.end();
  return heard[0] ?? "";
}

async function shown(app: TestApp, path: string): Promise<Shown> {
  const { data } = await app.ask(
    "query($path: EquipmentPath!) { machine(path: $path) { connectivity { status since } } }",
    { path },
  );
  const { status, since } = data.machine.connectivity as { status: string; since: string };
  const metrics = (await machine(app, path))?.metrics ?? [];
  const stale = metrics.filter((one) => one.stale).map(({ name }) => name);
  return { status, since: Date.parse(since), stale };
}
