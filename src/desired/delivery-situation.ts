import { DEFAULT_STALE_AFTER_MS } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Situation, Tracked } from "./delivery-plan.js";
import { followWithinMs, isFollowed, type Reported } from "./desired.js";
import type { MachineDesires } from "./desired-book.js";
import type { DesiredDelta } from "./desired-writer.js";

/** Whether the device was told of what was withdrawn, and that is not stored yet. */
export function isNews({ withdrawn, told, version }: MachineDesires): boolean {
  return withdrawn && told?.version === version && told.refused === null;
}

/** How a machine is right now; notes when another period begins. */
export function situationOf(
  machine: MachineDesires,
  twin: Twin,
  connection: { readonly connectedSince: number | null },
  now: number,
): Situation {
  const { status, route } = twin;
  const { connectedSince } = connection;
  const reachable = connectedSince !== null && route !== null && (status === "ONLINE" || status === "STALE");
  const before = machine.reached;
  if (!reachable) machine.reached = null;
  else {
    // A machine that is STALE goes on in the period in which it was last online.
    const onlineSince = status === "ONLINE" ? twin.since : (before?.onlineSince ?? null);
    const same =
      before?.connectedSince === connectedSince &&
      before.onlineSince?.getTime() === onlineSince?.getTime() &&
      before.route.deviceTopic === route.deviceTopic;
    machine.reached = { connectedSince, onlineSince, route };
    if (!same) machine.period = { number: machine.period.number + 1, since: now };
  }
  const type = twin.machine.machineType;
  return {
    now,
    offline: status === "OFFLINE",
    period: reachable ? machine.period : null,
    hold: machine.hold,
    withdrawn: machine.withdrawn,
    toldIn: machine.told?.version === machine.version ? machine.told.period : null,
    reported: (metric) => reportOf(twin, metric),
    followWithinMs: (metric) => followWithinMs(type, metric),
  };
}

/** Whether it has reported in this period that it follows everything: only another report can change anything. */
export function isCalm({ metrics, period, reached, withdrawn, hold }: MachineDesires): boolean {
  if (reached === null || withdrawn || hold !== null) return false;
  for (const { desired, confirmedIn } of metrics.values())
    if (desired.status !== "SETTLED" || confirmedIn !== period.number) return false;
  return true;
}

/** Whether a calm machine is reached as before and still follows everything. */
export function staysCalm({ metrics, reached }: MachineDesires, twin: Twin): boolean {
  if (twin.status !== "ONLINE" || twin.since !== reached?.onlineSince || twin.route !== reached?.route)
    return false;
  for (const { desired } of metrics.values())
    if (!isFollowed(desired, reportOf(twin, desired.metric))) return false;
  return true;
}

function reportOf(twin: Twin, metric: string): Reported | null {
  const series = twin.series(metric);
  if (!series || twin.table.time(series.place) === Number.NEGATIVE_INFINITY) return null;
  const { table } = twin;
  const { place } = series;
  return { value: table.value(place), quality: table.quality(place), receivedAt: table.receivedAt(place) };
}

/** What is to be handed to the writer; null when the machine is reached nowhere. */
export function deltaOf(machine: MachineDesires, twin: Twin, send: readonly Tracked[]): DesiredDelta | null {
  const { route } = twin;
  if (!route) return null;
  const type = twin.machine.machineType;
  // After this the twin would have noticed that the machine was away, and it is sent again when it is back.
  const noticed = type?.staleAfterMs ?? DEFAULT_STALE_AFTER_MS;
  const expiresInMs = Math.max(noticed, ...send.map(({ desired }) => followWithinMs(type, desired.metric)));
  return {
    route,
    machine: twin.machine,
    version: machine.version,
    issuedAt: machine.changedAt,
    metrics: send.map(({ desired }) => desired),
    expiresInMs,
  };
}
