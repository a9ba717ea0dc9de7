import {
  FAULT_CATEGORIES,
  FREE_IDEAL_MS,
  type MachineStory,
  MICRO_STOP_MS,
  type Story,
  type StoryCalendar,
  TIME_ZONE,
} from "./mes-story.js";

/*
 * The KPIs of a story, computed plainly and slowly: every stretch between two moments at which anything changes is looked
 * at by itself, and everything is looked up from the beginning. It shares no code with the server.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;

export type Category =
  | "PRODUCTION"
  | "SETUP"
  | "DELAY"
  | "DOWN"
  | "PLANNED_DOWN"
  | "NOT_PLANNED"
  | "UNALLOCATED";

/** A stretch of a machine's time during which nothing changes. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** As state, mode, calendar and orders say. */
  readonly natural: Category;
  /** After what faults say of the downtime that it belongs to. */
  category: Category;
  readonly busy: boolean;
  /** The shift's name and date. */
  readonly shift: string | null;
  readonly state: string;
  readonly order: string | null;
  downtime: OracleDowntime | null;
}

export type DowntimeCategory = "UNPLANNED" | "PLANNED" | "CHANGEOVER" | "UNCLASSIFIED";

export interface OracleDowntime {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly category: DowntimeCategory;
  readonly microStop: boolean;
}

export interface OracleCount {
  readonly at: number;
  readonly kind: "good" | "scrap";
  readonly quantity: number;
  readonly order: string | null;
  readonly idealMs: number | null;
}

export interface MachineTruth {
  readonly path: string;
  readonly pieces: readonly Piece[];
  readonly downtimes: readonly OracleDowntime[];
  readonly counts: readonly OracleCount[];
}

/** Shifts and breaks of a calendar as stretches of time. */
export interface PlannedShift {
  readonly name: string;
  readonly date: string;
  readonly from: number;
  readonly to: number;
  readonly breaks: readonly { readonly from: number; readonly to: number }[];
}

/** What the clocks on the walls of the time zone show, minute by minute. */
class Walls {
  readonly #first: number;
  readonly #texts: string[] = [];

  constructor(from: number, to: number) {
    this.#first = Math.floor(from / MINUTE) * MINUTE;
    const format = new Intl.DateTimeFormat("sv-SE", {
      timeZone: TIME_ZONE,
      dateStyle: "short",
      timeStyle: "short",
    });
    for (let at = this.#first; at <= to; at += MINUTE) this.#texts.push(format.format(at));
  }

  /** The first moment at which they show a time or a later one. */
  reach(date: string, time: string): number {
    const wanted = `${date} ${time}`;
    const index = this.#texts.findIndex((text) => text >= wanted);
    if (index <= 0) throw new Error(`${wanted} is out of sight`);
    return this.#first + index * MINUTE;
  }
}

function nextDate(date: string): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + DAY).toISOString().slice(0, 10);
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** The shifts that take place in a story, and a day around it. */
export function shiftsOf(calendar: StoryCalendar, story: Pick<Story, "from" | "to">): PlannedShift[] {
  const walls = new Walls(story.from - 4 * DAY, story.to + 4 * DAY);
  const shifts: PlannedShift[] = [];
  const last = new Date(story.to + DAY).toISOString().slice(0, 10);
  for (
    let date = new Date(story.from - 2 * DAY).toISOString().slice(0, 10);
    date <= last;
    date = nextDate(date)
  ) {
    if (calendar.holidays.includes(date)) continue;
    const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
    for (const { name, start, end, weekdays, breaks } of calendar.shifts) {
      if (!weekdays.includes(weekday)) continue;
      const from = walls.reach(date, start);
      const to = walls.reach(end > start ? date : nextDate(date), end);
      const pauses = breaks.map((one) => {
        const begin = walls.reach(one.start >= start ? date : nextDate(date), one.start);
        const length = (minutes(one.end) - minutes(one.start) + 1440) % 1440;
        return { from: begin, to: Math.min(begin + length * MINUTE, to) };
      });
      if (from < to) shifts.push({ name, date, from, to, breaks: pauses });
    }
  }
  return shifts.sort((a, b) => a.from - b.from);
}

function lastBefore<Item>(items: readonly Item[], time: (item: Item) => number, moment: number): Item | null {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(items[middle] as Item) <= moment) low = middle + 1;
    else high = middle;
  }
  return items[low - 1] ?? null;
}

const HELD = ["HOLDING", "HELD", "ABORTING", "ABORTED", "CLEARING"];

/**
 * The truth about a machine, from the first to the last moment of the story.
 * @param stated what people said of downtimes, by their beginnings.
 */
export function truthOf(
  story: Story,
  machine: MachineStory,
  shifts: readonly PlannedShift[],
  stated: ReadonlyMap<number, DowntimeCategory> = new Map(),
): MachineTruth {
  const said = (key: "state" | "mode" | "fault") =>
    machine.telegrams.flatMap(({ ts, [key]: value }) => (value === undefined ? [] : [{ ts, value }]));
  const states = said("state");
  const modes = said("mode");
  const faults = said("fault");
  const running = runsOf(machine);
  const stops = story.stops.filter(({ path }) => `${machine.path}/`.startsWith(`${path}/`));

  const moments = new Set<number>([story.from, story.to]);
  for (const { ts } of [...states, ...modes, ...faults]) moments.add(ts);
  for (const one of [...running, ...stops]) moments.add(one.from).add(one.to);
  for (const shift of shifts) {
    moments.add(shift.from).add(shift.to);
    for (const one of shift.breaks) moments.add(one.from).add(one.to);
  }
  const sorted = [...moments].filter((at) => at >= story.from && at <= story.to).sort((a, b) => a - b);

  const pieces: (Piece & { readonly fault: string })[] = [];
  sorted.slice(0, -1).forEach((from, index) => {
    const to = sorted[index + 1] as number;
    const inside = (one: { from: number; to: number }) => one.from <= from && from < one.to;
    const state = lastBefore(states, ({ ts }) => ts, from)?.value ?? "UNKNOWN";
    const mode = lastBefore(modes, ({ ts }) => ts, from)?.value ?? "UNKNOWN";
    const fault = lastBefore(faults, ({ ts }) => ts, from)?.value ?? "";
    const shift = shifts.find(inside) ?? null;
    const busy = shift !== null && !shift.breaks.some(inside) && !stops.some(inside);
    const order = running.find(inside)?.order ?? null;
    const natural = categoryOf({ state, mode, busy, order, free: machine.free });
    const named = shift && `${shift.name} ${shift.date}`;
    pieces.push({
      from,
      to,
      natural,
      category: natural,
      busy,
      shift: named,
      state,
      order,
      fault,
      downtime: null,
    });
  });
  return {
    path: machine.path,
    pieces,
    downtimes: downtimesOf(pieces, stated),
    counts: countsOf(machine, running),
  };
}

function categoryOf(so: {
  state: string;
  mode: string;
  busy: boolean;
  order: string | null;
  free: boolean;
}): Category {
  const { state, mode, busy, order, free } = so;
  if (state === "EXECUTE") return order !== null || free ? "PRODUCTION" : "UNALLOCATED";
  if (mode === "SETUP") return "SETUP";
  if (mode === "MAINTENANCE") return "PLANNED_DOWN";
  if (!busy) return "NOT_PLANNED";
  if (HELD.includes(state)) return "DOWN";
  return order === null ? "UNALLOCATED" : "DELAY";
}

function runsOf(machine: MachineStory): { from: number; to: number; order: string; idealMs: number }[] {
  return machine.runs.flatMap(({ order, idealCycleTimeMs, steps }) =>
    steps.flatMap(({ at, action }, index) => {
      if (action === "hold" || action === "complete") return [];
      return [{ from: at, to: steps[index + 1]?.at ?? at, order, idealMs: idealCycleTimeMs }];
    }),
  );
}

/** Finds the downtimes and writes what faults and people say of them into the pieces. */
function downtimesOf(
  pieces: (Piece & { readonly fault: string })[],
  stated: ReadonlyMap<number, DowntimeCategory>,
): OracleDowntime[] {
  const lost = (piece: Piece | undefined) =>
    piece?.busy && ["DOWN", "DELAY", "SETUP", "PLANNED_DOWN"].includes(piece.natural);
  const downtimes: OracleDowntime[] = [];
  for (let first = 0; first < pieces.length; ) {
    let end = first + 1;
    if (lost(pieces[first])) {
      while (lost(pieces[end]) && pieces[end]?.natural === pieces[first]?.natural) end += 1;
      const parts = pieces.slice(first, end);
      const { natural, from, state } = parts[0] as Piece;
      const to = parts.at(-1)?.to ?? from;
      const explained = parts.map(({ fault }) => FAULT_CATEGORIES[fault]).find((one) => one !== undefined);
      const category = stated.get(from) ?? DERIVED[natural] ?? explained ?? "UNCLASSIFIED";
      const downtime = { from, to, state, category, microStop: to - from < MICRO_STOP_MS };
      downtimes.push(downtime);
      for (const part of parts) {
        part.downtime = downtime;
        part.category = COUNTS_AS[category] ?? natural;
      }
    }
    first = end;
  }
  return downtimes;
}

const DERIVED: Partial<Record<Category, DowntimeCategory>> = { SETUP: "CHANGEOVER", PLANNED_DOWN: "PLANNED" };

const COUNTS_AS: Partial<Record<DowntimeCategory, Category>> = {
  UNPLANNED: "DOWN",
  PLANNED: "PLANNED_DOWN",
  CHANGEOVER: "SETUP",
};

function countsOf(machine: MachineStory, running: ReturnType<typeof runsOf>): OracleCount[] {
  const counts: OracleCount[] = [];
  for (const [metric, kind] of [
    ["good", "good"],
    ["reject", "scrap"],
  ] as const) {
    let before: number | null = null;
    for (const { ts, [metric]: value } of machine.telegrams) {
      if (value === undefined) continue;
      const quantity = before === null ? 0 : growth(before, value, machine.rollOver);
      before = value;
      if (quantity === 0) continue;
      const run = running.find(({ from, to }) => from <= ts && ts < to);
      const idealMs = run?.idealMs ?? (machine.free ? FREE_IDEAL_MS : null);
      counts.push({ at: ts, kind, quantity, order: run?.order ?? null, idealMs });
    }
  }
  return counts;
}

/** Stories have no steps of counters between these clear cases. */
function growth(before: number, value: number, rollOver: number | null): number {
  if (value >= before) return value - before > 100_000 ? 0 : value - before;
  if (before > 1_000_000) return 0;
  if (rollOver !== null && before > 0.9 * rollOver) return rollOver - before + value;
  return value;
}
