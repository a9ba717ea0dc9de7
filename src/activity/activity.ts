import type { Interval, Span } from "../kernel/intervals.js";
import type { MachineMode, MachineState } from "../twin/packml.js";

export type CountKind = "GOOD" | "SCRAP";

/** What was made of one kind for one operation. */
export interface CountSum {
  readonly kind: CountKind;
  /** Decimal with a sign. */
  readonly quantity: string;
  /** Null: for no operation. */
  readonly operationId: string | null;
  /** The time of one piece at full speed, as it was known when it was made; null: not known. */
  readonly idealCycleTimeMs: number | null;
}

export const ACTIVITY_KINDS = ["STATE", "MODE", "FAULT"] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** From `at`, in milliseconds, a machine reports this; an empty text is none. */
export interface Report {
  readonly at: number;
  readonly value: string;
}

/** What a machine reports of each kind before it has reported anything. */
export const UNREPORTED: Record<ActivityKind, string> = { STATE: "UNKNOWN", MODE: "UNKNOWN", FAULT: "" };

/** The spans of each kind have values of these types. */
export interface ActivityValues {
  readonly STATE: MachineState;
  readonly MODE: MachineMode;
  readonly FAULT: string;
}

/**
 * What reports say of a range: spans that tile it, of which neighbours differ. A report holds until the next one.
 * @param reports in the order of time, the last one before the range first; of one time the last one counts.
 * @param otherwise what holds before the first report.
 */
export function spansOf(reports: readonly Report[], range: Interval, otherwise: string): Span<string>[] {
  const spans: Span<string>[] = [];
  const add = (from: number, to: number, value: string) => {
    if (from >= to) return;
    const last = spans.at(-1);
    if (last?.value === value) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from, to, value });
  };
  let value = otherwise;
  let from = range.from;
  for (const report of reports) {
    const at = Math.min(Math.max(report.at, range.from), range.to);
    add(from, at, value);
    value = report.value;
    from = Math.max(from, at);
  }
  add(from, range.to, value);
  return spans;
}
