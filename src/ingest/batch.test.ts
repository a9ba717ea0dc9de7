import { expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Sample } from "../twin/sample.js";
import { applySamples } from "../twin/twin.js";
import type { Twin } from "../twin/twin-model.js";
import { assemble, type Entry } from "./batch.js";

const EMPTY: Entry = {
  ack: null,
  stats: null,
  lease: null,
  equipment: [],
  discovered: [],
  twin: null,
  view: null,
  readings: [],
  samples: [],
  counters: [],
  deadLetters: [],
  origin: null,
};

/** The entry of one message. */
function entry(twin: Twin, ...samples: Sample[]): Entry {
  const applied = applySamples(twin, samples, live(T0), LIMITS);
  return {
    ...EMPTY,
    equipment: [twin.machine],
    discovered: applied.discovered,
    twin,
    view: twin.view,
    readings: applied.change?.metrics ?? [],
    samples: applied.stored,
  };
}

test("of each twin and metric only the last state is written, of samples all", () => {
  const [one, other] = [makeTwin(), makeTwin()];
  const batch = assemble([
    entry(one, sample("a", 1, T0), sample("b", 1, T0)),
    entry(other, sample("a", 7, T0)),
    entry(one, sample("a", 2, T0 + 1)),
    entry(one, sample("a", 0, T0 - 1)),
  ]);
  expect(batch.twins.map(({ view, readings }) => [view.revision, readings.map((one) => one.value)])).toEqual([
    [2, [2, 1]],
    [1, [7]],
  ]);
  expect(batch.twins[0]?.view).toBe(one.view);
  expect(batch.fresh.map((one) => one.value)).toEqual([1, 1, 7, 2]);
  expect(batch.old.map((one) => one.value)).toEqual([0]);
  expect(batch.equipment).toEqual([one.machine, other.machine]);
});

test("each series without an id is registered once, also one that only a late or unusable sample names", () => {
  const twin = makeTwin(machineType([{ name: "text", dataType: "String" }]));
  const batch = assemble([
    entry(twin, sample("text", "x", T0, { historical: true })),
    entry(twin, sample("new", true, T0, { historical: true })),
    entry(twin, sample("bad", Number.NaN, T0)),
    entry(twin, sample("new", true, T0)),
  ]);
  expect(batch.series.map(({ series, dataType }) => [series.metric, dataType])).toEqual([
    ["text", "String"],
    ["new", "Boolean"],
    ["bad", "Double"],
  ]);
  for (const { series } of batch.series) series.id = 1;
  expect(assemble([entry(twin, sample("new", false, T0 + 1))]).series).toEqual([]);
});

test("a message that changed no reading still writes the twin's view", () => {
  const twin = makeTwin();
  entry(twin, sample("a", 1, T0));
  const batch = assemble([entry(twin, sample("a", 1, T0))]);
  expect([batch.twins.length, batch.twins[0]?.readings, batch.fresh]).toEqual([1, [], []]);
});

test("nothing gives nothing", () => {
  expect(assemble([EMPTY])).toEqual({
    leases: [],
    equipment: [],
    series: [],
    fresh: [],
    old: [],
    twins: [],
    counters: [],
    deadLetters: [],
  });
});
