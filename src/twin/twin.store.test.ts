import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IngestDatabase, type Memory, plantFile } from "../../test/support/ingest.js";
import { LIMITS, live, sample, T0 } from "../../test/support/twins.js";
import { type Frame, framesOf } from "../history/frame.js";
import type { Equipment } from "../plant/equipment.js";
import type { Twin } from "./machine-twin.js";
import type { Sample } from "./sample.js";
import { applyConnectivity, applySamples, applyTime } from "./twin.js";
import { headOf } from "./twin-head.js";
import type { MetricReading } from "./twin-model.js";

const PLANT = plantFile(`machineTypes:
  - name: filler
    appliesTo: ["acme/*"]
    metrics:
      - { name: state, type: String, role: STATE }
      - { name: mode, type: String, role: MODE }
      - { name: speed, unit: rpm, staleAfter: 5s }
      - { name: good, type: Int64, role: GOOD_COUNT }
`);

let database: IngestDatabase;
let server: Memory;
let machines = 0;

beforeAll(async () => {
  database = await IngestDatabase.create();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  server = await database.start(PLANT);
});

/** A new machine, as one message makes it. */
function discover(): { twin: Twin; changed: readonly Equipment[] } {
  machines += 1;
  const { machine, changed } = server.plants.plant.discover(`acme/m${machines}`);
  return { twin: server.twins.of(machine), changed };
}

/** What messages brought and `save` has not written yet. */
const brought = new Map<Twin, Frame[]>();

/** Writes in one transaction what the twin's messages brought, as a batch of them would. */
async function save(twin: Twin, equipment: readonly Equipment[] = []): Promise<void> {
  const readings = twin.readings();
  await server.db.withConnection(async (sql) => {
    await server.plants.save(sql, equipment);
    const unknown = readings.filter((one) => one.series.id === null);
    await server.twins.register(
      sql,
      unknown.map(({ series, dataType }) => ({ machine: twin.machine, series, dataType })),
    );
    await server.history.append(sql, brought.get(twin) ?? [], []);
    const head = headOf(twin, false);
    const committed = await server.twins.save(sql, head ? [head] : []);
    committed();
  });
  brought.delete(twin);
}

/** The twin as another server, or this one after a restart, loads it. */
async function loadAgain(twin: Twin): Promise<Twin> {
  const again = (await database.start(PLANT)).twins.byPath(twin.machine.path);
  if (!again) throw new Error(`${twin.machine.path} was not stored`);
  return again;
}

/** A twin without the objects that every run has of its own. */
function plain(twin: Twin): object {
  const { equipment, ...view } = twin.view;
  const metrics = twin.readings().map(({ ties: _, series, ...reading }: MetricReading) => ({
    ...reading,
    series: { ...series, place: 0, trail: null, definition: series.definition?.name },
  }));
  return {
    view: { ...view, equipment: equipment.path },
    metrics: metrics.sort((a, b) => (a.name < b.name ? -1 : 1)),
    route: twin.route,
  };
}

function report(twin: Twin, samples: readonly Sample[], at = T0): void {
  const { stored } = applySamples(twin, samples, live(at), LIMITS);
  const origin = {
    machineId: twin.machine.id,
    receivedAt: at,
    revision: twin.view.revision,
    retained: false,
  };
  brought.set(twin, [...(brought.get(twin) ?? []), ...framesOf(origin, stored)]);
}

describe("a twin that is saved and loaded again is the same", () => {
  test.each<[string, (twin: Twin) => void]>([
    ["never heard", () => undefined],
    [
      "with values of every kind",
      (twin) =>
        report(twin, [
          sample("state", "Execute", T0 + 5),
          sample("mode", 1, T0 + 6),
          sample("speed", 1.5, T0 + 7, { quality: "BAD" }),
          sample("good", 2n ** 60n, T0 + 8),
          sample('text/with "quotes", {braces} and \\', '\\"{},NULL', T0 + 9),
          sample("flag", false, T0),
          sample("gone", null, T0),
          sample("empty", "", T0),
        ]),
    ],
    [
      "with a route",
      (twin) => {
        report(twin, [sample("a", 1, T0)]);
        twin.route = { source: "shopfloor", deviceTopic: "acme/m" };
      },
    ],
    [
      "offline",
      (twin) => {
        report(twin, [sample("a", 1, T0)]);
        applyConnectivity(twin, false, new Date(T0 + 9), live(T0 + 9));
      },
    ],
    [
      "stale",
      (twin) => {
        report(twin, [sample("a", 1, T0)]);
        applyTime(twin, T0 + 60_000);
      },
    ],
  ])("%s", async (_, prepare) => {
    const { twin, changed } = discover();
    prepare(twin);
    await save(twin, changed);
    expect(plain(await loadAgain(twin))).toEqual(plain(twin));
  });
});

test("what is saved later replaces what was saved before", async () => {
  const { twin, changed } = discover();
  report(twin, [sample("a", 1, T0), sample("b", "x", T0)]);
  await save(twin, changed);
  report(twin, [sample("a", "text now", T0 + 5), sample("b", null, T0 + 5), sample("state", "Held", T0 + 5)]);
  await save(twin);
  const again = await loadAgain(twin);
  expect(plain(again)).toEqual(plain(twin));
  expect([again.view.revision, again.view.state, again.reading("a")?.value]).toEqual([2, "HELD", "text now"]);
});

test("a redelivered message changes nothing after a restart", async () => {
  const { twin, changed } = discover();
  const message = [sample("a", 1, T0), sample("good", 5, T0)];
  report(twin, message);
  await save(twin, changed);
  const again = await loadAgain(twin);
  const applied = applySamples(again, message, live(T0), LIMITS);
  expect([applied.change, applied.stored, applied.counters, applied.repeated]).toEqual([null, [], [], 2]);
});

test("a reading that was to become stale still does after a restart", async () => {
  const { twin, changed } = discover();
  report(twin, [sample("speed", 1, T0)]);
  await save(twin, changed);
  const again = await loadAgain(twin);
  expect(applyTime(again, T0 + 4_999)).toBeNull();
  expect(applyTime(again, T0 + 5_000)?.metrics.map((one) => one.name)).toEqual(["speed"]);
});

test("a series keeps its id, whoever registers it again", async () => {
  const { twin, changed } = discover();
  report(twin, [sample("a", 1, T0)]);
  await save(twin, changed);
  const id = twin.reading("a")?.series.id;
  for (const reading of twin.readings()) reading.series.id = null;
  await save(twin);
  expect([typeof id, twin.reading("a")?.series.id]).toEqual(["number", id]);
});
