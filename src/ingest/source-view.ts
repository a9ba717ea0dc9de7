import type { Consumer } from "./consumer.js";
import { healthOf, lagOf, type SourceHealth, withDrops } from "./source-health.js";
import { type SourceOwner, shownUrl } from "./source-setup.js";

/** A source as the API shows it. */
export interface SourceView {
  readonly name: string;
  readonly owner: SourceOwner;
  readonly version: number | null;
  /** Without user and password. */
  readonly url: string;
  readonly qos: number;
  readonly discovery: "AUTO" | "OFF";
  readonly inFlight: number;
  readonly mappings: readonly unknown[];
  /** Null for a source with mappings. */
  readonly sparkplug: object | null;
  readonly health: SourceHealth;
  readonly problem: string | null;
  readonly since: Date | null;
  readonly mqttVersion: string | null;
  readonly lagMessages: number;
  readonly lagMs: number;
  readonly received: number;
  readonly committed: number;
  readonly samples: number;
  readonly repeated: number;
  readonly late: number;
  readonly dead: number;
  readonly dropped: number;
  readonly returned: number;
  readonly missed: number;
  readonly brokerDropped: number;
}

/** @param commitProblem why nothing is being committed, or null. */
export function sourceView(
  { stats, status, drops, setup }: Consumer,
  commitProblem: string | null,
  now: number,
): SourceView {
  const lag = lagOf(stats, now);
  const { link } = status;
  const { url, qos, discovery, inFlight, mappings, sparkplug } = setup.config;
  return {
    name: status.name,
    owner: setup.owner,
    version: setup.version,
    url: shownUrl(url),
    qos,
    discovery: discovery === "auto" ? "AUTO" : "OFF",
    inFlight,
    mappings,
    sparkplug: sparkplug ?? null,
    ...withDrops(healthOf(status, lag, commitProblem), drops.problem(now)),
    since: link.phase === "stopped" ? null : new Date(link.since),
    mqttVersion: link.phase === "connected" ? (link.protocolVersion === 5 ? "5" : "3.1.1") : null,
    lagMessages: lag.messages,
    lagMs: lag.ms,
    received: stats.received,
    committed: stats.committed,
    samples: stats.samples,
    repeated: stats.repeated,
    late: stats.late,
    dead: stats.dead,
    dropped: stats.dropped,
    returned: stats.returned,
    missed: stats.missed,
    brokerDropped: drops.dropped,
  };
}
