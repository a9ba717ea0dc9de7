import type { Dice } from "./mes-dice.js";
import type { MachineStory, MaintenanceKind, MaintenanceStory, ReportStory, RunStory } from "./mes-story.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const IDEAL_CYCLES_MS = [3_200, 3_650.5, 4_000];
const MAINTENANCE: readonly MaintenanceKind[] = [
  "CORRECTIVE",
  "CORRECTIVE",
  "PREVENTIVE",
  "PREVENTIVE",
  "PREDICTIVE",
  "INSPECTION",
];

type Time = { readonly from: number; readonly to: number };

/** The operations of a machine, each of an order of its own. @param lateFrom from when on they are told late. */
export function runsOf(path: string, { from, to }: Time, lateFrom: number, dice: Dice): RunStory[] {
  const runs: RunStory[] = [];
  const name = path.split("/").at(-1);
  let at = from + 2 * HOUR + dice.around(2 * HOUR);
  for (;;) {
    const end = at + 30 * MINUTE + dice.around(20 * HOUR);
    if (end > to - 3 * HOUR) return runs;
    const steps: RunStory["steps"][number][] = [{ at, action: "start" }];
    if (dice.chance(0.4)) {
      const hold = at + dice.between(10 * MINUTE, end - at - 15 * MINUTE);
      steps.push({ at: hold, action: "hold" });
      if (dice.chance(0.8)) steps.push({ at: hold + dice.between(MINUTE, 14 * MINUTE), action: "resume" });
    }
    steps.push({ at: end, action: "complete" });
    const order = `${name}-${String(runs.length + 1).padStart(3, "0")}`;
    const reports = dice.chance(0.2) ? reportsOf({ from: at, to: end }, dice) : null;
    runs.push({
      ...{ order, sequence: 10, overlap: false, steps, reports, late: at >= lateFrom },
      idealCycleTimeMs: dice.pick(IDEAL_CYCLES_MS),
    });
    at = end + (dice.chance(0.3) ? 1 : dice.around(90 * MINUTE));
  }
}

/** Now and then, also while the operation is held; quantities in tenths. */
function reportsOf({ from, to }: Time, dice: Dice): ReportStory[] {
  const reports: ReportStory[] = [];
  for (let at = from + dice.around(HOUR); at < to; at += dice.around(2 * HOUR)) {
    const scrap = dice.chance(0.5) ? dice.between(1, 200) / 10 : 0;
    const scrapReason = scrap === 0 ? null : dice.pick(["burr", "scratch", null]);
    reports.push({ at, good: dice.between(1, 20_000) / 10, scrap, scrapReason });
  }
  return reports;
}

/**
 * Puts some operations into one order: one after the other on one machine, or overlapping on two machines that stand
 * beside each other.
 */
export function joinedOrders(machines: readonly MachineStory[], dice: Dice): MachineStory[] {
  const joined = machines.map(({ runs }) => [...runs]);
  const single = new Set(joined.flat());
  const join = (first: RunStory, place: number, index: number, overlap: boolean) => {
    const second = joined[place]?.[index] as RunStory;
    single.delete(first);
    single.delete(second);
    (joined[place] as RunStory[])[index] = { ...second, order: first.order, sequence: 20, overlap };
  };
  for (const place of machines.keys()) {
    for (const [index, run] of (joined[place] ?? []).entries()) {
      if (!single.has(run) || !dice.chance(0.4)) continue;
      const fits = (one: RunStory) => single.has(one) && startOf(one) > startOf(run) && one.late === run.late;
      const beside = joined[place + 1]?.findIndex(fits) ?? -1;
      const next = joined[place]?.[index + 1];
      if (dice.chance(0.5) && beside >= 0) join(run, place + 1, beside, true);
      else if (next && fits(next)) join(run, place, index + 1, false);
    }
  }
  return machines.map((machine, place) => ({ ...machine, runs: joined[place] ?? [] }));
}

function startOf({ steps }: RunStory): number {
  return steps[0]?.at ?? 0;
}

/** Maintenance orders of a machine; some are worked on at the same time. */
export function maintenanceOf({ from, to }: Time, dice: Dice): MaintenanceStory[] {
  const orders: MaintenanceStory[] = [];
  for (let at = from + 3 * HOUR + dice.around(30 * HOUR); ; ) {
    const end = at + MINUTE + dice.around(90 * MINUTE);
    if (end > to - 5 * HOUR) return orders;
    orders.push({
      kind: dice.pick(MAINTENANCE),
      work: dice.chance(0.9) ? { from: at, to: end } : null,
      dueAt: dice.chance(0.7) ? end + dice.between(-3 * HOUR, 6 * HOUR) : null,
      workedMinutes: dice.between(1, Math.ceil((end - at) / MINUTE) + 1),
      late: orders.length % 3 === 1,
    });
    at = dice.chance(0.2) ? dice.between(at, end) : end + dice.around(100 * HOUR);
  }
}
