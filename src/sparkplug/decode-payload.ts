import { err, ok, type Result } from "../kernel/result.js";
import {
  grown,
  readDataSet,
  readExtension,
  readMetaData,
  readPropertySet,
  readScalar,
} from "./decode-parts.js";
import type { MetaData, Metric, Parameter, Payload, PropertySet, Template, WireValue } from "./payload.js";
import { DELIMITED, VARINT } from "./wire-format.js";
import { WireReader } from "./wire-reader.js";

/**
 * The payload in the bytes of a Sparkplug B message, or what is wrong with them and where. Never throws.
 *
 * As protobuf has it: unknown fields, extensions and groups are read over; of a field that comes twice the last one counts, lists
 * grow and messages merge; of the members of a value the last one counts. A known field with a wrong wire type is refused, because
 * reading over it would lose a value unseen. Text that is not UTF-8 is taken with U+FFFD in place of what is none. Times beyond
 * 2^53 have the precision of a double.
 *
 * Refused besides: messages more than 32 levels within one another, and more than a million parts. What is allocated is at most
 * some 60 bytes for each byte of the input.
 */
export function decodePayload(bytes: Uint8Array): Result<Payload, string> {
  const reader = new WireReader(bytes);
  const payload = readPayload(reader);
  return reader.problem === null ? ok(payload) : err(reader.problem);
}

function readPayload(reader: WireReader): Payload {
  const metrics: Metric[] = [];
  let timestamp: number | null = null;
  let seq: number | null = null;
  let uuid: string | null = null;
  let body: Uint8Array | null = null;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | VARINT:
        timestamp = reader.time();
        break;
      case (2 << 3) | DELIMITED:
        metrics.push(readMetric(reader));
        break;
      case (3 << 3) | VARINT:
        seq = reader.time();
        break;
      case (4 << 3) | DELIMITED:
        uuid = reader.string();
        break;
      case (5 << 3) | DELIMITED:
        body = reader.bytes();
        break;
      default:
        reader.skip(tag, 5);
    }
  }
  return { timestamp, metrics, seq, uuid, body };
}

function readMetric(reader: WireReader): Metric {
  const outer = reader.open();
  let name: string | null = null;
  let alias: number | bigint | null = null;
  let timestamp: number | null = null;
  let dataType = 0;
  let historical = false;
  let transient = false;
  let isNull = false;
  let metadata: MetaData | null = null;
  let properties: PropertySet | null = null;
  let wire: WireValue | null = null;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | DELIMITED:
        name = reader.string();
        break;
      case (2 << 3) | VARINT:
        alias = reader.uint64();
        break;
      case (3 << 3) | VARINT:
        timestamp = reader.time();
        break;
      case (4 << 3) | VARINT:
        dataType = reader.uint32();
        break;
      case (5 << 3) | VARINT:
        historical = reader.bool();
        break;
      case (6 << 3) | VARINT:
        transient = reader.bool();
        break;
      case (7 << 3) | VARINT:
        isNull = reader.bool();
        break;
      case (8 << 3) | DELIMITED:
        metadata = readMetaData(reader, metadata);
        break;
      case (9 << 3) | DELIMITED:
        properties = readPropertySet(reader, properties);
        break;
      default:
        wire = readMetricValue(reader, tag, wire);
    }
  }
  reader.close(outer);
  return {
    name,
    alias,
    timestamp,
    dataType,
    historical,
    transient,
    isNull,
    metadata,
    properties,
    wire,
  };
}

/** @param before what the value's `oneof` holds so far, which is kept where the tag is none of its members. */
function readMetricValue(reader: WireReader, tag: number, before: WireValue | null): WireValue | null {
  const scalar = readScalar(reader, tag, 10);
  if (scalar !== null) return scalar;
  switch (tag) {
    case (16 << 3) | DELIMITED:
      return { field: "bytes", value: reader.bytes() };
    case (17 << 3) | DELIMITED: {
      const merged = before?.field === "dataset" ? before.value : null;
      return { field: "dataset", value: readDataSet(reader, merged) };
    }
    case (18 << 3) | DELIMITED: {
      const merged = before?.field === "template" ? before.value : null;
      return { field: "template", value: readTemplate(reader, merged) };
    }
    case (19 << 3) | DELIMITED:
      return readExtension(reader);
    default:
      reader.skip(tag, 19);
      return before;
  }
}

function readTemplate(reader: WireReader, before: Template | null): Template {
  const outer = reader.open();
  const metrics = grown(before?.metrics);
  const parameters = grown(before?.parameters);
  let version = before?.version ?? null;
  let templateRef = before?.templateRef ?? null;
  let isDefinition = before?.isDefinition ?? false;
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | DELIMITED:
        version = reader.string();
        break;
      case (2 << 3) | DELIMITED:
        metrics.push(readMetric(reader));
        break;
      case (3 << 3) | DELIMITED:
        parameters.push(readParameter(reader));
        break;
      case (4 << 3) | DELIMITED:
        templateRef = reader.string();
        break;
      case (5 << 3) | VARINT:
        isDefinition = reader.bool();
        break;
      default:
        reader.skip(tag, 5);
    }
  }
  reader.close(outer);
  return { version, metrics, parameters, templateRef, isDefinition };
}

function readParameter(reader: WireReader): Parameter {
  const outer = reader.open();
  let name: string | null = null;
  let dataType = 0;
  let wire: WireValue | null = null;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | DELIMITED)) name = reader.string();
    else if (tag === ((2 << 3) | VARINT)) dataType = reader.uint32();
    else if (tag === ((9 << 3) | DELIMITED)) wire = readExtension(reader);
    else {
      const scalar: WireValue | null = readScalar(reader, tag, 3);
      if (scalar === null) reader.skip(tag, 9);
      else wire = scalar;
    }
  }
  reader.close(outer);
  return { name, dataType, wire };
}
