import fc from "fast-check";
import type { MachineFacts } from "../../src/downtime/time-model.js";
import type { Span } from "../../src/kernel/intervals.js";
import type { OperationRun } from "../../src/orders/operation-run.js";

/** An operation that runs. */
export const run: OperationRun = {
  operationId: "o1",
  orderId: "p1",
  orderNumber: "PO-1",
  sequence: 10,
  product: "cola",
  idealCycleTimeMs: 100,
};

/** Spans in order and apart within 0 and `end`, often with gaps between them; null: a gap. */
function spansOf<Value>(values: fc.Arbitrary<Value | null>, end: number): fc.Arbitrary<Span<Value>[]> {
  const piece = fc.record({ length: fc.integer({ min: 1, max: Math.ceil(end / 4) }), value: values });
  return fc.array(piece, { maxLength: 16 }).map((pieces) => {
    const spans: Span<Value>[] = [];
    let from = 0;
    for (const { length, value } of pieces) {
      const to = Math.min(from + length, end);
      if (value !== null && from < to) spans.push({ from, to, value });
      from = to;
    }
    return spans;
  });
}

/** Anything that can be known of a machine between 0 and `end`; most of it loses time. */
export function machineFacts(end: number): fc.Arbitrary<MachineFacts> {
  const runs = { ...run, operationId: "o2" };
  return fc.record({
    states: spansOf(fc.constantFrom("EXECUTE", "HELD", "ABORTED", "SUSPENDED", "IDLE", null), end),
    modes: spansOf(fc.constantFrom("PRODUCTION", "PRODUCTION", "SETUP", "MAINTENANCE", null), end),
    faults: spansOf(fc.constantFrom("E1", "E2", null, null), end),
    planned: spansOf(
      fc.constantFrom(
        { kind: "BUSY", shift: { name: "early", date: "2026-01-05" }, reason: null } as const,
        { kind: "BREAK", shift: null, reason: "lunch" } as const,
        null,
      ),
      end,
    ),
    runs: spansOf(fc.constantFrom(run, runs, run, null), end),
    maintenance: spansOf(
      fc.constantFrom(
        { orderId: "m1", number: "MO-1", kind: "CORRECTIVE" } as const,
        { orderId: "m2", number: "MO-2", kind: "PREVENTIVE" } as const,
        ...[null, null, null],
      ),
      end,
    ),
  });
}
