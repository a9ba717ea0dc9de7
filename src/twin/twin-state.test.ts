import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "./machine-twin.js";
import type { Scalar } from "./sample.js";
import { applyConnectivity, applySamples, applyTime, nextDue } from "./twin.js";
import type { TwinChange } from "./twin-change.js";
import type { Arrival } from "./twin-model.js";

const S = 1_000;
const RETAINED = (receivedAt: number): Arrival => ({ receivedAt, retained: true });

const TYPE = machineType(
  [
    { name: "state", dataType: "String", role: "STATE" },
    { name: "mode", dataType: "String", role: "MODE" },
    { name: "good", dataType: "Int64", role: "GOOD_COUNT" },
    { name: "speed", staleAfterMs: 5 * S },
    { name: "plain" },
  ],
  { staleAfterMs: 10 * S, offlineAfterMs: 60 * S },
);

function report(twin: Twin, metric: string, value: Scalar, at: number, arrival = live(T0 + at * S)) {
  return applySamples(twin, [sample(metric, value, T0 + at * S)], arrival, LIMITS);
}

function say(twin: Twin, online: boolean, at: number, arrival = live(T0 + at * S)): TwinChange | null {
  return applyConnectivity(twin, online, new Date(T0 + at * S), arrival);
}

const seconds = (date: Date | null | undefined) => (date ? (date.getTime() - T0) / S : null);
const connectivityOf = ({ view }: Twin) => [
  view.connectivity.status,
  seconds(view.connectivity.since),
  seconds(view.connectivity.lastSeen),
];
const staleOf = (twin: Twin) =>
  twin
    .readings()
    .filter((one) => one.sourceTime !== null && one.stale)
    .map((one) => one.name);

describe("state and mode", () => {
  test("follow the metrics with these roles", () => {
    const twin = makeTwin(TYPE);
    expect(report(twin, "state", "Idle", 0).change?.state).toMatchObject({ from: "UNKNOWN", to: "IDLE" });
    expect(report(twin, "state", "6", 5).change?.state).toEqual({
      from: "IDLE",
      to: "EXECUTE",
      at: new Date(T0 + 5 * S),
    });
    report(twin, "mode", "Production", 6);
    expect(twin.view).toMatchObject({
      state: "EXECUTE",
      mode: "PRODUCTION",
      stateSince: new Date(T0 + 5 * S),
    });
  });

  test("the same state again is a new reading and no change of state", () => {
    const twin = makeTwin(TYPE);
    report(twin, "state", "Idle", 0);
    expect(report(twin, "state", "IDLE", 5).change).toMatchObject({ state: null });
    expect(seconds(twin.view.stateSince)).toBe(0);
  });

  test("a late state changes neither state nor the time since when", () => {
    const twin = makeTwin(TYPE);
    report(twin, "state", "Execute", 10);
    expect(report(twin, "state", "Held", 5).change).toBeNull();
    expect([twin.view.state, seconds(twin.view.stateSince)]).toEqual(["EXECUTE", 10]);
  });

  test("several states in one message are one change from the first to the last", () => {
    const twin = makeTwin(TYPE);
    report(twin, "state", "Idle", 0);
    const states = (...names: string[]) =>
      names.map((name, index) => sample("state", name, T0 + (twin.view.revision * 10 + index) * S));
    const there = applySamples(twin, states("Starting", "Execute"), live(T0 + 100 * S), LIMITS);
    expect(there.change?.state).toMatchObject({ from: "IDLE", to: "EXECUTE" });
    const andBack = applySamples(twin, states("Held", "Execute"), live(T0 + 100 * S), LIMITS);
    expect([andBack.change?.state, twin.view.state]).toEqual([null, "EXECUTE"]);
  });

  test("what is no state is UNKNOWN", () => {
    const twin = makeTwin(TYPE);
    report(twin, "state", "Execute", 0);
    expect(report(twin, "state", "dancing", 1).change?.state).toMatchObject({ to: "UNKNOWN" });
  });
});

describe("counters", () => {
  test("move from one reading to the next; the first is where they begin", () => {
    const twin = makeTwin(TYPE);
    expect(report(twin, "good", 10, 0).counters).toEqual([]);
    expect(report(twin, "good", "12", 5).counters).toMatchObject([
      { role: "GOOD_COUNT", from: 10, to: 12, fromTime: T0, time: T0 + 5 * S },
    ]);
  });

  test("do not move by a repeated sample, nor by a newer one of the same value", () => {
    const twin = makeTwin(TYPE);
    report(twin, "good", 10, 5);
    expect(report(twin, "good", 10, 5).counters).toEqual([]);
    expect(report(twin, "good", 10, 6).counters).toEqual([]);
    expect(report(twin, "good", 12, 7).counters).toMatchObject([{ from: 10, fromTime: T0 + 6 * S }]);
  });

  test("a late reading is told as one, without what it follows on", () => {
    const twin = makeTwin(TYPE);
    report(twin, "good", 10, 5);
    expect(report(twin, "good", 9, 4).counters).toMatchObject([
      { late: true, from: null, to: 9, time: T0 + 4 * S },
    ]);
    expect(report(twin, "good", 11, 6).counters).toMatchObject([{ late: false, from: 10, to: 11 }]);
  });

  test("what follows on a reading that history may know more after is told as late, until that has passed", () => {
    const twin = makeTwin(TYPE);
    report(twin, "good", 10, 0);
    const ahead = sample("good", 20, T0 + 5 * S, { historical: true });
    const moves = (value: number, at: number) =>
      report(twin, "good", value, at).counters.map(({ late, to }) => [to, late]);
    expect(applySamples(twin, [ahead], live(T0 + 9 * S), LIMITS).counters).toMatchObject([{ late: true }]);
    expect(moves(12, 3)).toEqual([[12, true]]);
    expect(moves(12, 6)).toEqual([[12, true]]);
    expect(moves(22, 7)).toEqual([[22, false]]);
  });

  test("what follows on a reading that is not stored is told as late", () => {
    const twin = makeTwin(TYPE);
    report(twin, "good", 10, 0);
    const passing = sample("good", 20, T0 + S, { transient: true });
    expect(applySamples(twin, [passing], live(T0 + S), LIMITS).counters).toEqual([]);
    expect(report(twin, "good", 20, 2).counters).toMatchObject([{ late: true }]);
  });

  test("after a restart the first reading is told as late, also one of the same value", () => {
    const twin = makeTwin(TYPE);
    report(twin, "good", 10, 0);
    for (const series of twin.allSeries()) Object.assign(series, { id: 1, trail: null });
    expect(report(twin, "good", 10, 1).counters).toMatchObject([{ late: true }]);
  });

  test("are told for counting roles only", () => {
    const twin = makeTwin(TYPE);
    report(twin, "speed", 1, 0);
    expect(report(twin, "speed", 2, 1).counters).toEqual([]);
  });
});

describe("states, modes and faults", () => {
  const WATCHED = machineType([
    { name: "state", role: "STATE" },
    { name: "fault", role: "FAULT", dataType: "String" },
    { name: "good", role: "GOOD_COUNT" },
  ]);

  test("are told when they are others than before, the first and late ones always", () => {
    const twin = makeTwin(WATCHED);
    const told = (metric: string, value: Scalar, at: number) =>
      report(twin, metric, value, at).reports.map(({ role, time, late }) => [role, time - T0, late]);
    expect(told("state", 6, 1)).toEqual([["STATE", S, false]]);
    expect(told("state", 6, 2)).toEqual([]);
    expect(told("state", 11, 3)).toEqual([["STATE", 3 * S, false]]);
    expect(told("state", 11, 2.5)).toEqual([["STATE", 2.5 * S, true]]);
    expect(told("fault", "E1", 4)).toEqual([["FAULT", 4 * S, false]]);
    expect(told("fault", "E1", 4)).toEqual([]);
    expect(told("good", 1, 5)).toEqual([]);
  });
});

describe("connectivity", () => {
  test("any live message is a sign of life, also one that changes nothing else", () => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 0);
    expect(connectivityOf(twin)).toEqual(["ONLINE", 0, 0]);
    const again = report(twin, "plain", 1, 0, live(T0 + 5 * S));
    expect(again.change).toBeNull();
    expect([connectivityOf(twin), twin.view.revision]).toEqual([["ONLINE", 0, 5], 1]);
  });

  test.each<[string, number, string]>([
    ["stays ONLINE within its time", 9.9, "ONLINE"],
    ["becomes STALE after it", 10, "STALE"],
    ["becomes OFFLINE after the longer one", 60, "OFFLINE"],
  ])("a silent machine %s", (_, at, status) => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 0);
    applyTime(twin, T0 + at * S);
    expect(twin.view.connectivity.status).toBe(status);
    expect(staleOf(twin)).toEqual(status === "OFFLINE" ? ["plain"] : []);
  });

  test("a silent machine that was STALE on the way is OFFLINE no later", () => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 0);
    applyTime(twin, T0 + 10 * S);
    expect(nextDue(twin, T0 + 50 * S)).toBe(T0 + 60 * S);
    applyTime(twin, T0 + 60 * S);
    expect(twin.view.connectivity.status).toBe("OFFLINE");
  });

  test("a machine without offlineAfter stays STALE, one that was never heard UNKNOWN", () => {
    const twin = makeTwin(machineType([{ name: "plain" }]));
    expect(applyTime(twin, T0)).toBeNull();
    report(twin, "plain", 1, 0);
    applyTime(twin, T0 + 60 * S);
    expect(applyTime(twin, T0 + 1e9)).toBeNull();
    expect(twin.view.connectivity.status).toBe("STALE");
  });

  test("a STALE or OFFLINE machine that reports is ONLINE again, its readings as old as they are", () => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 0);
    report(twin, "speed", 1, 0);
    say(twin, false, 1);
    expect(staleOf(twin)).toEqual(["speed", "plain"]);
    const { change } = report(twin, "good", 1, 7);
    expect(connectivityOf(twin)).toEqual(["ONLINE", 7, 7]);
    expect(staleOf(twin)).toEqual(["speed"]);
    expect(change?.metrics.map((one) => one.name)).toEqual(["good", "plain"]);
  });

  test("a retained message neither wakes a machine nor makes its readings current while it is OFFLINE", () => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 0);
    say(twin, false, 1);
    report(twin, "plain", 2, 5, RETAINED(T0 + 9 * S));
    expect(connectivityOf(twin)).toEqual(["OFFLINE", 1, 0]);
    expect([twin.reading("plain")?.value, staleOf(twin)]).toEqual([2, ["plain"]]);
  });

  test("a machine that keeps saying that it is there does not become STALE", () => {
    const twin = makeTwin(TYPE);
    for (let at = 0; at <= 50; at += 5) {
      say(twin, true, at);
      expect(applyTime(twin, T0 + at * S)).toBeNull();
    }
    expect([connectivityOf(twin), twin.view.revision]).toEqual([["ONLINE", 0, 50], 1]);
  });

  test("a machine whose clock is hours behind is heard now", () => {
    const twin = makeTwin(TYPE);
    say(twin, true, -7_200, live(T0));
    expect(connectivityOf(twin)).toEqual(["ONLINE", -7_200, 0]);
    expect(applyTime(twin, T0 + S)).toBeNull();
  });

  test("a will that carries the time of connecting still says that the machine is gone", () => {
    const twin = makeTwin(TYPE);
    say(twin, true, 0);
    applyTime(twin, T0 + 20 * S);
    report(twin, "plain", 1, 30);
    expect(connectivityOf(twin)).toEqual(["ONLINE", 30, 30]);
    expect(say(twin, false, 0, live(T0 + 40 * S))?.view.connectivity.status).toBe("OFFLINE");
    expect(connectivityOf(twin)).toEqual(["OFFLINE", 30, 30]);
  });

  test("a retained word that is older than what is known says nothing", () => {
    const twin = makeTwin(TYPE);
    report(twin, "plain", 1, 10);
    expect(say(twin, false, 5, RETAINED(T0 + 20 * S))).toBeNull();
    expect(say(twin, false, 15, RETAINED(T0 + 20 * S))?.view.connectivity.status).toBe("OFFLINE");
  });

  test("the same word twice changes nothing", () => {
    const twin = makeTwin(TYPE);
    say(twin, false, 0);
    expect(say(twin, false, 5)).toBeNull();
    expect(connectivityOf(twin)).toEqual(["OFFLINE", 0, null]);
  });
});

describe("readings by age", () => {
  test("become stale after their time, once, and current with the next report", () => {
    const twin = makeTwin(TYPE);
    report(twin, "speed", 1, 0);
    report(twin, "plain", 1, 0);
    expect(applyTime(twin, T0 + 4.9 * S)).toBeNull();
    expect(applyTime(twin, T0 + 5 * S)?.metrics.map((one) => [one.name, one.stale])).toEqual([
      ["speed", true],
    ]);
    expect(applyTime(twin, T0 + 6 * S)).toBeNull();
    report(twin, "speed", 1, 7);
    expect(staleOf(twin)).toEqual([]);
    expect(applyTime(twin, T0 + 12 * S)?.metrics).toHaveLength(1);
  });

  test("a late sample does not make a stale reading current", () => {
    const twin = makeTwin(TYPE);
    report(twin, "speed", 1, 1);
    applyTime(twin, T0 + 6 * S);
    report(twin, "speed", 2, 0, live(T0 + 6 * S));
    expect(staleOf(twin)).toEqual(["speed"]);
  });
});

test("the revision grows by exactly one with every change and by none without", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("report" as const),
        metric: fc.constantFrom("state", "good", "speed", "new"),
        value: fc.constantFrom<Scalar>(1, 2, 6, null, "x"),
        behind: fc.integer({ min: 0, max: 20 }),
        retained: fc.boolean(),
      }),
      fc.record({ kind: fc.constant("say" as const), online: fc.boolean(), retained: fc.boolean() }),
      fc.record({ kind: fc.constant("time" as const) }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 60, maxLength: 60 }),
      (all, waits) => {
        const twin = makeTwin(TYPE);
        let now = 0;
        let state = twin.view.state;
        all.forEach((step, index) => {
          now += waits[index] ?? 0;
          const before = twin.view.revision;
          const arrival = { receivedAt: T0 + now * S, retained: "retained" in step && step.retained };
          let change: TwinChange | null;
          if (step.kind === "report")
            change = report(twin, step.metric, step.value, now - step.behind, arrival).change;
          else if (step.kind === "say") change = say(twin, step.online, now, arrival);
          else change = applyTime(twin, T0 + now * S);
          expect(twin.view.revision).toBe(before + (change ? 1 : 0));
          if (!change) return;
          expect(change.view).toBe(twin.view);
          for (const reading of change.metrics) expect(twin.reading(reading.name)).toEqual(reading);
          expect(change.state?.from ?? state).toBe(state);
          state = change.state?.to ?? state;
          expect(twin.view.state).toBe(state);
        });
      },
    ),
  );
});
