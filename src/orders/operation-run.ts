import { clip, type Interval, type Span } from "../kernel/intervals.js";
import type { CountingSource } from "./operation.js";

/** An operation while it runs on a machine. */
export interface OperationRun {
  readonly operationId: string;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly sequence: number;
  readonly product: string;
  readonly idealCycleTimeMs: number | null;
}

/** An operation while it runs, and who counts its pieces. */
export interface CountedRun extends OperationRun {
  readonly countingSource: CountingSource;
}

/** Where an operation begins to run on a machine, or no longer does. */
export interface RunStep extends CountedRun {
  readonly machineId: string;
  readonly runs: boolean;
  readonly at: Date;
}

/**
 * The runs of one machine within a range, in order. They never overlap: one that begins ends the one before it.
 * @param steps of the machine in their order, from the last one before the range on.
 */
export function runsOf(steps: readonly RunStep[], range: Interval): Span<CountedRun>[] {
  const spans: Span<CountedRun>[] = [];
  const add = (step: RunStep, to: number) => {
    const { operationId, orderId, orderNumber, sequence, product, idealCycleTimeMs, countingSource } = step;
    const order = { orderId, orderNumber, product };
    const value = { ...order, operationId, sequence, idealCycleTimeMs, countingSource };
    const span = clip({ from: step.at.getTime(), to, value }, range);
    if (span) spans.push(span);
  };
  let running: RunStep | null = null;
  for (const step of steps) {
    if (!step.runs && step.operationId !== running?.operationId) continue;
    if (running) add(running, step.at.getTime());
    running = step.runs ? step : null;
  }
  if (running) add(running, range.to);
  return spans;
}
