import { type PlannedShift, plannedAt } from "./mes-oracle-calendar.js";
import {
  type Category,
  downtimesOf,
  type OracleDowntime,
  type Piece,
  type Saying,
} from "./mes-oracle-downtime.js";
import {
  FREE_IDEAL_MS,
  type MachineStory,
  type MaintenanceStory,
  type RunStory,
  type Story,
} from "./mes-story.js";

/*
 * The KPIs of a story, computed plainly and slowly: every stretch between two moments at which anything changes is looked
 * at by itself, and everything is looked up from the beginning. It shares no code with the server.
 */

export interface OracleCount {
  readonly at: number;
  readonly kind: "good" | "scrap";
  readonly quantity: number;
  /** The order and sequence of the operation. */
  readonly operation: string | null;
  readonly idealMs: number | null;
  /** Of scrap that people reported. */
  readonly reason: string | null;
}

export interface MachineTruth {
  readonly machine: MachineStory;
  readonly pieces: readonly Piece[];
  readonly downtimes: readonly OracleDowntime[];
  readonly counts: readonly OracleCount[];
  /** What the energy counter grew by, at the readings that show it. */
  readonly energy: readonly { readonly at: number; readonly amount: number }[];
}

/** What is known of a machine beyond its story. */
export interface Known {
  /** In the order in which they were said. */
  readonly sayings: readonly Saying[];
  readonly corrections: readonly OracleCount[];
}

export function operationName({ order, sequence }: Pick<RunStory, "order" | "sequence">): string {
  return `${order}/${sequence}`;
}

/** The story as far as it is known. @param late whether what is told late is known too. */
export function knownOf(story: Story, late: boolean): Story {
  if (late) return story;
  const machines = story.machines.map((machine) => ({
    ...machine,
    runs: machine.runs.filter((one) => !one.late),
    maintenance: machine.maintenance.filter((one) => !one.late),
    telegrams: machine.telegrams.filter(
      ({ ts }) => !machine.silences.some(({ from, to }) => from <= ts && ts < to),
    ),
  }));
  return { ...story, machines, stops: story.stops.filter((one) => !one.late) };
}

/** The truth about a machine of a story, from its first to its last moment. */
export function truthOf(
  story: Story,
  machine: MachineStory,
  shifts: readonly PlannedShift[],
  { sayings, corrections }: Known,
): MachineTruth {
  const pieces = piecesOf(story, machine, shifts, sayings);
  const downtimes = downtimesOf(pieces, sayings);
  const counts = [...countsOf(machine), ...corrections];
  return { machine, pieces, downtimes, counts, energy: energyOf(machine) };
}

function piecesOf(
  story: Story,
  machine: MachineStory,
  shifts: readonly PlannedShift[],
  sayings: readonly Saying[],
): Piece[] {
  const said = (key: "state" | "mode" | "fault") =>
    machine.telegrams.flatMap(({ ts, [key]: value }) => (value === undefined ? [] : [{ ts, value }]));
  const [states, modes, faults] = [said("state"), said("mode"), said("fault")];
  const runs = runTimes(machine);
  const works = machine.maintenance.flatMap(({ kind, work }) => (work ? [{ ...work, kind }] : []));
  const stops = story.stops.filter(({ path }) => `${machine.path}/`.startsWith(`${path}/`));

  const moments = new Set<number>([story.from, story.to]);
  for (const { ts } of [...states, ...modes, ...faults]) moments.add(ts);
  for (const one of [...runs, ...works, ...stops, ...sayings]) moments.add(one.from).add(one.to);
  for (const shift of shifts) for (const one of [shift, ...shift.breaks]) moments.add(one.from).add(one.to);
  const sorted = [...moments].filter((at) => at >= story.from && at <= story.to).sort((a, b) => a - b);

  return sorted.slice(0, -1).map((from, index) => {
    const inside = (one: { from: number; to: number }) => one.from <= from && from < one.to;
    const run = runs.find(inside);
    const so = {
      state: lastBefore(states, from) ?? "UNKNOWN",
      mode: lastBefore(modes, from) ?? "UNKNOWN",
      planned: plannedAt(from, shifts, stops),
      operation: run ? operationName(run) : null,
      maintenance: works.filter(inside).map(({ kind }) => kind),
    };
    const natural = categoryOf(so, machine.free);
    const { state, planned, operation } = so;
    const fault = lastBefore(faults, from) ?? "";
    const to = sorted[index + 1] as number;
    return { from, to, natural, planned, state, fault, operation, category: natural, downtime: null };
  });
}

function lastBefore(items: readonly { ts: number; value: string }[], moment: number): string | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.ts ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  return items[low - 1]?.value;
}

const HELD = ["HOLDING", "HELD", "ABORTING", "ABORTED", "CLEARING"];

function categoryOf(
  so: Pick<Piece, "state" | "planned" | "operation"> & {
    readonly mode: string;
    readonly maintenance: readonly MaintenanceStory["kind"][];
  },
  free: boolean,
): Category {
  const { state, mode, planned, operation, maintenance } = so;
  if (state === "EXECUTE" && (operation !== null || free)) return "PRODUCTION";
  if (mode === "SETUP") return "SETUP";
  if (maintenance.includes("CORRECTIVE")) return "DOWN";
  if (maintenance.length > 0 || mode === "MAINTENANCE") return "PLANNED_DOWN";
  if (planned !== "BUSY") return "NOT_PLANNED";
  if (HELD.includes(state)) return "DOWN";
  return operation === null ? "UNALLOCATED" : "DELAY";
}

type RunTime = RunStory & { readonly from: number; readonly to: number };

/** The stretches in which operations ran. */
function runTimes({ runs }: MachineStory): RunTime[] {
  return runs.flatMap((run) =>
    run.steps.flatMap(({ at, action }, index) => {
      if (action === "hold" || action === "complete") return [];
      return [{ ...run, from: at, to: run.steps[index + 1]?.at ?? at }];
    }),
  );
}

function countsOf(machine: MachineStory): OracleCount[] {
  const running = runTimes(machine);
  const counts: OracleCount[] = [];
  for (const [metric, kind] of [
    ["good", "good"],
    ["reject", "scrap"],
  ] as const) {
    let before: number | null = null;
    for (const { ts, [metric]: value } of machine.telegrams) {
      if (value === undefined) continue;
      const run = running.find(({ from, to }) => from <= ts && ts < to);
      const idealMs = run?.idealCycleTimeMs ?? (machine.free ? FREE_IDEAL_MS : null);
      const quantity = before === null ? 0 : growth(before, value, machine.rollOver, idealMs);
      before = value;
      // Where people count, the machine does not.
      if (quantity === 0 || (run && run.reports !== null)) continue;
      const operation = run ? operationName(run) : null;
      counts.push({ at: ts, kind, quantity, operation, idealMs, reason: null });
    }
  }
  for (const run of machine.runs) counts.push(...reportedOf(run));
  return counts;
}

/** What people said was made. */
function reportedOf(run: RunStory): OracleCount[] {
  const made = { operation: operationName(run), idealMs: run.idealCycleTimeMs };
  return (run.reports ?? []).flatMap(({ at, good, scrap, scrapReason }) => [
    { ...made, at, kind: "good" as const, quantity: good, reason: null },
    ...(scrap === 0 ? [] : [{ ...made, at, kind: "scrap" as const, quantity: scrap, reason: scrapReason }]),
  ]);
}

/**
 * Stories have no steps of counters between these clear cases.
 * @param idealMs null: nobody can say that a machine cannot be so fast.
 */
function growth(before: number, value: number, rollOver: number | null, idealMs: number | null): number {
  if (value >= before) return value - before > 100_000 && idealMs !== null ? 0 : value - before;
  if (before > 1_000_000) return 0;
  if (rollOver !== null && before > 0.9 * rollOver) return rollOver - before + value;
  return value;
}

function energyOf({ telegrams }: MachineStory): { at: number; amount: number }[] {
  const steps: { at: number; amount: number }[] = [];
  let before: number | null = null;
  for (const { ts, energy } of telegrams) {
    if (energy === undefined) continue;
    if (before !== null) steps.push({ at: ts, amount: energy >= before ? energy - before : energy });
    before = energy;
  }
  return steps;
}
