import { BD_SEQ_METRIC, REBIRTH_METRIC } from "./birth.js";
import type { NodeMessage } from "./node-events.js";
import { DataType, type Payload } from "./payload.js";

/** When a message was sent, by the node's clock; null: it does not say. */
export function stampOf({ payload }: NodeMessage): number | null {
  return payload?.timestamp ?? null;
}

/** A message's number, 0 to 255; null: it has none. Nodes that never begin anew at 0 are read as if they did. */
export function seqOf({ seq }: Payload): number | null {
  return seq === null || !Number.isInteger(seq) || seq < 0 ? null : seq % 256;
}

/** The number of the connection that a birth or death of a node belongs to; null: it does not say. */
export function bdSeqOf({ metrics }: Payload): number | null {
  const wire = metrics.find(({ name }) => name === BD_SEQ_METRIC)?.wire;
  return wire?.field === "int" || wire?.field === "long" ? Number(wire.value) : null;
}

/** Whether each value of a message tells when it was read. */
export function hasTimes({ timestamp, metrics }: Payload): boolean {
  return timestamp !== null || metrics.every((metric) => metric.timestamp !== null);
}

/** What an NBIRTH lacks of what the specification wants of it for the host's sake, as sentences. */
export function sessionProblems(payload: Payload): string[] {
  const problems: string[] = [];
  if (payload.seq !== 0) problems.push(`its sequence number is ${payload.seq ?? "missing"}, not 0`);
  if (bdSeqOf(payload) === null)
    problems.push(`it has no ${BD_SEQ_METRIC}: a late death cannot be told from a true one`);
  const rebirth = payload.metrics.find(({ name }) => name === REBIRTH_METRIC);
  if (rebirth === undefined) return [...problems, `it has no metric "${REBIRTH_METRIC}"`];
  if (rebirth.dataType !== DataType.Boolean) problems.push(`"${REBIRTH_METRIC}" is no Boolean`);
  else if (rebirth.wire?.field !== "boolean" || rebirth.wire.value)
    problems.push(`the value of "${REBIRTH_METRIC}" is not false`);
  if (rebirth.alias !== null) problems.push(`"${REBIRTH_METRIC}" has an alias`);
  return problems;
}
