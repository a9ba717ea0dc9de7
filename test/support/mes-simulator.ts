import { Counters, isRunning } from "./mes-counters.js";
import { Dice } from "./mes-dice.js";
import { type PlannedShift, shiftsOf } from "./mes-oracle-calendar.js";
import { CALENDARS, type MachineStory, type Story, type StoryCalendar, type Telegram } from "./mes-story.js";
import { joinedOrders, maintenanceOf, runsOf } from "./mes-work.js";

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
const ENERGY_UNITS = ["kWh", null, "MJ", "kWh"];

type Silence = MachineStory["silences"][number];

export interface Scale {
  readonly machines: number;
  readonly days: number;
  /** Seconds between telegrams with counters. */
  readonly intervalS: number;
  readonly seed: number;
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
  const plans = Array.from({ length: scale.machines }, (_, index) => {
    const line = index < scale.machines / 2 ? "line-1" : "line-2";
    const calendar = CALENDARS[index % 4 === 3 ? 1 : 0] as StoryCalendar;
    const path = `acme/plant/hall/${line}/m${String(index + 1).padStart(2, "0")}`;
    const free = index % 3 === 2;
    const dice = new Dice(scale.seed * 1_000 + index);
    const [rollOver = null, energyUnit = null] = [ROLL_OVERS[index % 4], ENERGY_UNITS[index % 4]];
    return {
      ...{ path, calendar, free, rollOver, energyUnit, dice },
      telegrams: [],
      silences: [],
      runs: free ? [] : runsOf(path, { from, to }, index % 6 === 4 ? from + 0.7 * (to - from) : to, dice),
      maintenance: maintenanceOf({ from, to }, dice),
    };
  });
  const machines = joinedOrders(plans, new Dice(scale.seed)).map((plan, index) => {
    const { dice } = plans[index] as (typeof plans)[number];
    const machine = { ...plan, from, to, shifts: shifts.get(plan.calendar.name) ?? [] };
    const telegrams = telegramsOf(machine, doingsOf(machine, dice), dice, scale.intervalS * SECOND);
    return { ...plan, telegrams, silences: silencesOf(machine, telegrams, dice) };
  });
  const first = machines[0]?.path ?? "acme";
  const late = from + 5 * DAY + 13 * HOUR;
  const stops = [
    ...[
      { path: "acme/plant/hall/line-1", from: from + 3 * DAY + 11 * HOUR, to: from + 3 * DAY + 12.5 * HOUR },
    ],
    ...[{ path: "acme/plant", from: moment - 30 * MINUTE, to: moment + 20 * MINUTE }],
    ...[{ path: first, from: moment - 10 * MINUTE, to: moment + 90 * MINUTE }],
  ].map((stop) => ({ ...stop, late: false }));
  stops.push({ path: "acme/plant/hall/line-2", from: late, to: late + 3 * HOUR, late: true });
  return { from, to, machines, stops };
}

interface Machine extends Omit<MachineStory, "telegrams" | "silences"> {
  readonly from: number;
  readonly to: number;
  readonly shifts: readonly PlannedShift[];
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

function telegramsOf(machine: Machine, doings: readonly Doing[], dice: Dice, interval: number): Telegram[] {
  const { runs } = machine;
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
    if (before !== null && now !== null) counters.work(before, ts, now.state, runs);
    const makes = machine.free || isRunning(runs, ts, ts);
    now = change ?? now;
    before = ts;
    const all = now && { state: now.state, mode: now.mode, fault: now.fault };
    if (change && all) telegrams.push({ ts, ...all, ...(dice.chance(0.5) ? counters.read(makes) : {}) });
    else telegrams.push({ ts, ...counters.read(makes), ...(dice.chance(0.1) ? all : {}) });
  }
  return telegrams;
}

/**
 * Times of up to a day in which the machine cannot send. Nothing happens to its counters meanwhile that could not be told
 * from what it says before and after.
 */
function silencesOf({ from, to }: Machine, telegrams: readonly Telegram[], dice: Dice): Silence[] {
  const silences: Silence[] = [];
  for (let at = from + dice.around(3 * DAY); at < to - DAY; at += dice.around(3 * DAY)) {
    const silence = { from: at, to: at + dice.between(10 * MINUTE, 22 * HOUR) };
    const inside = telegrams.filter(({ ts }) => silence.from <= ts && ts < silence.to);
    const before = telegrams.filter(({ ts, good }) => ts < silence.from && good !== undefined).at(-1);
    const after = telegrams.find(({ ts, good }) => ts >= silence.to && good !== undefined);
    if (isSteady([before, ...inside, after])) silences.push(silence);
    at = silence.to + HOUR;
  }
  return silences;
}

function isSteady(telegrams: readonly (Telegram | undefined)[]): boolean {
  return (["good", "reject", "energy"] as const).every((counter) => {
    const values = telegrams.flatMap((one) => one?.[counter] ?? []);
    return values.every((value, index) => value < 1_000_000 && value >= (values[index - 1] ?? 0));
  });
}
