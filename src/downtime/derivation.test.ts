import fc from "fast-check";
import { expect, test } from "vitest";
import { machineFacts, run } from "../../test/support/machine-facts.js";
import { durationOf, type Interval, type Span } from "../kernel/intervals.js";
import type { DowntimeCategory, DowntimeReason } from "../plant/downtime-settings.js";
import type { MachineState } from "../twin/packml.js";
import { type DowntimeRules, deriveDowntimes, isDowntime } from "./derivation.js";
import type { Cut, Statement } from "./downtime.js";
import { factTiles, type MachineFacts, type TimeCategory } from "./time-model.js";

const MACHINE = "01890000-0000-7000-8000-000000000001";
const END = 80;
const JAM: DowntimeReason = { code: "jam", name: "Jam", category: "UNPLANNED", children: [] };
const CLEAN: DowntimeReason = { code: "clean", name: "Cleaning", category: "PLANNED", children: [] };
const FAULTS = new Map([
  ["E1", JAM],
  ["E2", CLEAN],
]);

function statement(
  number: number,
  said: Interval & { category: DowntimeCategory; reason?: string },
): Statement {
  const { from, to, category, reason = null } = said;
  const statedAt = new Date(number);
  return { number, machineId: MACHINE, from, to, category, reason, comment: null, statedBy: "ada", statedAt };
}

function cut(number: number, kind: "CUT" | "JOIN", from: number, to = from): Cut {
  return { number, machineId: MACHINE, kind, from, to, madeBy: "ada", madeAt: new Date(number) };
}

function rules(more: Partial<DowntimeRules> = {}): DowntimeRules {
  const base = { machineId: MACHINE, now: END, microStopMs: 0, faultReasons: new Map() };
  return { ...base, statements: [], cuts: [], ...more };
}

/** A machine with an operation and these states, each up to a moment. */
function facts(
  states: readonly (readonly [MachineState, number])[],
  more: Partial<MachineFacts> = {},
): MachineFacts {
  let from = 0;
  const spans = states.map(([value, to]): Span<MachineState> => {
    const span = { from, to, value };
    from = to;
    return span;
  });
  const runs = [{ from: 0, to: END, value: run }];
  return { states: spans, modes: [], faults: [], planned: [], runs, maintenance: [], ...more };
}

function derived(of: MachineFacts, by: Partial<DowntimeRules> = {}, range: Interval = { from: 0, to: END }) {
  const { tiles, downtimes } = deriveDowntimes(
    factTiles(range, of, { producesWithoutOrder: false }),
    rules(by),
  );
  return { tiles, downtimes, brief: downtimes.map((one) => [one.from, one.to, one.category, one.reason]) };
}

const HELD_THEN_LATE = [
  ["EXECUTE", 10],
  ["HELD", 20],
  ["ABORTED", 30],
  ["SUSPENDED", 40],
  ["EXECUTE", END],
] as const;

test("a downtime is a stretch of one category, whatever the states within it", () => {
  const { brief, downtimes } = derived(facts(HELD_THEN_LATE));
  expect(brief).toEqual([
    [10, 30, "UNCLASSIFIED", null],
    [30, 40, "UNCLASSIFIED", null],
  ]);
  expect(downtimes.map(({ state, durationMs, operationId }) => [state, durationMs, operationId])).toEqual([
    ["HELD", 20, "o1"],
    ["SUSPENDED", 10, "o1"],
  ]);
});

test("set-up is a changeover, and planned maintenance is planned", () => {
  const { brief } = derived(
    facts([["IDLE", END]], {
      modes: [
        { from: 10, to: 20, value: "SETUP" },
        { from: 20, to: 30, value: "MAINTENANCE" },
      ],
      runs: [],
    }),
  );
  expect(brief).toEqual([
    [10, 20, "CHANGEOVER", null],
    [20, 30, "PLANNED", null],
  ]);
});

test("a break parts a downtime, and none begins outside of the calendar's busy time", () => {
  const { brief } = derived(
    facts(
      [
        ["HELD", 50],
        ["EXECUTE", END],
      ],
      {
        planned: [{ from: 20, to: 30, value: { kind: "BREAK", shift: null, reason: null } }],
        modes: [{ from: 25, to: 28, value: "SETUP" }],
      },
    ),
  );
  expect(brief).toEqual([
    [0, 20, "UNCLASSIFIED", null],
    [30, 50, "UNCLASSIFIED", null],
  ]);
});

test("a downtime that reaches the present lasts, and one to come is none", () => {
  const { downtimes, tiles } = derived(
    facts([
      ["EXECUTE", 10],
      ["HELD", END],
    ]),
    { now: 40 },
  );
  expect(downtimes).toMatchObject([{ from: 10, to: null, durationMs: 30 }]);
  expect(durationOf(tiles)).toBe(END);
  expect(
    derived(
      facts([
        ["EXECUTE", 50],
        ["HELD", END],
      ]),
      { now: 40 },
    ).downtimes,
  ).toEqual([]);
});

test("what is shorter than the limit is a micro-stop", () => {
  const of = facts([
    ["HELD", 9],
    ["EXECUTE", 20],
    ["HELD", 30],
    ["EXECUTE", END],
  ]);
  expect(derived(of, { microStopMs: 10 }).downtimes.map(({ microStop }) => microStop)).toEqual([true, false]);
});

test("a fault code that is mapped explains all of its stretch, the first one where there are several", () => {
  const faults = [
    { from: 12, to: 14, value: "E9" },
    { from: 14, to: 16, value: "E1" },
    { from: 16, to: 20, value: "E2" },
    { from: 39, to: 60, value: "E2" },
  ];
  const { brief, downtimes, tiles } = derived(facts(HELD_THEN_LATE, { faults }), { faultReasons: FAULTS });
  expect(brief).toEqual([
    [10, 30, "UNPLANNED", "jam"],
    [30, 40, "PLANNED", "clean"],
  ]);
  expect(downtimes.map(({ fault, classifiedBy }) => [fault, classifiedBy])).toEqual([
    ["E9", "FAULT"],
    ["E2", "FAULT"],
  ]);
  expect(timeIn(tiles, "PLANNED_DOWN")).toBe(10);
});

test.each<[DowntimeCategory, TimeCategory]>([
  ["UNPLANNED", "DOWN"],
  ["PLANNED", "PLANNED_DOWN"],
  ["CHANGEOVER", "SETUP"],
  ["UNCLASSIFIED", "DELAY"],
])("a delay that someone calls %s counts as %s", (category, counts) => {
  const said = { from: 30, to: 40, category, reason: "why" };
  const { tiles, downtimes } = derived(facts(HELD_THEN_LATE), { statements: [statement(1, said)] });
  expect(
    timeIn(
      tiles.filter(({ from }) => from >= 30),
      counts,
    ),
  ).toBe(10);
  const reason = category === "UNCLASSIFIED" ? null : "why";
  expect(downtimes[1]).toMatchObject({ category, reason, classifiedBy: "OPERATOR" });
});

test("what is said last of a time counts", () => {
  const statements = [
    statement(2, { from: 10, to: 30, category: "PLANNED", reason: "b" }),
    statement(1, { from: 10, to: 30, category: "UNPLANNED", reason: "a" }),
  ];
  expect(derived(facts(HELD_THEN_LATE), { statements }).brief[0]).toEqual([10, 30, "PLANNED", "b"]);
});

test("what was said of a downtime holds for all of it when late data makes it longer", () => {
  const statements = [statement(1, { from: 15, to: 25, category: "UNPLANNED", reason: "a" })];
  expect(derived(facts(HELD_THEN_LATE), { statements }).brief).toEqual([
    [10, 30, "UNPLANNED", "a"],
    [30, 40, "UNCLASSIFIED", null],
  ]);
});

test("late data that joins two classified downtimes leaves both with what was said of them", () => {
  const statements = [
    statement(1, { from: 10, to: 15, category: "UNPLANNED", reason: "a" }),
    statement(2, { from: 20, to: 30, category: "PLANNED", reason: "b" }),
  ];
  expect(derived(facts(HELD_THEN_LATE), { statements }).brief.slice(0, 2)).toEqual([
    [10, 20, "UNPLANNED", "a"],
    [20, 30, "PLANNED", "b"],
  ]);
});

test("late data that shows production within a classified downtime leaves its parts classified", () => {
  const statements = [statement(1, { from: 10, to: 30, category: "UNPLANNED", reason: "a" })];
  const of = facts([
    ["EXECUTE", 10],
    ["HELD", 15],
    ["EXECUTE", 18],
    ["HELD", 30],
    ["EXECUTE", END],
  ]);
  expect(derived(of, { statements }).brief).toEqual([
    [10, 15, "UNPLANNED", "a"],
    [18, 30, "UNPLANNED", "a"],
  ]);
});

test("a cut parts a downtime, a join takes it away, and a later cut counts again", () => {
  const of = facts(HELD_THEN_LATE);
  const bounds = (...cuts: Cut[]) => derived(of, { cuts }).downtimes.map(({ from }) => from);
  expect(bounds(cut(1, "CUT", 18))).toEqual([10, 18, 30]);
  expect(bounds(cut(1, "CUT", 18), cut(2, "JOIN", 10, 30))).toEqual([10, 30]);
  expect(bounds(cut(1, "CUT", 18), cut(2, "JOIN", 10, 40))).toEqual([10]);
  expect(bounds(cut(1, "JOIN", 10, 40), cut(2, "CUT", 18), cut(3, "CUT", 30))).toEqual([10, 18, 30]);
  expect(bounds(cut(1, "CUT", 5), cut(2, "CUT", 10), cut(3, "CUT", 40))).toEqual([10, 30]);
});

test("what is cut off again of downtimes that were joined is classified as the whole was", () => {
  const of = facts([["HELD", END]], { modes: [{ from: 0, to: 20, value: "SETUP" }] });
  const cuts = [cut(1, "JOIN", 0, END), cut(2, "CUT", 30), cut(3, "CUT", 20)];
  expect(derived(of, { cuts, now: END + 1 }).brief).toEqual([
    [0, 20, "CHANGEOVER", null],
    [20, 30, "CHANGEOVER", null],
    [30, END, "CHANGEOVER", null],
  ]);
});

function timeIn(tiles: readonly Span<{ readonly category: TimeCategory }>[], category: TimeCategory): number {
  return durationOf(tiles.filter(({ value }) => value.category === category));
}

const categories = fc.constantFrom<DowntimeCategory>("UNPLANNED", "PLANNED", "CHANGEOVER", "UNCLASSIFIED");
const stretch = fc
  .record({ from: fc.integer({ min: -5, max: END }), length: fc.integer({ min: 1, max: 30 }) })
  .map(({ from, length }) => ({ from, to: from + length }));
const statements = fc
  .array(fc.record({ at: stretch, category: categories }), { maxLength: 8 })
  .map((all) =>
    all.map(({ at, category }, number) => statement(number, { ...at, category, reason: `r${number}` })),
  );
const cuts = fc
  .array(fc.record({ at: stretch, joins: fc.boolean() }), { maxLength: 10 })
  .map((all) =>
    all.map(({ at: { from, to }, joins }, number) =>
      cut(number, joins ? "JOIN" : "CUT", from, joins ? to : from),
    ),
  );
const everything = { facts: machineFacts(END), statements, cuts, now: fc.integer({ min: 1, max: END + 10 }) };

test("whatever late data, splits, merges and classifications: no time is lost, counted twice or another than the facts", () => {
  fc.assert(
    fc.property(fc.record(everything), ({ facts: of, ...by }) => {
      const range = { from: 0, to: END };
      const before = factTiles(range, of, { producesWithoutOrder: false });
      const { tiles, downtimes } = derived(of, { ...by, faultReasons: FAULTS });
      let end = 0;
      for (const { from, to, value } of tiles) {
        expect(from).toBe(end);
        expect(to).toBeGreaterThan(from);
        end = to;
        const { category, downtime, ...so } = value;
        const fact = before.find((one) => one.from <= from && to <= one.to);
        expect({ ...so, category: fact?.value.category, downtime: null }).toEqual(fact?.value);
        const lost = fact !== undefined && isDowntime(fact.value);
        if (!lost) expect(category).toBe(fact?.value.category);
        if (!lost || from < by.now) expect(downtime !== null).toBe(lost);
        if (downtime) {
          expect(from).toBeGreaterThanOrEqual(downtime.from);
          expect(to).toBeLessThanOrEqual(downtime.to ?? END);
        }
      }
      expect(end).toBe(END);
      downtimes.forEach((one, index) => {
        const next = downtimes[index + 1];
        if (next) expect(one.to ?? END).toBeLessThanOrEqual(next.from);
        expect(one.durationMs).toBe((one.to ?? by.now) - one.from);
      });
    }),
    { numRuns: 500 },
  );
});

/** The same rules, moment by moment. */
function slowly(of: MachineFacts, by: DowntimeRules) {
  const moments = Array.from({ length: END }, (_, moment) => moment);
  const tiles = factTiles({ from: 0, to: END }, of, { producesWithoutOrder: false });
  const tileAt = moments.map((at) => tiles.find(({ from, to }) => from <= at && at < to)?.value);
  const lost = moments.map((at) => {
    const tile = tileAt[at];
    return tile !== undefined && isDowntime(tile);
  });
  const begins = moments.map(
    (at) => lost[at] && (!lost[at - 1] || tileAt[at]?.category !== tileAt[at - 1]?.category),
  );
  // Where the machine's own stretch began counts for faults, whatever people cut.
  const own = moments.map((at) => begins.slice(0, at + 1).lastIndexOf(true));
  const natural = moments.map((at) => {
    const stretch = moments.filter((one) => lost[one] && own[one] === own[at]);
    const mapped = stretch.map((one) => FAULTS.get(tileAt[one]?.fault ?? "")).find(Boolean);
    const { category } = tileAt[at] ?? {};
    if (category === "SETUP") return ["CHANGEOVER", null];
    if (category === "PLANNED_DOWN") return ["PLANNED", null];
    return mapped ? [mapped.category, mapped.code] : ["UNCLASSIFIED", null];
  });
  // A part is classified as the whole was that it was cut off from.
  const classifiedAs = [...moments];
  for (const { kind, from, to } of by.cuts)
    for (const at of moments) {
      if (!lost[at] || !lost[at - 1]) continue;
      if (kind === "CUT" && at === from && !begins[at]) {
        classifiedAs[at] = classifiedAs[begins.slice(0, at).lastIndexOf(true)] ?? at;
        begins[at] = true;
      }
      if (kind === "JOIN" && from < at && at < to) begins[at] = false;
    }
  const start = moments.map((at) => begins.slice(0, at + 1).lastIndexOf(true));
  const saidAt = moments.map((at) => by.statements.findLast(({ from, to }) => from <= at && at < to));
  const said = moments.map((at) => {
    const piece = moments.filter((one) => lost[one] && start[one] === start[at] && saidAt[one]);
    return saidAt[piece.findLast((one) => one <= at) ?? piece[0] ?? -1];
  });
  const result: unknown[][] = [];
  for (const at of moments) {
    if (!lost[at]) continue;
    const last = result.at(-1);
    if (!begins[at] && said[at] === said[at - 1] && last) last[1] = at + 1;
    else if (at >= by.now) break;
    else {
      const { category, reason = null } = said[at] ?? {};
      const classified = category
        ? [category, category === "UNCLASSIFIED" ? null : reason]
        : natural[classifiedAs[start[at] ?? at] ?? at];
      result.push([at, at + 1, ...(classified ?? [])]);
    }
  }
  return result.map(([from, to, ...rest]) => [from, (to as number) >= by.now ? null : to, ...rest]);
}

test("a slow and plain computation, moment by moment, finds the same downtimes", () => {
  fc.assert(
    fc.property(fc.record(everything), ({ facts: of, ...by }) => {
      const all = rules({ ...by, faultReasons: FAULTS });
      expect(derived(of, all).brief).toEqual(slowly(of, all));
    }),
    { numRuns: 500 },
  );
});
