import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { decodeReply } from "../src/commands/reply.js";
import { seededRandom } from "../src/demo/random.js";
import { MappingTable } from "../src/ingest/mapping.js";
import { preview } from "../src/ingest/preview.js";
import { connectDevice } from "../src/mqtt/device-client.js";
import { topicMatches } from "../src/mqtt/topic.js";
import { Plant } from "../src/plant/plant.js";
import { parsePlantFile } from "../src/plant/plant-file.js";
import { startTestApp } from "./support/app.js";
import { brokerAvailable, startBroker } from "./support/broker.js";
import { rows } from "./support/database.js";
import { Fuzzer } from "./support/fuzz.js";
import { figure, metric } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const MESSAGES = Number(process.env.FUZZ_MESSAGES ?? 100_000);
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1_000_000));
const ROOT = "fuzz";
const PLANT = `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "${ROOT}-industry/umh/v1/{location+}", format: umh }
      - { topic: "${ROOT}-industry/packml/{machine+}", format: packml, timestamp: ts }
      - { topic: "${ROOT}-industry/opcua/{machine}", format: opcua, prefix: writer }
      - { topic: "${ROOT}-industry/neuron/{machine}", format: neuron, prefix: node/group }
      - { topic: "${ROOT}-industry/readings/{machine}/{metric}", format: json, value: v, quality: q, timestamp: t }
      - topic: "${ROOT}-industry/list/{machine}"
        format: json
        metric: id
        value: v
        timestamp: t
        metrics: [{ from: "a*", scale: { factor: 0.1 } }, { from: "*/x", ignore: true }, { from: "*", name: "id/*" }]
      - { topic: "${ROOT}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
      - { topic: "${ROOT}/{site}/{area}/{line}/{machine}/lwt", format: connectivity }
      - { topic: "${ROOT}/{site}/{area}/{line}/{machine}/{metric+}", format: value }
`;
/** Messages that the broker has not answered yet. */
const MOST_OPEN = 2_000;
const MEBIBYTE = 1_048_576;
/** What may be kept of a metric that came up meanwhile, and besides. */
const BYTES_PER_METRIC = 4_096;
const BYTES_BESIDES = 40 * MEBIBYTE;

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function mappings(): MappingTable {
  const file = parsePlantFile(PLANT, { MQTT_URL: "mqtt://127.0.0.1" });
  const source = file.ok ? file.value.sources[0] : undefined;
  const table = source ? MappingTable.compile(source) : undefined;
  if (!table?.ok) throw new Error("the plant file is wrong");
  return table.value;
}

test("any topic leads somewhere, and any message on it can be previewed", () => {
  const table = mappings();
  const plant = new Plant();
  const sources = [{ name: "shopfloor", table, discovery: true }];
  const anyTopic = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "cmd", "reply", "lwt", "$SYS", "fuzz")),
      )
      .map((levels) => `fuzz/${levels.join("/")}`),
    fc.integer().map((seed) => new Fuzzer(seededRandom(seed), 0).topic(ROOT)),
  );
  fc.assert(
    fc.property(anyTopic, fc.integer(), (topic, seed) => {
      const payload = new Fuzzer(seededRandom(seed), Date.UTC(2026, 0)).payload();
      const { samples, problem, machine, mapping, steps } = preview(sources, plant, topic, payload);
      const last = steps.at(-1);
      if (samples.length === 0 && problem === null)
        expect(
          steps.some(({ detail, outcome }) => outcome === "IGNORED" || /only a sign of life/.test(detail)),
        ).toBe(true);
      if (problem !== null) expect(steps.some(({ outcome }) => outcome !== "PASSED_OVER")).toBe(true);
      expect(last?.detail).not.toBe("");
      for (const { detail, suggestion } of steps)
        expect(detail.length + (suggestion?.length ?? 0)).toBeLessThan(200_000);
      if (mapping === null) expect([machine, samples]).toEqual([null, []]);
      else expect(machine).not.toBeNull();
      expect(table.route(topic)).toEqual(table.route(topic));
    }),
    { numRuns: 5_000 },
  );
});

test("any answer to a command is one, or says why it is none", () => {
  const id = "0197a1b2-0000-7000-8000-000000000000";
  fc.assert(
    fc.property(
      fc.integer(),
      fc.json({ maxDepth: 20, stringUnit: "binary" }),
      fc.boolean(),
      (seed, result, fuzzed) => {
        const fuzzer = new Fuzzer(seededRandom(seed), Date.UTC(2026, 0));
        const valid = Buffer.from(`{"id":"${id}","status":"COMPLETED","result":${result}}`);
        const decoded = decodeReply(fuzzed ? fuzzer.mutated(valid) : fuzzer.payload());
        if (!decoded.ok) expect(decoded.error).not.toBe("");
        else expect(decoded.value.id).toMatch(/^[0-9a-f-]{36}$/);
      },
    ),
    { numRuns: 5_000 },
  );
});

/** What must be counted of the messages that were sent. */
class Expected {
  received = 0;
  dead = 0;
  samples = 0;
  readonly #table = mappings();
  readonly #filters = this.#table.filters;
  readonly #plant = new Plant();

  add(topic: string, payload: Buffer): void {
    if (!this.#filters.some(({ filter }) => topicMatches(filter, topic))) return;
    this.received += 1;
    const routed = this.#table.route(topic);
    if (routed.kind === "command") return;
    const { samples, problem } = preview(
      [{ name: "shopfloor", table: this.#table, discovery: true }],
      this.#plant,
      topic,
      payload,
    );
    this.samples += samples.length;
    const kind = routed.kind === "machine" ? routed.mapping.decode(payload, routed.metric).kind : null;
    if (problem !== null && kind !== "connectivity" && kind !== "ignored") this.dead += 1;
  }
}

function usedMemory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

// Without a broker the file says so on stderr (see support/broker.ts) and this skips.
test.skipIf(!brokerAvailable)(
  `${MESSAGES} random and mutated messages are all counted, and the server goes on`,
  { timeout: 60_000 + MESSAGES * 3 },
  async () => {
    process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_MESSAGES=${MESSAGES}\n`);
    const broker = await startBroker();
    cleanups.push(() => broker.stop());
    const app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
    cleanups.push(() => app.stop());
    const device = connectDevice({ url: broker.url, clientId: "fuzzer" });
    cleanups.push(() => device.end());
    await device.ready();
    const fuzzer = new Fuzzer(seededRandom(SEED), Date.now() - 200_000);
    const expected = new Expected();
    const count = (name: string) => figure(app.url, `mes_twin_${name}_total`);

    const send = async (messages: number) => {
      const open = new Set<Promise<unknown>>();
      for (let left = messages; left > 0; left -= 1) {
        const topic = fuzzer.publishableTopic(ROOT);
        const payload = fuzzer.payload();
        expected.add(topic, payload);
        const sent = device.publish(topic, payload, { qos: 1 }).finally(() => open.delete(sent));
        open.add(sent);
        if (open.size >= MOST_OPEN) await Promise.race(open);
      }
      await Promise.all(open);
      await waitFor(async () => (await count("messages_committed")) >= expected.received, {
        timeoutMs: Number(30_000) + messages * 2,
        what: `${expected.received} messages are committed`,
      }).catch(async (error: unknown) => {
        // What stands in the way is told by the server itself.
        const told = await Promise.all(
          ["/readyz", "/metrics"].map(async (at) => (await fetch(`${app.url}${at}`)).text()),
        );
        throw new Error(
          `${String(error)}\n${told
            .join("\n")
            .replace(/^(?!mes_twin|\{).*$/gm, "")
            .replace(/\n+/g, "\n")}`,
        );
      });
    };
    const metrics = async () => {
      const [row] = await rows<{ count: string }>(app.env.DATABASE_URL ?? "", "SELECT count(*) FROM series");
      return Number(row?.count);
    };

    const warmUp = Math.floor(MESSAGES / 4);
    await send(warmUp);
    const before = { memory: usedMemory(), metrics: await metrics() };
    await send(MESSAGES - warmUp);
    const after = { memory: usedMemory(), metrics: await metrics() };

    expect(await count("messages_received")).toBe(expected.received);
    expect(await count("messages_committed")).toBe(expected.received);
    expect((await count("messages_dropped")) + (await count("messages_returned"))).toBe(0);
    expect(await count("dead_letters")).toBe(expected.dead);
    expect((await count("samples_committed")) + (await count("samples_repeated"))).toBe(expected.samples);
    const grown = after.memory - before.memory;
    expect(grown).toBeLessThan(BYTES_BESIDES + (after.metrics - before.metrics) * BYTES_PER_METRIC);

    await device.publish(`${ROOT}/site/area/line/good/telemetry`, '{"n":42}', { qos: 1 });
    await waitFor(async () => (await metric(app, `site/area/line/good`, "n"))?.value === 42);
    expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
    expect(
      (await app.ask("{ machines(first: 100) { edges { node { path metrics { name value } } } } }")).errors,
    ).toBeUndefined();
  },
);
