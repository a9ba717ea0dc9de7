import fc from "fast-check";
import { expect, test } from "vitest";
import { machineFacts, run } from "../../test/support/machine-facts.js";
import type { PlannedKind } from "../calendar/planned-time.js";
import { durationOf, type Span } from "../kernel/intervals.js";
import type { MaintenanceKind } from "../maintenance/maintenance.js";
import { MACHINE_STATES, type MachineMode, type MachineState } from "../twin/packml.js";
import { categoryOf, factTiles, type TimeCategory } from "./time-model.js";

interface Case {
  readonly state: MachineState;
  readonly mode?: MachineMode;
  readonly runs?: boolean;
  readonly maintenance?: MaintenanceKind;
  readonly planned?: PlannedKind;
  readonly withoutOrders?: boolean;
}

function category({ state, mode = "PRODUCTION", runs, maintenance, planned = "BUSY", withoutOrders }: Case) {
  const so = {
    ...{ state, mode, planned, shift: null, plannedReason: null, fault: null },
    run: runs ? run : null,
    maintenance: maintenance === undefined ? null : { orderId: "1", number: "MO-1", kind: maintenance },
  };
  return categoryOf(so, { producesWithoutOrder: withoutOrders ?? false });
}

test.each<[TimeCategory, Case]>([
  ["PRODUCTION", { state: "EXECUTE", runs: true }],
  ["PRODUCTION", { state: "EXECUTE", runs: true, planned: "OFF_SHIFT" }],
  ["PRODUCTION", { state: "EXECUTE", withoutOrders: true }],
  ["UNALLOCATED", { state: "EXECUTE" }],
  ["SETUP", { state: "EXECUTE", mode: "SETUP", planned: "OFF_SHIFT" }],
  ["DOWN", { state: "EXECUTE", maintenance: "CORRECTIVE" }],
  ["PLANNED_DOWN", { state: "EXECUTE", maintenance: "PREVENTIVE" }],
  ["PLANNED_DOWN", { state: "EXECUTE", mode: "MAINTENANCE" }],
  ["NOT_PLANNED", { state: "EXECUTE", planned: "PLANNED_STOP" }],
  ["PRODUCTION", { state: "EXECUTE", withoutOrders: true, planned: "PLANNED_STOP" }],
  ["SETUP", { state: "IDLE", mode: "SETUP" }],
  ["SETUP", { state: "HELD", mode: "SETUP", runs: true }],
  ["SETUP", { state: "IDLE", mode: "SETUP", maintenance: "CORRECTIVE" }],
  ["DOWN", { state: "IDLE", maintenance: "CORRECTIVE" }],
  ["DOWN", { state: "IDLE", maintenance: "CORRECTIVE", mode: "MAINTENANCE", planned: "OFF_SHIFT" }],
  ["PLANNED_DOWN", { state: "ABORTED", maintenance: "PREVENTIVE" }],
  ["PLANNED_DOWN", { state: "STOPPED", maintenance: "INSPECTION", runs: true }],
  ["PLANNED_DOWN", { state: "STOPPED", mode: "MAINTENANCE", planned: "BREAK" }],
  ["NOT_PLANNED", { state: "HELD", runs: true, planned: "BREAK" }],
  ["NOT_PLANNED", { state: "IDLE", planned: "HOLIDAY" }],
  ["DOWN", { state: "HELD" }],
  ["DOWN", { state: "ABORTING", runs: true }],
  ["DELAY", { state: "SUSPENDED", runs: true }],
  ["DELAY", { state: "UNKNOWN", runs: true }],
  ["UNALLOCATED", { state: "SUSPENDED" }],
  ["UNALLOCATED", { state: "UNKNOWN", mode: "UNKNOWN" }],
])("%s: %j", (wanted, so) => {
  expect(category(so)).toBe(wanted);
});

test("of a machine with an operation in shift each state has its category", () => {
  const down = ["CLEARING", "ABORTING", "ABORTED", "HOLDING", "HELD"];
  for (const state of MACHINE_STATES) {
    const wanted = state === "EXECUTE" ? "PRODUCTION" : down.includes(state) ? "DOWN" : "DELAY";
    expect([state, category({ state, runs: true })]).toEqual([state, wanted]);
  }
});

test("tiles tile their range exactly, and each moment of one is as the facts say", () => {
  const at = <Value>(spans: readonly Span<Value>[], moment: number, otherwise: Value) =>
    spans.find(({ from, to }) => from <= moment && moment < to)?.value ?? otherwise;
  fc.assert(
    fc.property(
      machineFacts(100),
      fc.integer({ min: 0, max: 99 }),
      fc.integer({ min: 0, max: 120 }),
      (facts, from, length) => {
        const range = { from, to: from + length };
        const tiles = factTiles(range, facts, { producesWithoutOrder: false });
        expect(durationOf(tiles)).toBe(length);
        let end = from;
        for (const { from: begins, to, value } of tiles) {
          expect(begins).toBe(end);
          end = to;
          for (let moment = begins; moment < to; moment += 1) {
            const planned = at(facts.planned, moment, { kind: "BUSY" as const, shift: null, reason: null });
            const so = {
              state: at(facts.states, moment, "UNKNOWN"),
              mode: at(facts.modes, moment, "UNKNOWN"),
              fault: at<string | null>(facts.faults, moment, null),
              planned: planned.kind,
              shift: planned.shift,
              plannedReason: planned.reason,
              run: at<typeof run | null>(facts.runs, moment, null),
              maintenance: at(facts.maintenance, moment, null),
            };
            const category = categoryOf(so, { producesWithoutOrder: false });
            expect(value).toEqual({ ...so, category, downtime: null });
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
