import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sumOf } from "../production/decimal.js";
import { spansOf } from "./activity.js";
import { HOUR_MS, MINUTE_MS, packSteps, sumPlan, sumWithin, unpackSteps } from "./count-minutes.js";
import { type Counter, counted, runAt } from "./count-steps.js";
import { reportOf } from "./derivation.js";

describe("spans", () => {
  const range = { from: 100, to: 200 };
  test.each([
    ["no report", [], ["100-200 none"]],
    ["one before", [{ at: 50, value: "A" }], ["100-200 A"]],
    ["one at the beginning", [{ at: 100, value: "A" }], ["100-200 A"]],
    ["one within", [{ at: 150, value: "A" }], ["100-150 none", "150-200 A"]],
    [
      "the same again",
      [
        { at: 50, value: "A" },
        { at: 120, value: "A" },
      ],
      ["100-200 A"],
    ],
    [
      "two of one time",
      [
        { at: 120, value: "A" },
        { at: 120, value: "B" },
      ],
      ["100-120 none", "120-200 B"],
    ],
  ])("of %s", (_, reports, expected) => {
    const spans = spansOf(reports, range, "none").map(({ from, to, value }) => `${from}-${to} ${value}`);
    expect(spans).toEqual(expected);
  });
});

describe("steps of a minute", () => {
  const steps = fc.array(
    fc.record({
      offset: fc.integer({ min: 0, max: MINUTE_MS - 1 }),
      amount: fc.oneof(
        fc.integer({ min: -200, max: 200 }).map(String),
        fc.constantFrom("0.1", "-12.75", "9007199254740993", "1000000000000000000000"),
      ),
    }),
  );
  test("are kept exactly, also put one behind the other", () => {
    fc.assert(
      fc.property(steps, steps, (some, more) => {
        const packed = Buffer.concat([packSteps(some), packSteps(more)]);
        expect(unpackSteps(packed)).toEqual([...some, ...more]);
      }),
    );
  });

  test("a range is its hours, the minutes beside them and the steps at its edges", () => {
    const day = Date.UTC(2026, 0, 5);
    const time = fc.integer({ min: 0, max: 5 * HOUR_MS });
    const all = fc.array(fc.record({ at: time, amount: fc.integer({ min: -5, max: 50 }).map(String) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(all, time, time, (made, one, other) => {
        const range = { from: day + Math.min(one, other), to: day + Math.max(one, other) };
        const within = (from: number, to: number) =>
          made.flatMap(({ at, amount }) => (day + at >= from && day + at < to ? [amount] : []));
        const { hours, minutes, edges } = sumPlan(range);
        for (const { from, to } of [hours]) expect([from % HOUR_MS, to % HOUR_MS]).toEqual([0, 0]);
        for (const { from, to } of minutes) expect([from % MINUTE_MS, to % MINUTE_MS]).toEqual([0, 0]);
        const sum = sumOf([
          ...within(hours.from, hours.to),
          ...minutes.flatMap(({ from, to }) => within(from, to)),
          ...edges.map((minute) => {
            const own = made.flatMap(({ at, amount }) => {
              const offset = day + at - minute;
              return offset >= 0 && offset < MINUTE_MS ? [{ offset, amount }] : [];
            });
            return sumWithin(minute, own, range);
          }),
        ]);
        expect(sum).toBe(sumOf(within(range.from, range.to)));
      }),
    );
  });
});

describe("a step", () => {
  const counter: Counter = {
    seriesId: 1,
    role: "GOOD_COUNT",
    byTotal: false,
    counterMax: null,
    idealCycleTimeMs: 1_000,
  };
  const move = { from: 10, to: 13, fromTime: 0, time: 5_000 };
  const run = { operationId: "o", idealCycleTimeMs: 500, countingSource: "MACHINE" } as const;
  const amounts = (of: Partial<Counter>, during: Parameters<typeof counted>[2] = null) =>
    counted({ ...counter, ...of }, move, during).steps.map((step) => [step.kind, step.amount]);

  test.each<[string, Partial<Counter>, [string, string][]]>([
    ["good pieces", {}, [["GOOD", "3"]]],
    ["rejected ones", { role: "REJECT_COUNT" }, [["SCRAP", "3"]]],
    ["all, beside good ones", { role: "TOTAL_COUNT" }, []],
    ["all, in the place of good ones", { role: "TOTAL_COUNT", byTotal: true }, [["GOOD", "3"]]],
    [
      "rejected ones of all",
      { role: "REJECT_COUNT", byTotal: true },
      [
        ["SCRAP", "3"],
        ["GOOD", "-3"],
      ],
    ],
  ])("of a counter of %s", (_, of, expected) => {
    expect(amounts(of)).toEqual(expected);
  });

  test.each([
    [0, 5e-324],
    [100, 1.2e-310],
    [0, 1e300],
  ])("from %s to %s is no count, however little is known of the counter", (from, to) => {
    const { steps, flag } = counted({ ...counter, idealCycleTimeMs: null }, { ...move, from, to }, null);
    expect([steps, flag?.reason]).toEqual([[], "too many digits"]);
  });

  test("is the operation's, with its ideal cycle time, unless people count for it", () => {
    expect(counted(counter, move, run).steps).toMatchObject([{ operationId: "o", idealCycleTimeMs: 500 }]);
    expect(counted(counter, move, { ...run, idealCycleTimeMs: null }).steps[0]?.idealCycleTimeMs).toBe(1_000);
    expect(amounts({}, { ...run, countingSource: "OPERATOR" })).toEqual([]);
  });

  test("belongs to the run that lasted until then, else to the one that begins then", () => {
    const runs = [
      { from: 10, to: 20, value: "A" },
      { from: 20, to: 30, value: "B" },
      { from: 40, to: 50, value: "C" },
    ];
    expect([9, 10, 11, 20, 21, 30, 31, 40, 50, 51].map((time) => runAt(runs, time))).toEqual([
      null,
      "A",
      "A",
      "A",
      "B",
      "B",
      null,
      "C",
      "C",
      null,
    ]);
  });
});

test.each([
  [null, ""],
  [0, ""],
  [0n, ""],
  [false, ""],
  ["", ""],
  ["0", ""],
  ["false", ""],
  [" ", ""],
  [17, "17"],
  [true, "true"],
  ["E17", "E17"],
  ["x".repeat(300), "x".repeat(200)],
])("a fault reading of %s is '%s'", (value, fault) => {
  expect(reportOf("FAULT", value)).toBe(fault);
});
