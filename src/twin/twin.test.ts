import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "./machine-twin.js";
import type { Sample, Scalar } from "./sample.js";
import { applySamples } from "./twin.js";
import type { Arrival } from "./twin-model.js";

const S = 1_000;

function apply(twin: Twin, samples: readonly Sample[], arrival: Arrival = live(T0 + 3_600 * S)) {
  return applySamples(twin, samples, arrival, LIMITS);
}

/** The stored samples of an answer, in short. */
function storedOf(applied: ReturnType<typeof apply>): [Scalar, number, boolean][] {
  return applied.stored.map((one) => [one.value, (one.time - T0) / S, one.fresh]);
}

function shown(twin: Twin, metric = "a") {
  const reading = twin.reading(metric);
  return reading && [reading.value, ((reading.sourceTime?.getTime() ?? 0) - T0) / S];
}

/** After a restart nobody remembers which values came at one instant. */
function forgetTies(twin: Twin): void {
  for (const { place } of twin.allSeries()) {
    const { table } = twin;
    const [value, quality, stale] = [table.value(place), table.quality(place), table.isStale(place)];
    table.restore(place, {
      value,
      quality,
      stale,
      time: table.time(place),
      receivedAt: table.receivedAt(place),
    });
  }
}

describe("time decides", () => {
  // Each step: value, seconds after T0; then what is shown, how much is stored, repeated, late.
  test.each<[string, [Scalar, number][], [Scalar, number], string]>([
    ["the first is shown", [[1, 0]], [1, 0], "fresh"],
    [
      "a newer one replaces it",
      [
        [1, 0],
        [2, 1],
      ],
      [2, 1],
      "fresh",
    ],
    [
      "the same value at a later time is a new reading",
      [
        [1, 0],
        [1, 1],
      ],
      [1, 1],
      "fresh",
    ],
    [
      "an older one is stored and not shown",
      [
        [2, 1],
        [1, 0],
      ],
      [2, 1],
      "late",
    ],
    [
      "the same one again changes nothing",
      [
        [1, 0],
        [1, 0],
      ],
      [1, 0],
      "repeated",
    ],
    [
      "another value of the same instant wins",
      [
        [1, 0],
        [2, 0],
      ],
      [2, 0],
      "tie",
    ],
    [
      "the first value of that instant again changes nothing",
      [
        [1, 0],
        [2, 0],
        [1, 0],
      ],
      [2, 0],
      "repeated",
    ],
    [
      "null is a value",
      [
        [1, 0],
        [null, 1],
      ],
      [null, 1],
      "fresh",
    ],
    [
      "0 and -0 are one value",
      [
        [0, 0],
        [-0, 0],
      ],
      [0, 0],
      "repeated",
    ],
  ])("%s", (_, steps, wanted, last) => {
    const twin = makeTwin();
    const applied = steps.map(([value, at]) => apply(twin, [sample("a", value, T0 + at * S)])).at(-1);
    expect(shown(twin)).toEqual(wanted);
    const [value, at] = steps.at(-1) ?? [null, 0];
    expect(applied).toMatchObject({
      repeated: last === "repeated" ? 1 : 0,
      late: last === "late" ? 1 : 0,
      change: last === "fresh" || last === "tie" ? { view: { revision: steps.length } } : null,
    });
    expect(applied && storedOf(applied)).toEqual(last === "repeated" ? [] : [[value, at, last === "fresh"]]);
  });

  test("a historical sample is stored and never shown, even when it is the newest", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, T0)]);
    const applied = apply(twin, [sample("a", 2, T0 + S, { historical: true })]);
    expect([applied.change, applied.late, storedOf(applied)]).toEqual([null, 1, [[2, 1, false]]]);
    expect(shown(twin)).toEqual([1, 0]);
  });

  test("ever more values of one instant are stored, and the reading remembers a bounded number of them", () => {
    const twin = makeTwin();
    for (let value = 0; value < 40; value += 1)
      expect(apply(twin, [sample("a", value, T0)]).stored).toHaveLength(1);
    expect(twin.reading("a")?.ties?.length).toBe(16);
    expect(apply(twin, [sample("a", 99, T0 + 1)]).change).not.toBeNull();
    expect(twin.reading("a")?.ties).toEqual([]);
  });

  test("several metrics of one message make one change, and a later one of the same metric wins", () => {
    const twin = makeTwin();
    const { change } = apply(twin, [sample("a", 1, T0), sample("b", 2, T0), sample("a", 3, T0 + 1)]);
    expect(change?.metrics.map((one) => [one.name, one.value])).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(change?.view.revision).toBe(1);
  });
});

describe("after a restart", () => {
  function restarted(): Twin {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, T0), sample("a", 2, T0)]);
    forgetTies(twin);
    return twin;
  }

  test.each<[string, Scalar, number, Scalar]>([
    ["the shown value again changes nothing", 2, 0, 0],
    ["another value of its instant is handed to the history and does not turn the reading back", 1, 0, 1],
    ["an older one is stored", 3, -1, 1],
  ])("%s", (_, value, at, stored) => {
    const twin = restarted();
    const applied = apply(twin, [sample("a", value, T0 + at * S)]);
    expect([applied.change, applied.stored.length]).toEqual([null, stored]);
    expect(shown(twin)).toEqual([2, 0]);
  });

  test("a newer one is shown", () => {
    const twin = restarted();
    apply(twin, [sample("a", 3, T0 + S)]);
    expect(shown(twin)).toEqual([3, 1]);
  });
});

describe("clocks", () => {
  const at = T0;
  test.each<[string, number | null, number, string]>([
    ["a clock a little ahead is believed", T0 + 300 * S, T0 + 300 * S, "GOOD"],
    ["a clock further ahead is not", T0 + 300 * S + 1, at, "UNCERTAIN"],
    ["a clock years ahead is not", Number.MAX_VALUE, at, "UNCERTAIN"],
    ["a clock that was never set is not", 5_000, at, "UNCERTAIN"],
    ["the last moment before any clock was set is not", Date.UTC(2000, 0, 1) - 1, at, "UNCERTAIN"],
    ["the first moment after it is", Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 1), "GOOD"],
    ["without a time the receive time counts", null, at, "GOOD"],
  ])("%s", (_, time, wanted, quality) => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, time)], live(at));
    const reading = twin.reading("a");
    expect([reading?.sourceTime?.getTime(), reading?.quality]).toEqual([wanted, quality]);
    expect(reading?.receivedTime?.getTime()).toBe(at);
  });

  test("what the device calls bad stays bad though its time is not believed", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, 0, { quality: "BAD" })], live(T0));
    expect(twin.reading("a")?.quality).toBe("BAD");
  });

  test("a clock that ran ahead does not freeze the reading", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, T0 + 86_400 * S)], live(T0));
    apply(twin, [sample("a", 2, T0 + S)], live(T0 + S));
    expect(shown(twin)).toEqual([2, 1]);
  });

  test.each<[string, number | null]>([
    ["without a time", null],
    ["of a clock that was never set", 0],
  ])("samples %s that arrive in one millisecond all count, in their order", (_, time) => {
    const twin = makeTwin();
    const values = [1, 2, 1, 3, 1, ...Array.from({ length: 40 }, (_unused, index) => 10 + index), 1];
    const stored = values.flatMap((value) => apply(twin, [sample("a", value, time)], live(T0)).stored);
    expect(stored.map((one) => one.value)).toEqual(values);
    expect(new Set(stored.map((one) => one.time)).size).toBe(values.length);
    expect(stored.every((one) => one.fresh)).toBe(true);
    expect(twin.reading("a")?.value).toBe(1);
  });

  test("samples without a time go on when the server's clock was set back", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, null)], live(T0));
    const applied = apply(twin, [sample("a", 2, null)], live(T0 - 3_600 * S));
    expect([applied.late, twin.reading("a")?.value]).toEqual([0, 2]);
  });
});

describe("retained messages", () => {
  const retained: Arrival = { receivedAt: T0 + 10 * S, retained: true };

  test("without a time are of unknown age", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, null)], retained);
    expect(twin.reading("a")).toMatchObject({ value: 1, quality: "UNCERTAIN" });
    expect(twin.view.connectivity.status).toBe("UNKNOWN");
  });

  test("without a time are the known value once more, not a new reading of it", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, null)], live(T0));
    const applied = apply(twin, [sample("a", 1, null)], retained);
    expect([applied.change, applied.stored, applied.repeated]).toEqual([null, [], 1]);
    expect(shown(twin)).toEqual([1, 0]);
  });

  test("with a time are samples like any other, and no sign of life", () => {
    const twin = makeTwin();
    apply(twin, [sample("a", 1, T0)], retained);
    expect(twin.reading("a")).toMatchObject({ value: 1, quality: "GOOD" });
    expect(twin.view.connectivity).toEqual({ status: "UNKNOWN", since: null, lastSeen: null });
  });
});

describe("types", () => {
  const type = machineType([
    { name: "count", dataType: "Int64" },
    { name: "on", dataType: "Boolean" },
  ]);

  test("5, 5.0 and the text 5 of an integer are one value", () => {
    const twin = makeTwin(type);
    apply(twin, [sample("count", 5, T0)]);
    expect(apply(twin, [sample("count", "5", T0), sample("count", 5n, T0)]).repeated).toBe(2);
  });

  test.each<[string, Scalar, string]>([
    ["count", 5.5, '"5.5" is not a value of type Int64'],
    ["count", "many", '"many" is not a value of type Int64'],
    ["on", "maybe", '"maybe" is not a value of type Boolean'],
    ["free", Number.NaN, "is not a finite number"],
    ["free", "a\u0000", "holds a NUL character"],
  ])("%s cannot be %j; the rest of the message is taken", (metric, value, reason) => {
    const twin = makeTwin(type);
    const applied = apply(twin, [sample(metric, value, T0), sample("ok", 1, T0)]);
    expect(applied.refused).toEqual([{ metric, reason }]);
    expect(applied.stored.map((one) => one.series.metric)).toEqual(["ok"]);
    expect(twin.reading(metric)?.sourceTime ?? null).toBeNull();
  });

  test("a metric without a declaration has the type of its last value", () => {
    const twin = makeTwin();
    const types = [1, "x", true, null, 2n ** 60n].map((value, index) => {
      apply(twin, [sample("a", value, T0 + index)]);
      return twin.reading("a")?.dataType;
    });
    expect(types).toEqual(["Double", "String", "Boolean", "Boolean", "Int64"]);
  });
});

describe("discovery", () => {
  test("takes unknown metrics up to the machine's limit, and declared and known ones beyond it", () => {
    const twin = makeTwin(machineType([{ name: "declared" }]));
    const limits = { ...LIMITS, maxMetrics: 2 };
    const first = applySamples(twin, [sample("a", 1, T0), sample("b", 1, T0)], live(T0), limits);
    expect(first.discovered.map((one) => one.metric)).toEqual(["a"]);
    expect(first.refused).toEqual([{ metric: "b", reason: "unknown metric, and the machine has 2 already" }]);
    const second = applySamples(twin, [sample("declared", 1, T0), sample("a", 2, T0 + 1)], live(T0), limits);
    expect([second.refused, second.stored.length]).toEqual([[], 2]);
  });

  test("that is off takes declared metrics only", () => {
    const twin = makeTwin(machineType([{ name: "declared" }]));
    const limits = { ...LIMITS, discovery: false };
    const applied = applySamples(twin, [sample("a", 1, T0), sample("declared", 1, T0)], live(T0), limits);
    expect(applied.refused).toEqual([
      { metric: "a", reason: "unknown metric, and the source does not discover" },
    ]);
    expect(twin.readings().map((one) => one.name)).toEqual(["declared"]);
  });
});

test("in whatever order and how often samples come, the newest of each metric is shown and each is stored once", () => {
  const samples = fc
    .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 50 })), {
      selector: ([metric, time]) => `${metric}/${time}`,
      minLength: 1,
      maxLength: 30,
    })
    .map((pairs) => pairs.map(([metric, time], index) => sample(metric, index % 4, T0 + time * S)));
  const orders = samples.chain((given) =>
    fc.tuple(
      fc.constant(given),
      fc
        .array(fc.nat({ max: given.length - 1 }), { maxLength: 60 })
        .map((extra) => [...extra.flatMap((index) => given[index] ?? []), ...given])
        .chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
    ),
  );
  const key = (metric: string, time: number, value: Scalar) => `${metric} ${time} ${value}`;
  fc.assert(
    fc.property(orders, ([given, arrivals]) => {
      const twin = makeTwin();
      const stored = new Set<string>();
      for (const one of arrivals) {
        const applied = apply(twin, [one]);
        for (const { series, time, value, fresh } of applied.stored) {
          const added = key(series.metric, time, value);
          // The history looks up only what is not fresh, so nothing fresh may ever come twice.
          if (fresh) expect(stored.has(added)).toBe(false);
          stored.add(added);
        }
      }
      expect(stored).toEqual(new Set(given.map((one) => key(one.metric, one.time ?? 0, one.value))));
      for (const metric of new Set(given.map((one) => one.metric))) {
        const newest = given
          .filter((one) => one.metric === metric)
          .reduce((a, b) => ((a.time ?? 0) > (b.time ?? 0) ? a : b));
        const reading = twin.reading(metric);
        expect([reading?.value, reading?.sourceTime?.getTime()]).toEqual([newest.value, newest.time]);
      }
    }),
  );
});
