import { type PlannedShift, shiftsOf } from "./mes-oracle.js";
import {
  CALENDARS,
  type MachineStory,
  type RunStory,
  type Story,
  type StoryCalendar,
  type Telegram,
} from "./mes-story.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** At the end, so that nothing lasts longer than the story. */
const QUIET_MS = 10 * MINUTE;
/** A reading right before an order changes, so that it is clear whose pieces they are. */
const LEAD_MS = 500;
/** One declared, one that 16 bits have, and none. */
const ROLL_OVERS = [50_000, null, 65_536, null];

export interface Scale {
  readonly machines: number;
  readonly days: number;
  /** Seconds between telegrams with counters. */
  readonly intervalS: number;
  readonly seed: number;
}

/** Random numbers that are the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number from `low` to below `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low));
  }

  /** Whole milliseconds around a mean, mostly less, now and then much more. */
  around(mean: number): number {
    return Math.ceil(-Math.log(1 - this.next()) * mean) + 1;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length)] as Item;
  }
}

interface Doing {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly mode: string;
  readonly fault: string;
}

const STOPS: readonly (readonly [state: string, weight: number])[] = [
  ["HELD", 5],
  ["SUSPENDED", 4],
  ["IDLE", 2],
  ["ABORTED", 2],
  ["CLEARING", 1],
  ["HOLDING", 1],
  ["STOPPED", 2],
  ["STARTING", 1],
  ["COMPLETE", 1],
  ["UNHOLDING", 1],
];

/** A plant of two lines around a moment. Its first and last minutes are quiet. */
export function storyAround(moment: number, scale: Scale): Story {
  const from = Math.floor((moment - (scale.days / 2) * DAY) / DAY) * DAY;
  const to = from + scale.days * DAY;
  const shifts = new Map(CALENDARS.map((one) => [one.name, shiftsOf(one, { from, to })]));
  const machines = Array.from({ length: scale.machines }, (_, index) => {
    const line = index < scale.machines / 2 ? "line-1" : "line-2";
    const calendar = CALENDARS[index % 4 === 3 ? 1 : 0] as StoryCalendar;
    const path = `acme/plant/hall/${line}/m${String(index + 1).padStart(2, "0")}`;
    const rollOver = ROLL_OVERS[index % 4] ?? null;
    const machine = { path, from, to, calendar, free: index % 3 === 2, rollOver, index };
    return machineStory({ ...machine, shifts: shifts.get(calendar.name) ?? [] }, scale);
  });
  const stops = [
    { path: "acme/plant/hall/line-1", from: from + 3 * DAY + 11 * HOUR, to: from + 3 * DAY + 12.5 * HOUR },
    { path: "acme/plant", from: moment - 30 * MINUTE, to: moment + 20 * MINUTE },
    { path: machines[0]?.path ?? "acme", from: moment - 10 * MINUTE, to: moment + 90 * MINUTE },
  ];
  return { from, to, machines, stops };
}

interface Machine {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly calendar: StoryCalendar;
  readonly shifts: readonly PlannedShift[];
  readonly free: boolean;
  readonly rollOver: number | null;
  readonly index: number;
}

function machineStory(machine: Machine, scale: Scale): MachineStory {
  const dice = new Dice(scale.seed * 1_000 + machine.index);
  const runs = machine.free ? [] : runsOf(machine, dice);
  const doings = doingsOf(machine, dice);
  const telegrams = telegramsOf(machine, doings, runs, dice, scale.intervalS * SECOND);
  const { path, free, calendar, rollOver } = machine;
  return { path, free, calendar, rollOver, telegrams, runs };
}

function runsOf({ path, from, to }: Machine, dice: Dice): RunStory[] {
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
    runs.push({ order, idealCycleTimeMs: dice.pick([3_200, 3_650.5, 4_000]), steps });
    at = end + (dice.chance(0.3) ? 1 : dice.around(90 * MINUTE));
  }
}

/** What a machine does from beginning to end, one after the other. */
function doingsOf({ from, to, shifts }: Machine, dice: Dice): Doing[] {
  const doings: Doing[] = [];
  const quiet = { state: "IDLE", mode: "PRODUCTION", fault: "" };
  let at = from + 1 + dice.between(0, MINUTE);
  const add = (length: number, doing: Omit<Doing, "from" | "to">) => {
    const until = Math.min(at + length, to - QUIET_MS);
    if (until > at) doings.push({ from: at, to: until, ...doing });
    at = until;
  };
  add(HOUR, quiet);
  while (at < to - HOUR) {
    const inShift = shifts.some((one) => one.from <= at && at < one.to);
    if (!inShift && dice.chance(0.5)) add(dice.around(3 * HOUR), { ...quiet, state: "STOPPED" });
    else if (dice.chance(0.015)) add(dice.around(HOUR), { ...quiet, state: "STOPPED", mode: "MAINTENANCE" });
    else if (dice.chance(0.03))
      add(dice.around(15 * MINUTE), {
        ...quiet,
        state: dice.pick(["IDLE", "STOPPED", "EXECUTE"]),
        mode: "SETUP",
      });
    else if (dice.chance(0.55))
      add(dice.around(20 * MINUTE), {
        state: "EXECUTE",
        mode: dice.chance(0.05) ? "MANUAL" : "PRODUCTION",
        fault: "",
      });
    else add(stopLength(dice), { ...quiet, ...stopOf(dice) });
  }
  doings.push({ from: at, to: to - MINUTE, ...quiet, state: "STOPPED" });
  return doings;
}

function stopLength(dice: Dice): number {
  return dice.chance(0.4) ? dice.between(2 * SECOND, MINUTE) : dice.around(7 * MINUTE);
}

function stopOf(dice: Dice): { state: string; fault: string } {
  const all = STOPS.flatMap(([state, weight]) => Array<string>(weight).fill(state));
  const state = dice.pick(all);
  const faulty = state === "HELD" || state === "ABORTED";
  return { state, fault: faulty && dice.chance(0.7) ? dice.pick(["JAM", "REFILL", "E-77"]) : "" };
}

function telegramsOf(
  machine: Machine,
  doings: readonly Doing[],
  runs: readonly RunStory[],
  dice: Dice,
  interval: number,
): Telegram[] {
  const last = doings.at(-1)?.to ?? machine.to;
  // What is said at a moment: a change of what it does, the counters, or both.
  const moments = new Map<number, Doing | null>();
  for (const doing of doings) moments.set(doing.from, doing);
  const free = (at: number) => {
    let moment = at;
    while (moments.has(moment)) moment += 1;
    return moment;
  };
  for (let at = machine.from + HOUR; at < last; at += interval)
    moments.set(free(at + dice.between(0, interval / 4)), null);
  for (const { steps } of runs) for (const { at } of steps) moments.set(free(at - LEAD_MS), null);

  const counters = new Counters(machine, dice);
  let now: Doing | null = null;
  let before: number | null = null;
  const telegrams: Telegram[] = [];
  for (const ts of [...moments.keys()].sort((a, b) => a - b)) {
    const change = moments.get(ts) ?? null;
    if (before !== null && now !== null) counters.work(before, ts, now, runs);
    const makes = machine.free || isRunning(runs, ts, ts);
    now = change ?? now;
    before = ts;
    const all = now && { state: now.state, mode: now.mode, fault: now.fault };
    if (change && all) telegrams.push({ ts, ...all, ...(dice.chance(0.5) ? counters.read(makes) : {}) });
    else telegrams.push({ ts, ...counters.read(makes), ...(dice.chance(0.1) ? all : {}) });
  }
  return telegrams;
}

/** The counters of a machine. */
class Counters {
  readonly #dice: Dice;
  readonly #rollOver: number | null;
  readonly #free: boolean;
  #good: number;
  #reject: number;
  /** Until the next reset. */
  #resetIn: number;
  /** Part of a piece that is under way. */
  #rest = 0;
  /** Whether the last reading was one that cannot be. */
  #odd = false;

  constructor(machine: Machine, dice: Dice) {
    this.#dice = dice;
    this.#rollOver = machine.rollOver;
    this.#free = machine.free;
    this.#good = dice.between(10_000, 40_000);
    this.#reject = dice.between(200, 700);
    this.#resetIn = dice.around(6 * DAY);
  }

  work(from: number, to: number, { state }: Doing, runs: readonly RunStory[]): void {
    this.#resetIn -= to - from;
    if (this.#resetIn < 0 && this.#good > 10_000 && (this.#good < 40_000 || this.#good > 70_000)) {
      this.#resetIn = this.#dice.around(6 * DAY);
      this.#good = 0;
      this.#reject = 0;
    }
    if (state !== "EXECUTE" || !(this.#free || isRunning(runs, from, to))) return;
    this.#rest += (to - from) / (3_600 * (0.95 + 0.3 * this.#dice.next()));
    const pieces = Math.floor(this.#rest);
    this.#rest -= pieces;
    const rejects = Math.round(pieces * 0.04 * this.#dice.next());
    this.#good += pieces - rejects;
    this.#reject += rejects;
    if (this.#rollOver !== null && this.#good >= this.#rollOver) this.#good -= this.#rollOver;
  }

  /** @param makes whether it can be known what the machine can make. */
  read(makes: boolean): Pick<Telegram, "good" | "reject"> {
    // A reading that cannot be, now and then, of a counter that is far from both its ends.
    const odd =
      makes && !this.#odd && this.#good > 5_000 && this.#good < 40_000 && this.#dice.chance(0.000_5);
    this.#odd = odd;
    return { good: odd ? this.#good + 2_000_000_000 : this.#good, reject: this.#reject };
  }
}

function isRunning(runs: readonly RunStory[], from: number, to: number): boolean {
  return runs.some(({ steps }) =>
    steps.some(({ at, action }, index) => {
      const until = steps[index + 1]?.at ?? at;
      return (action === "start" || action === "resume") && at <= from && to <= until;
    }),
  );
}

/** Telegrams of all machines in the order in which they arrive: in disorder, some twice, some up to a day late. */
export function arrivalsOf(
  story: Story,
  seed: number,
): { readonly path: string; readonly telegram: Telegram }[] {
  const dice = new Dice(seed);
  const arrivals: { at: number; path: string; telegram: Telegram }[] = [];
  for (const { path, telegrams } of story.machines) {
    const outages = outagesOf(story, dice);
    for (const telegram of telegrams) {
      const { ts } = telegram;
      const outage = outages.find(({ from, to }) => from <= ts && ts < to);
      const delay = dice.chance(0.1) ? dice.between(0, 10 * MINUTE) : 0;
      const at = outage ? outage.to + dice.between(0, MINUTE) : ts + delay;
      arrivals.push({ at, path, telegram });
      if (dice.chance(0.02)) arrivals.push({ at: at + dice.between(0, 12 * HOUR), path, telegram });
    }
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

/** When a machine cannot send: what it says then comes afterwards, in any order. */
function outagesOf({ from, to }: Story, dice: Dice): { from: number; to: number }[] {
  const outages: { from: number; to: number }[] = [];
  for (let at = from + dice.around(5 * DAY); at < to; at += dice.around(6 * DAY)) {
    const end = at + dice.between(10 * MINUTE, 23 * HOUR);
    outages.push({ from: at, to: end });
    at = end;
  }
  return outages;
}
