import type { Twin } from "../twin/machine-twin.js";
import { machineStateOf } from "../twin/packml.js";
import type { Series } from "../twin/twin-model.js";
import type { CommandWrite } from "./command-policy.js";

/** Since when a machine's reports can prove that it followed a command. */
export interface ProofWindow {
  /** Milliseconds, by the server's clock: when the command may first have been sent. */
  readonly since: number;
  /**
   * By metric, the milliseconds that its clock was behind the server's then, with the way of its messages. A metric
   * that had not reported has none: its clock is not known.
   */
  readonly lags: ReadonlyMap<string, number>;
}

/** Devices that tell whole seconds stamp a reading up to this much too early. */
const CLOCK_STEP_MS = 1_000;
/** Devices keep floats in 32 bits, or calculate with them. */
const TOLERANCE = 1e-6;
/** Floats of 32 bits hold all integers up to here. */
const EXACT_INTEGERS = 2 ** 24;

/** @param writes what the command writes; the metrics that tell the state are looked at in any case. */
export function proofWindow(twin: Twin, writes: readonly CommandWrite[], since: number): ProofWindow {
  const { table } = twin;
  const lags = new Map<string, number>();
  const written = writes.flatMap(({ metric }) => twin.series(metric) ?? []);
  for (const { metric, place } of [...written, ...stateSeries(twin)]) {
    const lag = table.receivedAt(place) - table.time(place);
    if (Number.isFinite(lag)) lags.set(metric, Math.max(lag, 0));
  }
  return { since, lags };
}

/** Whether the machine reports the written value, after the command was sent. */
export function isEchoed(twin: Twin, write: CommandWrite, window: ProofWindow): boolean {
  const series = twin.series(write.metric);
  if (!series || !isEvidence(twin, series, window)) return false;
  return isSameValue(write, twin.table.value(series.place));
}

/** The state, of those given, that the machine reports after the command was sent; null when it reports none. */
export function stateReached(twin: Twin, states: readonly string[], window: ProofWindow): string | null {
  for (const series of stateSeries(twin)) {
    if (!isEvidence(twin, series, window)) continue;
    const state = machineStateOf(twin.table.value(series.place));
    if (states.includes(state)) return state;
  }
  return null;
}

/**
 * Whether a reading can prove anything about a command: of full quality, come after the sending, and not sampled before
 * it by a device that sends late what it has kept.
 */
function isEvidence({ table }: Twin, { metric, place }: Series, { since, lags }: ProofWindow): boolean {
  const lag = lags.get(metric) ?? Number.POSITIVE_INFINITY;
  return (
    table.quality(place) === "GOOD" &&
    table.receivedAt(place) > since &&
    table.time(place) + lag + CLOCK_STEP_MS >= since
  );
}

function stateSeries(twin: Twin): Series[] {
  const metrics = twin.machine.machineType?.metrics ?? [];
  return metrics.flatMap(({ name, role }) => (role === "STATE" ? (twin.series(name) ?? []) : []));
}

function isSameValue({ value, dataType }: CommandWrite, reported: unknown): boolean {
  if (reported === value) return true;
  if (dataType !== "Double" || typeof value !== "number" || typeof reported !== "number") return false;
  const larger = Math.max(Math.abs(value), Math.abs(reported));
  const integers = Number.isInteger(value) && Number.isInteger(reported);
  if (integers && larger <= EXACT_INTEGERS) return false;
  return Math.abs(value - reported) <= TOLERANCE * larger;
}
