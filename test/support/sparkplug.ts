import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import type {
  DataSet,
  MetaData,
  Metric,
  Parameter,
  Payload,
  PropertySet,
  PropertyValue,
  Template,
  WireValue,
} from "../../src/sparkplug/payload.js";

const SCHEMA = path.resolve(import.meta.dirname, "..", "fixtures", "sparkplug-b.proto");
const REFERENCE = protobuf.parse(readFileSync(SCHEMA, "utf8")).root.lookupType("sparkplug.Payload");
const LARGEST_TIME = 2 ** 64 - 2 ** 11;

/** A message of protobufjs; what is absent is not its own. */
type Message = Record<string, unknown>;

/** What protobufjs reads from the bytes, in our terms. @throws what protobufjs throws. */
export function referenceDecode(bytes: Uint8Array): Payload {
  const message = REFERENCE.decode(bytes) as unknown as Message;
  return {
    timestamp: time(message, "timestamp"),
    metrics: list(message, "metrics").map(metricFrom),
    seq: time(message, "seq"),
    uuid: own(message, "uuid") as string | null,
    body: bytesFrom(own(message, "body")),
  };
}

/** The bytes that protobufjs writes for a payload. */
export function referenceEncode(payload: Payload): Uint8Array {
  const message = {
    ...present({
      timestamp: long(payload.timestamp),
      seq: long(payload.seq),
      uuid: payload.uuid,
      body: payload.body,
    }),
    metrics: payload.metrics.map(metricTo),
  };
  return new Uint8Array(REFERENCE.encode(REFERENCE.fromObject(message)).finish());
}

function own(message: Message, key: string): unknown {
  return Object.hasOwn(message, key) ? message[key] : null;
}

function list(message: Message, key: string): Message[] {
  return message[key] as Message[];
}

function integer(message: Message, key: string): number | bigint | null {
  const value = own(message, key);
  if (value === null) return null;
  const exact = BigInt(String(value));
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

function time(message: Message, key: string): number | null {
  const value = integer(message, key);
  return typeof value === "bigint" ? Math.min(Number(value), LARGEST_TIME) : value;
}

function bytesFrom(value: unknown): Uint8Array | null {
  return value === null ? null : new Uint8Array(value as Uint8Array);
}

function metricFrom(message: Message): Metric {
  const metadata = own(message, "metadata") as Message | null;
  const properties = own(message, "properties") as Message | null;
  return {
    name: own(message, "name") as string | null,
    alias: integer(message, "alias"),
    timestamp: time(message, "timestamp"),
    dataType: (own(message, "datatype") as number | null) ?? 0,
    historical: own(message, "isHistorical") === true,
    transient: own(message, "isTransient") === true,
    isNull: own(message, "isNull") === true,
    metadata: metadata && metaDataFrom(metadata),
    properties: properties && propertySetFrom(properties),
    wire: wireFrom(message) as WireValue | null,
  };
}

function metaDataFrom(message: Message): MetaData {
  return {
    isMultiPart: own(message, "isMultiPart") as boolean | null,
    contentType: own(message, "contentType") as string | null,
    size: integer(message, "size"),
    seq: integer(message, "seq"),
    fileName: own(message, "fileName") as string | null,
    fileType: own(message, "fileType") as string | null,
    md5: own(message, "md5") as string | null,
    description: own(message, "description") as string | null,
  };
}

function wireFrom(message: Message): WireValue | PropertyValue["wire"] {
  const member = message.value as string | undefined;
  const value = member === undefined ? null : message[member];
  switch (member) {
    case undefined:
      return null;
    case "longValue":
      return { field: "long", value: integer(message, member) ?? 0 };
    case "bytesValue":
      return { field: "bytes", value: new Uint8Array(value as Uint8Array) };
    case "datasetValue":
      return { field: "dataset", value: dataSetFrom(value as Message) };
    case "templateValue":
      return { field: "template", value: templateFrom(value as Message) };
    case "propertysetValue":
      return { field: "propertySet", value: propertySetFrom(value as Message) };
    case "propertysetsValue":
      return { field: "propertySetList", value: list(value as Message, "propertyset").map(propertySetFrom) };
    case "extensionValue":
      return { field: "extension" };
    default:
      return { field: member.replace("Value", ""), value } as WireValue;
  }
}

function propertySetFrom(message: Message): PropertySet {
  const values = list(message, "values").map((value) => ({
    dataType: (own(value, "type") as number | null) ?? 0,
    isNull: own(value, "isNull") === true,
    wire: wireFrom(value) as PropertyValue["wire"],
  }));
  return { keys: message.keys as string[], values };
}

function dataSetFrom(message: Message): DataSet {
  return {
    columns: message.columns as string[],
    types: message.types as number[],
    rows: list(message, "rows").map((row) =>
      list(row, "elements").map((element) => wireFrom(element) as WireValue | null),
    ),
  };
}

function templateFrom(message: Message): Template {
  return {
    version: own(message, "version") as string | null,
    metrics: list(message, "metrics").map(metricFrom),
    parameters: list(message, "parameters").map((parameter) => ({
      name: own(parameter, "name") as string | null,
      dataType: (own(parameter, "type") as number | null) ?? 0,
      wire: wireFrom(parameter) as WireValue | null,
    })),
    templateRef: own(message, "templateRef") as string | null,
    isDefinition: own(message, "isDefinition") === true,
  };
}

function present(fields: Message): Message {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** As protobufjs takes 64 bits exactly. */
function long(value: number | bigint | null): string | null {
  return value === null ? null : String(value);
}

function metricTo(metric: Metric): Message {
  return {
    ...present({
      name: metric.name,
      alias: long(metric.alias),
      timestamp: long(metric.timestamp),
      datatype: metric.dataType || null,
      isHistorical: metric.historical || null,
      isTransient: metric.transient || null,
      isNull: metric.isNull || null,
      metadata: metric.metadata && metaDataTo(metric.metadata),
      properties: metric.properties && propertySetTo(metric.properties),
    }),
    ...wireTo(metric.wire),
  };
}

function metaDataTo(metadata: MetaData): Message {
  return present({ ...metadata, size: long(metadata.size), seq: long(metadata.seq) });
}

function wireTo(wire: WireValue | PropertyValue["wire"]): Message {
  if (wire === null) return {};
  switch (wire.field) {
    case "long":
      return { longValue: long(wire.value) };
    case "dataset":
      return { datasetValue: dataSetTo(wire.value) };
    case "template":
      return { templateValue: templateTo(wire.value) };
    case "propertySet":
      return { propertysetValue: propertySetTo(wire.value) };
    case "propertySetList":
      return { propertysetsValue: { propertyset: wire.value.map(propertySetTo) } };
    case "extension":
      return { extensionValue: {} };
    default:
      return { [`${wire.field}Value`]: wire.value };
  }
}

function propertySetTo({ keys, values }: PropertySet): Message {
  return {
    keys,
    values: values.map(({ dataType, isNull, wire }) => ({
      ...present({ type: dataType || null, isNull: isNull || null }),
      ...wireTo(wire),
    })),
  };
}

function dataSetTo({ columns, types, rows }: DataSet): Message {
  return {
    numOfColumns: long(columns.length),
    columns,
    types,
    rows: rows.map((cells) => ({ elements: cells.map(wireTo) })),
  };
}

function templateTo(template: Template): Message {
  return {
    ...present({ version: template.version, templateRef: template.templateRef }),
    isDefinition: template.isDefinition,
    metrics: template.metrics.map(metricTo),
    parameters: template.parameters.map(({ name, dataType, wire }: Parameter) => ({
      ...present({ name, type: dataType || null }),
      ...wireTo(wire),
    })),
  };
}

const text = fc.string({ unit: "binary", maxLength: 40 });
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
const exactInteger = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 28 - 1, 2 ** 28, 2 ** 32, 2 ** 53 - 1),
);
const uint64 = fc.oneof(exactInteger, fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }));
const dataType = fc.oneof(fc.nat(34), uint32);
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 2 });
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 4 });

/** What may stand in every `oneof` of the format. */
type Simple = Exclude<WireValue, { field: "bytes" | "dataset" | "template" }>;

const scalar: fc.Arbitrary<Simple> = fc.oneof(
  fc.record({ field: fc.constant("int" as const), value: uint32 }),
  fc.record({ field: fc.constant("long" as const), value: uint64 }),
  fc.record({ field: fc.constant("float" as const), value: fc.float() }),
  fc.record({ field: fc.constant("double" as const), value: fc.double() }),
  fc.record({ field: fc.constant("boolean" as const), value: fc.boolean() }),
  fc.record({ field: fc.constant("string" as const), value: text }),
  fc.constant({ field: "extension" as const }),
);

const metadata: fc.Arbitrary<MetaData> = fc.record({
  isMultiPart: orNull(fc.boolean()),
  contentType: orNull(text),
  size: orNull(uint64),
  seq: orNull(uint64),
  fileName: orNull(text),
  fileType: orNull(text),
  md5: orNull(text),
  description: orNull(text),
});

const dataset: fc.Arbitrary<DataSet> = fc.record({
  columns: some(text),
  types: some(dataType),
  rows: some(some(orNull(scalar))),
});

// No interface: letrec takes none.
type Nested = {
  metric: Metric;
  wire: WireValue;
  properties: PropertySet;
  property: NonNullable<PropertyValue["wire"]>;
};

const nested = fc.letrec<Nested>((tie) => ({
  properties: fc.record({
    keys: some(text),
    values: some(fc.record({ dataType, isNull: fc.boolean(), wire: orNull(tie("property")) })),
  }),
  property: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.record({ field: fc.constant("propertySet" as const), value: tie("properties") }),
    fc.record({ field: fc.constant("propertySetList" as const), value: some(tie("properties")) }),
  ),
  wire: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.record({ field: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ field: fc.constant("dataset" as const), value: dataset }),
    fc.record({
      field: fc.constant("template" as const),
      value: fc.record({
        version: orNull(text),
        metrics: some(tie("metric")),
        parameters: some(fc.record({ name: orNull(text), dataType, wire: orNull(scalar) })),
        templateRef: orNull(text),
        isDefinition: fc.boolean(),
      }),
    }),
  ),
  metric: fc.record({
    name: orNull(text),
    alias: orNull(uint64),
    timestamp: orNull(exactInteger),
    dataType,
    historical: fc.boolean(),
    transient: fc.boolean(),
    isNull: fc.boolean(),
    metadata: orNull(metadata),
    properties: orNull(tie("properties")),
    wire: orNull(tie("wire")),
  }),
}));

/** Payloads of all kinds, with values of each field and every edge of it. */
export const anyPayload: fc.Arbitrary<Payload> = fc.record({
  timestamp: orNull(exactInteger),
  metrics: fc.array(nested.metric, { maxLength: 6 }),
  seq: orNull(exactInteger),
  uuid: orNull(text),
  body: orNull(fc.uint8Array({ maxLength: 40 })),
});

/** A field of a message or of bytes. */
export function messageField(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** A field that no message of Sparkplug B has: of each wire type, and groups. */
export const unknownField: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.integer({ min: 20, max: 2 ** 29 - 1 }),
    fc.constantFrom(0, 1, 2, 3, 5),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  )
  .map(([field, type, content]) => {
    const tag = varint(field * 8 + type);
    if (type === 0) return Buffer.concat([tag, varint(content[0] ?? 0)]);
    if (type === 1) return Buffer.concat([tag, content]);
    if (type === 2) return messageField(field, content);
    if (type === 5) return Buffer.concat([tag, content.subarray(0, 4)]);
    return Buffer.concat([tag, messageField(1, content), varint(1 * 8), varint(300), varint(field * 8 + 4)]);
  });

/** The fields of a valid message without groups: all of each one's bytes, and its content where it has a length. */
export function fieldsOf(message: Uint8Array): { bytes: Uint8Array; content: Uint8Array }[] {
  const reader = protobuf.Reader.create(message);
  const fields: { bytes: Uint8Array; content: Uint8Array }[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const type = reader.uint32() & 7;
    const content = type === 2 ? reader.bytes() : new Uint8Array();
    if (type !== 2) reader.skipType(type);
    fields.push({ bytes: message.subarray(start, reader.pos), content });
  }
  return fields;
}
