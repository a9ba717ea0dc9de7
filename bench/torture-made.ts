/** One machine in so many counts pieces and has a state; of these every other one has an order. */
const COUNTING = 5;
const ORDERED = 10;
/** What a counting machine does repeats after so many of its messages. */
const CYCLE = 40;
/** Messages of a cycle that are sent in each other's place; the last one of a cycle with the first one of the next, too. */
const SWAPPED: Readonly<Record<number, number>> = { 8: 11, 11: 8, 18: 20, 20: 18, 35: 37, 37: 35 };
/** So many of a machine's messages come at most between a message and its place. */
export const MOST_DISORDER = 3;

/** The highest value of the counter of good pieces; it goes on at 0. */
export const COUNTER_MAX = 9_999;

export const STATES = { EXECUTE: 6, HELD: 11, SUSPENDED: 5, IDLE: 4 } as const;
export type TortureState = keyof typeof STATES;

/** By the place in a cycle. */
const REPORTED: Readonly<Record<number, TortureState>> = {
  0: "EXECUTE",
  5: "HELD",
  10: "EXECUTE",
  15: "SUSPENDED",
  20: "EXECUTE",
  // Once more, which is no change.
  25: "EXECUTE",
  30: "HELD",
  35: "IDLE",
};

/** The numbers of a run, its machines in turn. */
export interface Numbers {
  readonly messages: number;
  readonly machines: number;
}

/** Whether a machine counts. */
export function isCounting(machine: number): boolean {
  return machine % COUNTING === 0;
}

/** Whether operations run on a machine, which counts then. */
export function isOrdered(machine: number): boolean {
  return machine % ORDERED === 0;
}

/** The machines that count. */
export function countingMachines({ machines }: Numbers): number[] {
  return Array.from({ length: machines }, (_, machine) => machine).filter(isCounting);
}

/** The number that is sent in a place: its own, but for a few of counting machines, which come too early or too late. */
export function numberAt(place: number, { messages, machines }: Numbers): number {
  const machine = place % machines;
  if (!isCounting(machine)) return place;
  const turn = Math.floor(place / machines);
  const other = partnerOf(turn);
  return Math.max(turn, other) * machines + machine < messages ? other * machines + machine : place;
}

function partnerOf(turn: number): number {
  const step = turn % CYCLE;
  if (step === CYCLE - 1) return turn + 1;
  if (step === 0 && turn > 0) return turn - 1;
  return turn - step + (SWAPPED[step] ?? step);
}

/** What a message brings besides its number; nothing of machines that do not count. */
export function readingsOf(number: number, machines: number): Record<string, number> {
  if (!isCounting(number % machines)) return {};
  const step = Math.floor(number / machines) % CYCLE;
  const state = REPORTED[step];
  return {
    good: goodAt(step),
    ...(step % 4 === 3 ? { scrap: (step + 1) / 4 } : {}),
    ...(state === undefined ? {} : { state: STATES[state] }),
  };
}

/** Begins anew with each cycle, jumps to just below its bound, rolls over, and goes on. */
function goodAt(step: number): number {
  if (step < 10) return 2 + 3 * step;
  return step < 30 ? (9_940 + 7 * (step - 10)) % (COUNTER_MAX + 1) : 73 + 3 * (step - 29);
}

/** What a message proves together with those before it. */
export interface Proof {
  /** In milliseconds. */
  readonly at: number;
  readonly good: number;
  readonly scrap: number;
  readonly state: TortureState | null;
  /** A step of the counter that nobody can believe, as `<from> <to>`. */
  readonly flag: string | null;
}

/** What the messages of a counting machine prove, in the order of time. @param base the time of number 0. */
export function proofsOf(machine: number, { messages, machines }: Numbers, base: number): Proof[] {
  const proofs: Proof[] = [];
  for (let number = machine; number < messages; number += machines) {
    const turn = Math.floor(number / machines);
    const step = turn % CYCLE;
    proofs.push({
      at: base + number,
      // The first reading ever tells of no growth.
      good: turn === 0 ? 0 : madeIn(step),
      scrap: step % 4 === 3 && turn > 3 ? 1 : 0,
      state: REPORTED[step] ?? null,
      flag: step === 10 ? "29 9940" : null,
    });
  }
  return proofs;
}

/** Good pieces since the message before, written down and not computed from the readings. */
function madeIn(step: number): number {
  if (step === 0) return 2;
  if (step === 10) return 0;
  return step < 10 || step >= 30 ? 3 : 7;
}
