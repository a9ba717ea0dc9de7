import { describe, expect, test } from "vitest";
import {
  type Alarm,
  type AlarmEventKind,
  afterAcknowledgement,
  afterTurn,
  isOpen,
  shelfProblems,
  shelvingProblem,
} from "./alarm.js";
import type { AlarmTurn, Raise } from "./alarm-fact.js";

const T0 = new Date("2026-01-05T08:00:00Z");
const later = (ms: number) => new Date(T0.getTime() + ms);

const RAISE: Raise = {
  severity: "MAJOR",
  message: "too hot",
  metric: "temperature",
  value: 91,
  limit: 90,
  maintenance: null,
};

function alarm(more: Partial<Alarm> = {}): Alarm {
  return {
    ...RAISE,
    id: "a1",
    machineId: "m1",
    code: "HOT",
    active: true,
    raisedAt: T0,
    lastRaisedAt: T0,
    occurrences: 1,
    clearedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    comment: null,
    maintenanceOrderId: null,
    ...more,
  };
}

const CLEARED = { active: false, clearedAt: later(10) };
const SEEN = { acknowledgedAt: later(5), acknowledgedBy: "anna" };

/** The states of an alarm (ISA-18.2): none, then active or cleared, with and without acknowledgement. */
const STATES = {
  none: null,
  "active, unacknowledged": alarm(),
  "active, acknowledged": alarm(SEEN),
  "cleared, unacknowledged": alarm(CLEARED),
  "cleared, acknowledged": alarm({ ...CLEARED, ...SEEN }),
} satisfies Record<string, Alarm | null>;
type State = keyof typeof STATES;

function stateOf(one: Alarm): State {
  return `${one.active ? "active" : "cleared"}, ${one.acknowledgedAt ? "acknowledged" : "unacknowledged"}`;
}

const raised = (ms: number): AlarmTurn => ({ kind: "RAISED", at: later(ms).getTime(), raise: RAISE });
const cleared = (ms: number, why: string | null = null): AlarmTurn => ({
  kind: "CLEARED",
  at: later(ms).getTime(),
  why,
});
const MADE = { id: "a2", machineId: "m1", code: "HOT" };

describe("the transitions of an alarm", () => {
  // The last state is one in which no alarm is open any more: what comes back makes a new one.
  test.each<[State, "raise" | "clear", State, AlarmEventKind | null]>([
    ["none", "raise", "active, unacknowledged", "RAISED"],
    ["active, unacknowledged", "raise", "active, unacknowledged", null],
    ["active, acknowledged", "raise", "active, acknowledged", null],
    ["cleared, unacknowledged", "raise", "active, unacknowledged", "REPEATED"],
    ["none", "clear", "none", null],
    ["active, unacknowledged", "clear", "cleared, unacknowledged", "CLEARED"],
    ["active, acknowledged", "clear", "cleared, acknowledged", "CLEARED"],
    ["cleared, unacknowledged", "clear", "cleared, unacknowledged", null],
  ])("%s: %s makes it %s, told as %s", (before, step, after, event) => {
    const turn = step === "raise" ? raised(20) : cleared(20);
    const change = afterTurn(STATES[before], turn, MADE);
    if (event === null) {
      expect([change, before]).toEqual([null, after]);
      return;
    }
    expect([change && stateOf(change.alarm), change?.event.kind]).toEqual([after, event]);
    expect(change?.event).toMatchObject({ at: later(20), count: 1, by: null });
    expect(change?.alarm.id).toBe(before === "none" ? "a2" : "a1");
  });

  test.each<[Exclude<State, "none">, State | null]>([
    ["active, unacknowledged", "active, acknowledged"],
    ["cleared, unacknowledged", "cleared, acknowledged"],
    ["active, acknowledged", null],
    ["cleared, acknowledged", null],
  ])("%s: acknowledging makes it %s", (before, after) => {
    const change = afterAcknowledgement(STATES[before], "ben", "seen", later(30));
    if (after === null) {
      expect(change).toMatchObject({ refused: { code: "INVALID_TRANSITION", field: ["id"] } });
      return;
    }
    expect(change).toMatchObject({
      alarm: { acknowledgedAt: later(30), acknowledgedBy: "ben", comment: "seen" },
      event: { kind: "ACKNOWLEDGED", by: "ben", comment: "seen" },
    });
    expect("alarm" in change && stateOf(change.alarm)).toBe(after);
  });

  test.each<["shelve" | "unshelve", State, boolean, string | null]>([
    ["shelve", "none", false, null],
    ["shelve", "none", true, null],
    ["shelve", "active, unacknowledged", false, null],
    ["shelve", "active, unacknowledged", true, null],
    ["shelve", "active, acknowledged", false, null],
    ["shelve", "active, acknowledged", true, null],
    ["shelve", "cleared, unacknowledged", false, null],
    ["shelve", "cleared, unacknowledged", true, null],
    ["shelve", "cleared, acknowledged", false, "id"],
    ["shelve", "cleared, acknowledged", true, "id"],
    ["unshelve", "none", false, "code"],
    ["unshelve", "none", true, null],
    ["unshelve", "active, unacknowledged", false, "id"],
    ["unshelve", "active, unacknowledged", true, null],
    ["unshelve", "active, acknowledged", false, "id"],
    ["unshelve", "active, acknowledged", true, null],
    ["unshelve", "cleared, unacknowledged", false, "id"],
    ["unshelve", "cleared, unacknowledged", true, null],
    ["unshelve", "cleared, acknowledged", false, "id"],
    ["unshelve", "cleared, acknowledged", true, "id"],
  ])("%s of one that is %s, on a shelf: %s, is refused for %s", (step, state, shelved, field) => {
    const shelf = shelved ? { until: later(100), reason: "works", by: "anna", at: T0 } : null;
    const problem = shelvingProblem(step, STATES[state], shelf, later(50));
    expect(problem && [problem.code, problem.field?.[0]]).toEqual(field && ["INVALID_TRANSITION", field]);
  });

  test("a shelf whose time is over is none", () => {
    const shelf = { until: later(100), reason: "works", by: "anna", at: T0 };
    expect(shelvingProblem("unshelve", alarm(), shelf, later(100))?.code).toBe("INVALID_TRANSITION");
  });
});

test("what comes back is counted in the alarm that nobody has seen, with when and what it was last", () => {
  const back: AlarmTurn = {
    kind: "RAISED",
    at: later(20).getTime(),
    raise: { ...RAISE, value: 97, message: "97" },
  };
  expect(afterTurn(alarm(CLEARED), back, MADE)?.alarm).toMatchObject({
    id: "a1",
    occurrences: 2,
    raisedAt: T0,
    lastRaisedAt: later(20),
    clearedAt: null,
    value: 97,
    message: "97",
  });
});

test("an alarm is never cleared before it was raised, whatever the device's clock says", () => {
  const change = afterTurn(alarm({ lastRaisedAt: later(30) }), cleared(20), MADE);
  expect(change?.alarm.clearedAt).toEqual(later(30));
});

test("the log says why an alarm was cleared where its condition did not end", () => {
  const ended = afterTurn(alarm(), cleared(20, "no rule"), MADE);
  expect(ended?.event).toMatchObject({ kind: "CLEARED", by: null, comment: "no rule" });
});

test("it is over once it is both cleared and acknowledged", () => {
  expect(Object.values(STATES).map((one) => one && isOpen(one))).toEqual([null, true, true, true, false]);
});

test.each([
  [later(0), "why", "until"],
  [later(91 * 86_400_000), "why", "until"],
  [later(1), " ", "reason"],
  [later(90 * 86_400_000), "why", null],
])("a shelf until %s for %j is refused for %s", (until, reason, field) => {
  expect(shelfProblems({ until, reason }, T0).map((problem) => problem.field?.[0])).toEqual(
    field ? [field] : [],
  );
});
