import { type Desired, isFollowed, type Reported, stepped } from "./desired.js";

/** The first time in a period that a value was handed to the broker. */
interface Attempt {
  readonly period: number;
  readonly at: Date;
  /** Why the broker will not take it, however often it is tried; null when it took it. */
  readonly refused: string | null;
}

/** A desired value, and what the server that delivers it remembers of it while it runs. */
export interface Tracked {
  desired: Desired;
  attempt: Attempt | null;
  /** The last period in which the machine reported that it follows. */
  confirmedIn: number | null;
  /** Milliseconds: since when the machine reports something else than what it had followed. */
  departedAt: number | null;
}

/** The time in which what was sent once need not be sent again. */
export interface Period {
  /** Another one for each connection to the broker, topic, and time that the machine is online without a break. */
  readonly number: number;
  /** Milliseconds: when the server noticed that it had begun. */
  readonly since: number;
}

/** How a machine is right now, to the server that delivers. */
export interface Situation {
  /** Milliseconds. */
  readonly now: number;
  readonly offline: boolean;
  /** Null when nothing can be sent. */
  readonly period: Period | null;
  /** Why nothing may be sent though it could; null when it may. */
  readonly hold: string | null;
  /** The device does not know yet that something is no longer wanted. */
  readonly withdrawn: boolean;
  /** The last period in which this version was sent, or refused by the broker. */
  readonly toldIn: number | null;
  /** Null before the metric's first report. */
  reported(metric: string): Reported | null;
  followWithinMs(metric: string): number;
}

/** What there is to do for a machine. */
export interface Plan {
  /** To be written before anything is sent. */
  readonly steps: readonly Desired[];
  /** All that the machine does not follow, when it is to be told; it may be empty. */
  readonly send: readonly Tracked[] | null;
  /** Milliseconds: when to look again though nothing has happened; infinite when never. */
  readonly wakeAt: number;
}

/** What to do about one value. */
type Verdict =
  | { readonly kind: "nothing" }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "step"; readonly to: Desired }
  | { readonly kind: "send" };

const NOTHING: Verdict = { kind: "nothing" };
const SEND: Verdict = { kind: "send" };

/** Decides from what is desired, sent and reported. All that it changes is what `tracked` remembers of reports. */
export function planDelivery(tracked: Iterable<Tracked>, situation: Situation): Plan {
  const steps: Desired[] = [];
  const delta: Tracked[] = [];
  let wakeAt = Number.POSITIVE_INFINITY;
  const { period, hold, withdrawn, toldIn } = situation;
  let send = withdrawn && period !== null && hold === null && toldIn !== period.number;
  for (const one of tracked) {
    const reported = situation.reported(one.desired.metric);
    const followed = isFollowed(one.desired, reported);
    const verdict = followed
      ? settled(one, reported, situation)
      : judge(one, followed === false, situation, period);
    if (verdict.kind === "step") steps.push(verdict.to);
    else if (verdict.kind === "wait") wakeAt = Math.min(wakeAt, verdict.until);
    else if (verdict.kind === "send") send = true;
    if (!followed && (followed === false || one.desired.status !== "SETTLED")) delta.push(one);
  }
  return { steps, send: send ? delta : null, wakeAt };
}

function settled(tracked: Tracked, reported: Reported | null, situation: Situation): Verdict {
  const { period, now } = situation;
  tracked.departedAt = null;
  if (period !== null && reported !== null && reported.receivedAt >= period.since)
    tracked.confirmedIn = period.number;
  if (tracked.desired.status === "SETTLED") return NOTHING;
  return { kind: "step", to: stepped(tracked.desired, "SETTLED", { at: now }) };
}

/** @param contradicted whether the machine reports something else, and not just nothing. */
function judge(
  tracked: Tracked,
  contradicted: boolean,
  situation: Situation,
  period: Period | null,
): Verdict {
  const { desired } = tracked;
  const { now } = situation;
  if (desired.status === "SETTLED" && !contradicted) return NOTHING;
  if (desired.status === "SENT" && situation.offline)
    return { kind: "step", to: stepped(desired, "PENDING", { at: now, reason: "the machine went offline" }) };
  if (period === null) return NOTHING;
  // What it followed since it is back and no longer does is its own or an operator's doing: it is shown, not fought.
  const ownDoing = tracked.confirmedIn === period.number;
  if (desired.status === "SETTLED" && ownDoing) return departed(tracked, situation);
  if (desired.status === "NOT_FOLLOWED" && ownDoing) return NOTHING;
  if (tracked.attempt?.period === period.number) return attempted(tracked, tracked.attempt, situation);
  return situation.hold === null ? SEND : held(desired, situation.hold, now);
}

function departed(tracked: Tracked, situation: Situation): Verdict {
  const { desired } = tracked;
  tracked.departedAt ??= situation.now;
  const until = tracked.departedAt + situation.followWithinMs(desired.metric);
  if (situation.now < until) return { kind: "wait", until };
  return { kind: "step", to: stepped(desired, "NOT_FOLLOWED", { at: situation.now }) };
}

/** What follows for a value that was handed to the broker in this period. */
function attempted(tracked: Tracked, attempt: Attempt, situation: Situation): Verdict {
  const { desired } = tracked;
  const { status } = desired;
  const { now } = situation;
  if (attempt.refused !== null) return held(desired, attempt.refused, now);
  if (desired.sentAt?.getTime() !== attempt.at.getTime()) {
    const { at: sentAt } = attempt;
    if (status === "NOT_FOLLOWED") return { kind: "step", to: stepped(desired, status, { at: now, sentAt }) };
    const followBy = new Date(sentAt.getTime() + situation.followWithinMs(desired.metric));
    return { kind: "step", to: stepped(desired, "SENT", { at: now, sentAt, followBy }) };
  }
  if (status === "SETTLED") return departed(tracked, situation);
  if (status !== "SENT") return NOTHING;
  const until = desired.followBy?.getTime() ?? now;
  if (now < until) return { kind: "wait", until };
  return { kind: "step", to: stepped(desired, "NOT_FOLLOWED", { at: now }) };
}

/** Waiting, with its reason to be seen; one that is not followed goes on being told as that. */
function held(desired: Desired, reason: string, now: number): Verdict {
  if (desired.status === "NOT_FOLLOWED") return NOTHING;
  if (desired.status === "PENDING" && desired.reason === reason) return NOTHING;
  return { kind: "step", to: stepped(desired, "PENDING", { at: now, reason }) };
}
