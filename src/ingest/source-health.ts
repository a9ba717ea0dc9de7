import type { LinkStatus } from "../mqtt/link-status.js";
import type { SourceStats } from "./source-stats.js";

export const SOURCE_HEALTHS = ["CONNECTED", "LAGGING", "DISCONNECTED", "STANDBY", "PAUSED"] as const;
export type SourceHealth = (typeof SOURCE_HEALTHS)[number];

/** Messages that wait longer than this for their commit make a source lag. */
const LAGGING_AFTER_MS = 5_000;

/** How far what is committed is behind what has come. */
export interface SourceLag {
  readonly messages: number;
  readonly ms: number;
}

export function lagOf(stats: SourceStats, now: number): SourceLag {
  const messages = Math.max(stats.received - stats.committed - stats.dropped - stats.returned, 0);
  if (messages === 0) return { messages, ms: 0 };
  return { messages, ms: Math.max(now - (stats.committedUpTo ?? stats.firstReceivedAt ?? now), 0) };
}

/** What the broker of a well source throws away is a problem all the same; another one is told beside it. */
export function withDrops<Health extends { problem: string | null }>(
  health: Health,
  drops: string | null,
): Health {
  if (drops === null) return health;
  return { ...health, problem: health.problem === null ? drops : `${health.problem}; ${drops}` };
}

/**
 * How a source is, and why when it is not well.
 * @param commitProblem why nothing is being committed, or null.
 */
export function healthOf(
  source: { standby: boolean; paused: boolean; link: LinkStatus },
  lag: SourceLag,
  commitProblem: string | null,
): { health: SourceHealth; problem: string | null } {
  // Not before what had come is committed and the connection is ended.
  if (source.paused && source.link.phase === "stopped") {
    return { health: "PAUSED", problem: "paused: its messages wait with the broker" };
  }
  if (source.standby) return { health: "STANDBY", problem: "another server consumes it" };
  const { link } = source;
  if (link.phase !== "connected") {
    return { health: "DISCONNECTED", problem: link.phase === "connecting" ? link.problem : "not started" };
  }
  if (commitProblem !== null) return { health: "LAGGING", problem: commitProblem };
  if (lag.ms >= LAGGING_AFTER_MS)
    return { health: "LAGGING", problem: `commits are ${Math.round(lag.ms / 1000)} s behind` };
  return { health: "CONNECTED", problem: link.problem };
}
