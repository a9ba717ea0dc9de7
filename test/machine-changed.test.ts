import { createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { LiveBus } from "../src/live/live-bus.js";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { type Followed, type GraphQLAnswer, startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { figure, machine, metric } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const FOLLOW = `subscription($path: EquipmentPath!, $resumeAfter: String) {
  machineChanged(path: $path, resumeAfter: $resumeAfter) { kind revision cursor machine { path revision } metrics { name value } } }`;

const PLANT = `
machineTypes:
  - name: filler
    appliesTo: ["acme/berlin/pack/*/filler-*"]
    metrics:
      - { name: state, type: String, role: STATE }
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;

interface MachineEvent {
  readonly kind: "SNAPSHOT" | "DELTA";
  readonly revision: number;
  readonly cursor: string;
  readonly machine: { path: string; revision: number };
  readonly metrics: readonly { name: string; value: unknown }[];
}

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("subscriptions", () => {
  let broker: TestBroker;
  let app: TestApp;
  let bus: LiveBus;
  let device: DeviceClient;
  let path: string;
  let count = 0;

  beforeAll(async () => {
    broker = await startBroker();
    const listen = vi.spyOn(LiveBus.prototype, "listen");
    app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
    bus = listen.mock.contexts[0] as LiveBus;
    listen.mockRestore();
    device = connectDevice({ url: broker.url, clientId: "device" });
    await device.ready();
  });

  afterAll(async () => {
    await device?.end();
    await app?.stop();
    await broker?.stop();
  });

  let listeners: number;

  beforeEach(async () => {
    count += 1;
    path = `acme/berlin/pack/line-1/press-${count}`;
    listeners = bus.listenerCount;
    await send({ n: 0 });
    await waitFor(() => metric(app, path, "n"));
  });

  afterEach(async () => {
    await waitFor(() => bus.listenerCount === listeners, { what: "nobody listens any more" });
    await waitFor(async () => (await figure(app.url, "mes_twin_graphql_sockets")) === 0);
  });

  const send = (values: object, to = path) =>
    device.publish(`${to}/telemetry`, JSON.stringify({ ts: Date.now(), ...values }), { qos: 1 });
  const eventsOf = (followed: Followed): MachineEvent[] =>
    followed.events.map((event) => event.data.machineChanged);
  /** What is wrong with a subscription that never begins: the answer is its only event. */
  const refusal = (followed: Followed) => waitFor(() => followed.completed && followed.events[0]?.errors);
  const revisions = (events: readonly MachineEvent[]) => events.map(({ revision }) => revision);
  const consecutive = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);

  /** Sends `n` = from ... to, each a change of its own. */
  async function sendNumbers(from: number, to: number): Promise<void> {
    const first = Date.now() - 10_000;
    await Promise.all(
      Array.from({ length: to - from + 1 }, (_, index) =>
        send({ ts: first + from + index, n: from + index }),
      ),
    );
  }

  test("a SNAPSHOT, then every change as a DELTA with the next revision", async () => {
    await send({ ts: Date.now() - 20_000, still: "here" });
    await waitFor(() => metric(app, path, "still"));
    const followed = app.follow(FOLLOW, { path });
    const [snapshot] = await waitFor(() => followed.events.length > 0 && eventsOf(followed));
    expect(snapshot).toMatchObject({ kind: "SNAPSHOT", machine: { path } });
    expect(snapshot?.metrics.map(({ name }) => name).sort()).toEqual(["n", "still"]);
    const base = Date.now();
    for (let n = 1; n <= 100; n += 1) void send({ ts: base + n, n });
    const events = await waitFor(() => followed.events.length === 101 && eventsOf(followed));
    expect(revisions(events)).toEqual(consecutive(snapshot?.revision ?? 0, 101));
    expect(events.slice(1).map(({ kind, metrics }) => [kind, metrics])).toEqual(
      consecutive(1, 100).map((n) => ["DELTA", [{ name: "n", value: n }]]),
    );
    // The head belongs to its event, and not to the moment of reading it.
    expect(events.map((event) => event.machine.revision)).toEqual(revisions(events));
    expect((await machine(app, path))?.revision).toBe(events.at(-1)?.revision);
    followed.stop();
  });

  test("who resumes goes on after its cursor without a hole", async () => {
    const first = app.follow(FOLLOW, { path });
    await waitFor(() => first.events.length === 1);
    const base = Date.now();
    for (let n = 1; n <= 20; n += 1) await send({ ts: base + n, n });
    const seen = await waitFor(() => first.events.length === 21 && eventsOf(first));
    first.stop();
    const last = seen[9];
    for (let n = 21; n <= 40; n += 1) await send({ ts: base + n, n });
    await waitFor(async () => (await metric(app, path, "n"))?.value === 40);

    const second = app.follow(FOLLOW, { path, resumeAfter: last?.cursor });
    const rest = await waitFor(() => second.events.length >= 31 && eventsOf(second));
    expect(rest.every(({ kind }) => kind === "DELTA")).toBe(true);
    expect(revisions(rest)).toEqual(consecutive((last?.revision ?? 0) + 1, 31));
    await send({ ts: base + 41, n: 41 });
    await waitFor(() => eventsOf(second).at(-1)?.metrics[0]?.value === 41);
    second.stop();

    const current = app.follow(FOLLOW, { path, resumeAfter: eventsOf(second).at(-1)?.cursor });
    await send({ ts: base + 42, n: 42 });
    await waitFor(() => current.events.length === 1);
    expect(eventsOf(current)[0]).toMatchObject({ kind: "DELTA", metrics: [{ name: "n", value: 42 }] });
    current.stop();
  });

  test.each([
    ["nonsense", "nonsense"],
    ["a cursor of another run", Buffer.from("5a0e58b0-0f1f-4d4b-8c1c-2f6e5e0f5a11.1").toString("base64url")],
  ])("%s as cursor gets a SNAPSHOT", async (_, resumeAfter) => {
    const followed = app.follow(FOLLOW, { path, resumeAfter });
    await waitFor(() => followed.events.length === 1);
    expect(eventsOf(followed)[0]).toMatchObject({
      kind: "SNAPSHOT",
      metrics: [{ name: "n", value: 0 }],
    });
    followed.stop();
  });

  test("who falls behind gets a new SNAPSHOT instead of a hole", async () => {
    let opened: WebSocket | undefined;
    class Captured extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        opened = this;
      }
    }
    const socket = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      webSocketImpl: Captured,
      retryAttempts: 0,
    });
    const events: MachineEvent[] = [];
    socket.subscribe<{ machineChanged: MachineEvent }>(
      { query: FOLLOW, variables: { path } },
      {
        next: ({ data }) => {
          if (data) events.push(data.machineChanged);
        },
        error: () => {},
        complete: () => {},
      },
    );
    await waitFor(() => events.length === 1);
    opened?.pause();
    const filling = "x".repeat(8_000);
    const base = Date.now() - 60_000;
    for (let n = 1; n <= 3_000; n += 1) {
      const sent = send({ ts: base + n, filling: `${n}${filling}` });
      if (n % 100 === 0) await sent;
    }
    await waitFor(async () => String((await metric(app, path, "filling"))?.value).startsWith("3000x"));
    opened?.resume();
    const present = (await machine(app, path))?.revision;
    await waitFor(() => events.at(-1)?.revision === present);
    expect(events.filter(({ kind }) => kind === "SNAPSHOT").length).toBeGreaterThan(1);
    for (const [index, event] of events.entries()) {
      const previous = events[index - 1]?.revision ?? 0;
      if (event.kind === "DELTA") expect(event.revision).toBe(previous + 1);
      else expect(event.revision).toBeGreaterThan(previous);
    }
    await socket.dispose();
  });

  test("a machine that is not there is told as such", async () => {
    const followed = app.follow(FOLLOW, { path: "acme/berlin/pack/line-1/nobody" });
    const problem = await refusal(followed);
    expect(problem).toMatchObject([
      { message: 'path: there is no machine "acme/berlin/pack/line-1/nobody"', path: ["machineChanged"] },
    ]);
  });

  test("maxRateHz lets so many through, and the latest wins", async () => {
    const followed = app.follow(
      `subscription($topic: TopicFilter!) { telemetryReceived(topic: $topic, maxRateHz: 4) { metric value } }`,
      { topic: `${path}/#` },
    );
    await waitFor(async () => {
      await send({ ts: Date.now() + 1, warm: Date.now() });
      return followed.events.length > 0;
    });
    followed.events.length = 0;
    const started = Date.now();
    await sendNumbers(1, 400);
    const values = () =>
      followed.events
        .map(({ data }: GraphQLAnswer) => data.telemetryReceived)
        .filter((event) => event.metric === "n")
        .map((event) => event.value);
    await waitFor(async () => {
      await send({ ts: Date.now(), n: 401 });
      return values().at(-1) === 401;
    });
    const seconds = (Date.now() - started) / 1000;
    expect(values().length).toBeLessThanOrEqual(Math.ceil(seconds * 4) + 1);
    expect(values()).toEqual([...values()].sort((a, b) => a - b));
    followed.stop();
  });

  test.each([0, -1, 1001])("maxRateHz %d is refused", async (maxRateHz) => {
    const followed = app.follow(
      'subscription($maxRateHz: Float) { telemetryReceived(topic: "#", maxRateHz: $maxRateHz) { value } }',
      { maxRateHz },
    );
    const problem = await refusal(followed);
    expect(problem).toMatchObject([{ message: "maxRateHz must be above 0 and at most 1000" }]);
  });

  test("machineStateChanged tells every change of state below a path", async () => {
    const filler = "acme/berlin/pack/line-2/filler-1";
    const other = "acme/berlin/pack/line-3/filler-1";
    const base = Date.now() - 1_000;
    for (const one of [filler, other]) await send({ ts: base, state: "IDLE" }, one);
    await waitFor(async () => (await machine(app, other))?.state === "IDLE");
    const followed = app.follow(
      "subscription($under: EquipmentPath) { machineStateChanged(under: $under) { machine { path state } from to at } }",
      { under: "acme/berlin/pack/line-2" },
    );
    await waitFor(() => bus.listenerCount > listeners);
    for (const one of [other, filler]) {
      await send({ ts: base + 1, state: "EXECUTE" }, one);
      await send({ ts: base + 2, state: "EXECUTE" }, one);
      await send({ ts: base + 3, state: "HELD" }, one);
    }
    const events = await waitFor(() => followed.events.length >= 2 && followed.events);
    expect(events.map(({ data }) => data.machineStateChanged)).toEqual([
      {
        machine: { path: filler, state: "EXECUTE" },
        from: "IDLE",
        to: "EXECUTE",
        at: new Date(base + 1).toISOString(),
      },
      {
        machine: { path: filler, state: "HELD" },
        from: "EXECUTE",
        to: "HELD",
        at: new Date(base + 3).toISOString(),
      },
    ]);
    followed.stop();
    const unknown = app.follow('subscription { machineStateChanged(under: "nowhere") { to } }');
    const problem = await refusal(unknown);
    expect(problem).toMatchObject([{ message: 'under: there is no equipment "nowhere"' }]);
  });

  test("whether a client says goodbye or is cut off, no listener stays", async () => {
    const queries = [
      [FOLLOW, { path }],
      ['subscription { telemetryReceived(topic: "#", maxRateHz: 1) { value } }', {}],
      ["subscription { machineStateChanged { to } }", {}],
    ] as const;
    const followed = queries.map(([query, variables]) => app.follow(query, variables));
    await waitFor(() => bus.listenerCount === listeners + 3);
    for (const one of followed) one.stop();
    await waitFor(() => bus.listenerCount === listeners);

    const sockets: WebSocket[] = [];
    class Captured extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const client = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      webSocketImpl: Captured,
      retryAttempts: 0,
    });
    for (const [query, variables] of queries)
      client.subscribe({ query, variables }, { next: () => {}, error: () => {}, complete: () => {} });
    await waitFor(() => bus.listenerCount === listeners + 3);
    for (const socket of sockets) socket.terminate();
    await waitFor(() => bus.listenerCount === listeners);
  });
});
