import { expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { applySamples } from "../twin/twin.js";
import { headOf } from "../twin/twin-head.js";
import { assemble, Entry } from "./batch.js";

/** The entry of one message. */
function entry(twin: Twin, ...samples: Sample[]): Entry {
  const applied = applySamples(twin, samples, live(T0), LIMITS);
  const made = new Entry(null, null, null);
  made.equipment = [twin.machine];
  made.discovered = applied.discovered;
  made.twin = twin;
  made.revision = twin.revision;
  made.head = headOf(twin, applied.stored.length > 0);
  made.samples = applied.stored;
  return made;
}

test("of each twin only the last head is written, of samples all", () => {
  const [one, other] = [makeTwin(), makeTwin()];
  const batch = assemble([
    entry(one, sample("a", 1, T0), sample("b", 1, T0)),
    entry(other, sample("a", 7, T0)),
    entry(one, sample("a", 2, T0 + 1)),
    entry(one, sample("a", 0, T0 - 1)),
  ]);
  expect(batch.twins.map(({ view }) => view.revision)).toEqual([2, 1]);
  expect(batch.twins[0]?.view).toBe(one.view);
  const frames = batch.fresh.map(({ revision, samples }) => [revision, ...samples.map((one) => one.value)]);
  expect(frames).toEqual([
    [1, 1, 1],
    [1, 7],
    [2, 2],
  ]);
  expect(batch.old.map(({ sample }) => sample.value)).toEqual([0]);
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
  expect([batch.twins.length, batch.fresh]).toEqual([1, []]);
});

test("nothing gives nothing", () => {
  expect(assemble([new Entry(null, null, null)])).toEqual({
    leases: [],
    types: [],
    equipment: [],
    series: [],
    fresh: [],
    old: [],
    twins: [],
    counters: [],
    states: [],
    alarms: [],
    births: [],
    deadLetters: [],
  });
});
