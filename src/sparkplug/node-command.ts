import { isDeepStrictEqual } from "node:util";
import { err, ok, type Result } from "../kernel/result.js";
import { type MetricDefinition, REBIRTH_METRIC } from "./birth.js";
import { type MetricValue, metricValueOf } from "./metric-value.js";
import { DataType, type Metric, type Payload, type WireValue } from "./payload.js";
import type { Reading } from "./readings.js";
import { deviceCommandTopic, type EdgeNodeId, nodeCommandTopic } from "./sparkplug-topic.js";
import { wireValueOf } from "./wire-value.js";

/** A value for a metric, as the birth of its node or device defines it. */
export interface MetricWrite {
  readonly definition: MetricDefinition;
  readonly value: MetricValue;
}

/** A message to an edge node. */
export interface CommandMessage {
  readonly topic: string;
  readonly payload: Payload;
  readonly qos: 0;
  readonly retain: false;
}

/** How a command is told. */
export interface CommandOptions {
  /**
   * Whether each metric tells its data type. The specification would rather not, but most edge nodes in use cannot
   * read a value without it; true unless told.
   */
  readonly sendDatatype?: boolean;
}

/** 32-bit numbers agree within two of their steps: devices scale and round them. */
const FLOAT_STEPS = 2 ** -22;

/**
 * A command that writes values of an edge node (`device` null) or of a device.
 * @param now milliseconds since 1970.
 * @returns an error, as a sentence, where a value does not fit its metric.
 */
export function writeCommand(
  { id, device, writes }: { id: EdgeNodeId; device: string | null; writes: readonly MetricWrite[] },
  now: number,
  options: CommandOptions = {},
): Result<CommandMessage, string> {
  const payload = commandPayload(writes, now, options);
  if (!payload.ok) return payload;
  return ok(
    commandTo(device === null ? nodeCommandTopic(id) : deviceCommandTopic(id, device), payload.value),
  );
}

/** A request for a rebirth. */
export function rebirthCommand(id: EdgeNodeId, now: number): CommandMessage {
  return commandTo(nodeCommandTopic(id), rebirthPayload(now));
}

/** The payload of an NCMD or DCMD that writes values; as `writeCommand`. */
function commandPayload(
  writes: readonly MetricWrite[],
  now: number,
  { sendDatatype = true }: CommandOptions = {},
): Result<Payload, string> {
  const metrics: Metric[] = [];
  for (const { definition, value } of writes) {
    const wire = value === null ? ok(null) : wireValueOf(value, definition.dataType);
    if (!wire.ok) return err(`the metric ${JSON.stringify(definition.name)}: ${wire.error}`);
    metrics.push(within(definition, metricFor(definition, wire.value, now, sendDatatype), now, sendDatatype));
  }
  return ok(payloadOf(metrics, now));
}

/** The payload of an NCMD that asks for a rebirth. It names the metric, because a host that asks knows no alias. */
function rebirthPayload(now: number): Payload {
  const wire = { field: "boolean", value: true } as const;
  return payloadOf(
    [{ ...EMPTY, name: REBIRTH_METRIC, timestamp: now, dataType: DataType.Boolean, wire }],
    now,
  );
}

/**
 * Whether a reading proves that a write has been followed: it is of the metric, of the present, and tells the value.
 * Readings that came before the write prove nothing; which they are the caller knows.
 * @param tolerance how far a number may be off, besides what 32 bits cannot hold.
 */
export function confirms({ definition, value }: MetricWrite, reading: Reading, tolerance = 0): boolean {
  if (reading.metric !== definition.name || reading.historical || reading.quality !== "GOOD") return false;
  const wire = value === null ? ok(null) : wireValueOf(value, definition.dataType);
  if (!wire.ok) return false;
  // What was sent, as the device reads it: 0.1 of a Float is another number than 0.1.
  const sent = metricValueOf({ isNull: wire.value === null, wire: wire.value }, definition.dataType);
  return sent.ok && isSame(sent.value, reading.value, definition.dataType, tolerance);
}

const EMPTY: Metric = {
  name: null,
  alias: null,
  timestamp: null,
  dataType: DataType.Unknown,
  historical: false,
  transient: false,
  isNull: false,
  metadata: null,
  properties: null,
  wire: null,
};

function payloadOf(metrics: readonly Metric[], timestamp: number): Payload {
  return { timestamp, metrics, seq: null, uuid: null, body: null };
}

function commandTo(topic: string, payload: Payload): CommandMessage {
  return { topic, payload, qos: 0, retain: false };
}

function metricFor(
  { name, alias, dataType, memberOf }: MetricDefinition,
  wire: WireValue | null,
  timestamp: number,
  sendDatatype: boolean,
): Metric {
  return {
    ...EMPTY,
    // Where the birth gave an alias, the name has to be left out; members of templates are known by name.
    name: memberOf !== null ? memberOf.member : alias === null ? name : null,
    alias: memberOf === null ? alias : null,
    timestamp,
    dataType: sendDatatype ? dataType : DataType.Unknown,
    isNull: wire === null,
    wire,
  };
}

/** A member of a template is written as an instance with that member alone. */
function within(definition: MetricDefinition, metric: Metric, now: number, sendDatatype: boolean): Metric {
  const parent = definition.memberOf?.parent;
  if (parent === undefined) return metric;
  const instance = {
    version: null,
    metrics: [metric],
    parameters: [],
    templateRef: parent.templateRef,
    isDefinition: false,
  };
  const wire = { field: "template", value: instance } as const;
  return within(parent, metricFor(parent, wire, now, sendDatatype), now, sendDatatype);
}

function isSame(sent: MetricValue, read: MetricValue, dataType: number, tolerance: number): boolean {
  if (isNumber(sent) && isNumber(read)) return isSameNumber(sent, read, dataType, tolerance);
  if (Array.isArray(sent) && Array.isArray(read))
    return (
      sent.length === read.length && sent.every((item, at) => isSame(item, read[at], dataType, tolerance))
    );
  return isDeepStrictEqual(sent, read);
}

function isNumber(value: MetricValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isSameNumber(
  sent: number | bigint,
  read: number | bigint,
  dataType: number,
  tolerance: number,
): boolean {
  if (typeof sent === "bigint" || typeof read === "bigint") {
    // Within 64 bits a number would hide a difference.
    const exact = Number.isInteger(Number(sent)) && Number.isInteger(Number(read));
    return exact && BigInt(sent) === BigInt(read);
  }
  if (Object.is(sent, read) || sent === read || Math.abs(sent - read) <= tolerance) return true;
  if (dataType === DataType.Float || dataType === DataType.FloatArray)
    return Math.abs(sent - read) <= Math.abs(sent) * FLOAT_STEPS;
  // Behind many a Double stands a register of 32 bits.
  return (dataType === DataType.Double || dataType === DataType.DoubleArray) && read === Math.fround(sent);
}
