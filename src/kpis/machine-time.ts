import { flatten, type Interval, type Span } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";

/** A time of a machine. */
export interface MachineTime {
  readonly machine: Equipment;
  readonly range: Interval;
}

/** The same time, by machine, with what several have in common once. */
export function withoutOverlaps(times: readonly MachineTime[]): MachineTime[] {
  const spans = new Map<Equipment, Span<Equipment>[]>();
  for (const { machine, range } of times)
    spans.set(machine, [...(spans.get(machine) ?? []), { ...range, value: machine }]);
  return [...spans.values()].flatMap((own) =>
    flatten(own).map(({ from, to, value }) => ({ machine: value, range: { from, to } })),
  );
}
