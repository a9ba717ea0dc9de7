export const PHASES = ["NORMAL", "PENDING", "ACTIVE", "CLEARING"] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How far the condition of an alarm is. PENDING: it holds, and not yet for as long as its delay. CLEARING: it is gone, and
 * not yet for as long as its clear delay.
 */
export interface ConditionState {
  readonly phase: Phase;
  /** Since when, by the device's clock, in milliseconds. */
  readonly since: number;
  /** When the server learned of it, in milliseconds. */
  readonly learnedAt: number;
}

/** What a look at the readings tells. "neither": within the hysteresis, or nobody knows. */
export type Verdict = "met" | "unmet" | "neither";

/** An alarm is to be raised or cleared. `at` is the device's time in milliseconds. */
export interface Turn {
  readonly kind: "RAISED" | "CLEARED";
  readonly at: number;
}

export interface Delays {
  /** Milliseconds. */
  readonly delayMs: number;
  readonly clearDelayMs: number;
}

/** A moment by the device's clock, and when the server learned of it; milliseconds. */
export interface Moment {
  readonly time: number;
  readonly learnedAt: number;
}

export interface Step {
  readonly state: ConditionState;
  readonly turn: Turn | null;
}

export const NORMAL: ConditionState = { phase: "NORMAL", since: 0, learnedAt: 0 };

/**
 * What a verdict makes of a condition; null where nothing changes. Between raising and clearing "neither" keeps an alarm
 * as it is and ends every wait: a delay counts only while it is certain that the condition holds.
 */
export function judge(
  state: ConditionState,
  verdict: Verdict,
  { time, learnedAt }: Moment,
  { delayMs, clearDelayMs }: Delays,
): Step | null {
  const to = (phase: Phase, kind: Turn["kind"] | null = null): Step => ({
    state: { phase, since: time, learnedAt },
    turn: kind && { kind, at: time },
  });
  switch (state.phase) {
    case "NORMAL":
      if (verdict !== "met") return null;
      return delayMs > 0 ? to("PENDING") : to("ACTIVE", "RAISED");
    case "PENDING":
      return verdict === "met" ? null : to("NORMAL");
    case "ACTIVE":
      if (verdict !== "unmet") return null;
      return clearDelayMs > 0 ? to("CLEARING") : to("NORMAL", "CLEARED");
    case "CLEARING":
      return verdict === "unmet" ? null : to("ACTIVE");
  }
}

/** What a condition becomes once it has lasted up to `time`, which tells the device's clock; null where nothing changes. */
export function elapse(state: ConditionState, { time, learnedAt }: Moment, delays: Delays): Step | null {
  const wait = waitOf(state, delays);
  return wait === null || time < state.since + wait ? null : done(state, state.since + wait, learnedAt);
}

/** Like `elapse`, where the server's clock says that the wait is over. */
export function expire(state: ConditionState, learnedAt: number, delays: Delays): Step | null {
  const wait = waitOf(state, delays);
  return wait === null ? null : done(state, state.since + wait, learnedAt);
}

/** When the server's clock says so, in milliseconds; null while nothing is waited for. */
export function dueAt(state: ConditionState, delays: Delays): number | null {
  const wait = waitOf(state, delays);
  return wait === null ? null : state.learnedAt + wait;
}

function waitOf({ phase }: ConditionState, { delayMs, clearDelayMs }: Delays): number | null {
  if (phase === "PENDING") return delayMs;
  return phase === "CLEARING" ? clearDelayMs : null;
}

function done(state: ConditionState, at: number, learnedAt: number): Step {
  const raised = state.phase === "PENDING";
  return {
    state: { phase: raised ? "ACTIVE" : "NORMAL", since: at, learnedAt },
    turn: { kind: raised ? "RAISED" : "CLEARED", at },
  };
}
