import fc from "fast-check";
import { expect, test } from "vitest";
import { usedMemory } from "../../test/support/memory.js";
import {
  anyPayload,
  fieldsOf,
  messageField,
  referenceDecode,
  referenceEncode,
  unknownField,
} from "../../test/support/sparkplug.js";
import { decodePayload } from "./decode-payload.js";
import { encodePayload } from "./encode-payload.js";
import { DataType, type Metric, type Payload, type WireValue } from "./payload.js";

const METRICS = 2;
const METRIC_FIELDS = {
  datatype: 4,
  metadata: 8,
  properties: 9,
  int: 10,
  dataset: 17,
  template: 18,
  extension: 19,
};

const EMPTY: Payload = { timestamp: null, metrics: [], seq: null, uuid: null, body: null };
const METRIC: Metric = {
  name: null,
  alias: null,
  timestamp: null,
  dataType: 0,
  historical: false,
  transient: false,
  isNull: false,
  metadata: null,
  properties: null,
  wire: null,
};

/** Bytes as they are written in specifications. */
function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ""), "hex");
}

function decoded(bytes: Uint8Array): Payload {
  const payload = decodePayload(bytes);
  if (!payload.ok) throw new Error(payload.error);
  return payload.value;
}

/** The only metric of a payload whose metric consists of these fields. */
function metricOf(...fields: Uint8Array[]): Metric | undefined {
  return decoded(messageField(METRICS, Buffer.concat(fields))).metrics[0];
}

function metricWith(wire: WireValue): Uint8Array {
  const payload = encodePayload({ ...EMPTY, metrics: [{ ...METRIC, wire }] });
  return payload.subarray(2 + Number((payload[1] ?? 0) > 127));
}

test("a payload of the specification is read byte by byte", () => {
  const bytes = hex(`
    08 ea f2 f5 a8 a0 2b
    12 1c 0a 09 4d 79 20 4d 65 74 72 69 63 10 01 18 a2 82 83 95 86 2b 20 0c 7a 04 54 65 73 74
    18 02`);
  expect(decoded(bytes)).toEqual({
    timestamp: 1486144502122,
    metrics: [
      {
        ...METRIC,
        name: "My Metric",
        alias: 1,
        timestamp: 1479123452194,
        dataType: DataType.String,
        wire: { field: "string", value: "Test" },
      },
    ],
    seq: 2,
    uuid: null,
    body: null,
  });
});

test("no bytes at all are a payload that tells nothing", () => {
  expect(decoded(new Uint8Array())).toEqual(EMPTY);
  expect(decoded(hex("1200"))).toEqual({ ...EMPTY, metrics: [METRIC] });
});

test("what protobufjs writes is read as protobufjs reads it", () => {
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const bytes = referenceEncode(payload);
      expect(referenceDecode(bytes)).toEqual(payload);
      expect(decodePayload(bytes)).toEqual({ ok: true, value: payload });
    }),
    { numRuns: 1_000 },
  );
});

test("fields in any order, again, in pieces and among unknown ones are read as protobufjs reads them", () => {
  const shuffledMetric = fc
    .tuple(anyPayload, anyPayload, fc.array(unknownField, { maxLength: 3 }))
    .chain(([first, second, unknown]) => {
      const metrics = [first, second].flatMap((payload) => payload.metrics);
      const fields = metrics.flatMap((metric) =>
        fieldsOf(encodePayload({ ...EMPTY, metrics: [metric] })).flatMap(({ content }) => fieldsOf(content)),
      );
      const all = [...fields.map(({ bytes }) => bytes), ...unknown];
      return fc.shuffledSubarray(all, { minLength: all.length });
    });
  fc.assert(
    fc.property(fc.array(shuffledMetric, { maxLength: 3 }), unknownField, (metrics, unknown) => {
      const bytes = Buffer.concat([
        ...metrics.map((fields) => messageField(METRICS, Buffer.concat(fields))),
        unknown,
      ]);
      expect(decoded(bytes)).toEqual(referenceDecode(bytes));
    }),
    { numRuns: 1_000 },
  );
});

test("a value that stands in a part of a larger buffer is read from there", () => {
  const payload = encodePayload({
    ...EMPTY,
    metrics: [{ ...METRIC, wire: { field: "double", value: 12.5 } }],
  });
  const larger = new Uint8Array(payload.length + 10).fill(0xff);
  larger.set(payload, 3);
  const part = larger.subarray(3, 3 + payload.length);
  expect(decoded(part).metrics[0]?.wire).toEqual({ field: "double", value: 12.5 });
});

test("bytes that are kept are none of the buffer they came in", () => {
  const payload = encodePayload({ ...EMPTY, body: new Uint8Array([1, 2, 3]) });
  const { body } = decoded(payload);
  payload.fill(0);
  expect(body).toEqual(new Uint8Array([1, 2, 3]));
});

test("of the members of a value the last one counts", () => {
  const int = hex("50 07");
  expect(metricOf(int, hex("70 01"))?.wire).toEqual({ field: "boolean", value: true });
  expect(metricOf(hex("70 01"), int)?.wire).toEqual({ field: "int", value: 7 });
});

test("pieces of a data set are one, unless another value stands between them", () => {
  const piece = (column: string) =>
    metricWith({ field: "dataset", value: { columns: [column], types: [DataType.Int8], rows: [[null]] } });
  const whole = { columns: ["a", "b"], types: [1, 1], rows: [[null], [null]] };
  expect(metricOf(piece("a"), piece("b"))?.wire).toEqual({ field: "dataset", value: whole });
  const last = { columns: ["b"], types: [1], rows: [[null]] };
  expect(metricOf(piece("a"), hex("50 07"), piece("b"))?.wire).toEqual({ field: "dataset", value: last });
});

test("the types of a data set may be packed", () => {
  const dataset = messageField(METRIC_FIELDS.dataset, hex("1a 03 0a 8c 01 18 07 1a 00"));
  expect(metricOf(dataset)?.wire).toEqual({
    field: "dataset",
    value: { columns: [], types: [10, 140, 7], rows: [] },
  });
});

test.each([
  ["00", 0],
  ["ff ff ff ff 0f", 2 ** 32 - 1],
  ["80 80 80 80 10", 2 ** 32],
  ["ff ff ff ff ff ff ff 0f", 2 ** 53 - 1],
  ["80 80 80 80 80 80 80 10", 2n ** 53n],
  ["ff ff ff ff ff ff ff ff 7f", 2n ** 63n - 1n],
  ["80 80 80 80 80 80 80 80 80 01", 2n ** 63n],
  ["ff ff ff ff ff ff ff ff ff 01", 2n ** 64n - 1n],
  ["81 80 80 00", 1],
  ["81 80 80 80 80 80 80 80 80 00", 1],
])("the varint %s is %s", (varint, value) => {
  expect(metricOf(hex(`10 ${varint}`))?.alias).toBe(value);
});

test("of a varint for 32 bits the lower ones count, as where a negative number was written with its sign", () => {
  expect(metricOf(hex("50 e9 ff ff ff ff ff ff ff ff 01"))?.wire).toEqual({
    field: "int",
    value: 0xffff_ffe9,
  });
});

test("a time beyond all times is one that can be written again", () => {
  const bytes = hex("08 ff ff ff ff ff ff ff ff ff 01");
  const payload = decoded(bytes);
  expect(payload.timestamp).toBe(2 ** 64 - 2 ** 11);
  expect(decoded(encodePayload(payload))).toEqual(payload);
});

test("text that is not UTF-8 is taken with replacement characters", () => {
  expect(metricOf(hex("0a 05 41 c3 28 ff 42"))?.name).toBe("A\ufffd(\ufffdB");
  expect(metricOf(hex("0a 06 ef bb bf c3 a9 00"))?.name).toBe("\ufeffé\0");
});

test("every payload that is cut off is refused, or is what protobufjs reads", () => {
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const bytes = encodePayload(payload);
      for (let length = 0; length < bytes.length; length += 1) {
        const part = decodePayload(bytes.subarray(0, length));
        if (part.ok) expect(part.value).toEqual(referenceDecode(bytes.subarray(0, length)));
        else expect(() => referenceDecode(bytes.subarray(0, length))).toThrow();
      }
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["a tag alone", "08", "a varint is cut off (at byte 1)"],
  ["a varint without its end", "08 ff", "a varint is cut off (at byte 2)"],
  [
    "a varint of 11 bytes",
    "08 ff ff ff ff ff ff ff ff ff ff 01",
    "a varint of more than 10 bytes (at byte 11)",
  ],
  [
    "a long varint of 32 bits",
    "12 0c 20 ff ff ff ff ff ff ff ff ff ff 01",
    "a varint of more than 10 bytes (at byte 13)",
  ],
  [
    "a long boolean",
    "12 0c 38 ff ff ff ff ff ff ff ff ff ff 01",
    "a varint of more than 10 bytes (at byte 13)",
  ],
  ["a length that is not there", "12", "a length of more than 32 bits, 0 bytes are left (at byte 1)"],
  ["a length beyond the end", "12 05 08", "a length of 5, 1 bytes are left (at byte 1)"],
  ["an enormous length", "12 ff ff ff ff 07 08", "a length of 2147483647, 1 bytes are left (at byte 1)"],
  ["a length of 35 bits", "12 ff ff ff ff 7f 08", "a length of 34359738367, 1 bytes are left (at byte 1)"],
  [
    "a length without end",
    "12 ff ff ff ff ff 08",
    "a length of more than 32 bits, 1 bytes are left (at byte 1)",
  ],
  [
    "a field over the end of its metric",
    "12 02 10 80 01",
    "a field runs over the end of its message (at byte 5)",
  ],
  ["a double that is cut off", "12 02 69 00", "a field of 8 bytes is cut off (at byte 3)"],
  [
    "a double over the end of its metric",
    "12 02 69 00 08 00 00 00 00 00 00",
    "a field of 8 bytes is cut off (at byte 3)",
  ],
  ["a float that is cut off", "12 04 65 00 00 00", "a field of 4 bytes is cut off (at byte 3)"],
  ["a text for a number", "0a 01 41", "field 1 has wire type 2 (length-delimited) (at byte 1)"],
  ["a number for a metric", "10 01", "field 2 has wire type 0 (varint) (at byte 1)"],
  [
    "a float in the place of a double",
    "12 05 6d 00 00 00 00",
    "field 13 has wire type 5 (32-bit) (at byte 3)",
  ],
  ["field number 0", "00 01", "field number 0 (at byte 1)"],
  ["a tag of more than 32 bits", "80 80 80 80 10 00", "a tag of more than 32 bits (at byte 5)"],
  ["the end of no group", "34", "field 6 has wire type 4 (at byte 1)"],
  ["wire type 7", "37", "field 6 has wire type 7 (at byte 1)"],
  ["a group without end", "33 08 01", "group 6 has no end (at byte 3)"],
  ["a group with another's end", "33 3c", "field 7 has wire type 4 (at byte 2)"],
  ["something broken in an extension", "12 04 9a 01 01 08", "a varint is cut off (at byte 6)"],
])("%s is refused", (_what, bytes, reason) => {
  expect(decodePayload(hex(bytes))).toEqual({ ok: false, error: reason });
  if (!reason.includes("has wire type")) expect(() => referenceDecode(hex(bytes))).toThrow();
});

test("templates and property sets stand within one another up to a limit, however many there are", () => {
  const templates = (levels: number) => {
    let metric: Uint8Array = hex("50 01");
    for (let level = 0; level < levels; level += 1)
      metric = messageField(METRIC_FIELDS.template, messageField(2, metric));
    return decodePayload(messageField(METRICS, metric));
  };
  expect(templates(31).ok).toBe(true);
  expect(templates(32)).toMatchObject({
    error: expect.stringContaining("more than 64 messages within one another"),
  });
  expect(templates(1_000).ok).toBe(false);

  const sets = (levels: number) => {
    let set: Uint8Array = new Uint8Array();
    for (let level = 0; level < levels; level += 1) set = messageField(2, messageField(9, set));
    return decodePayload(messageField(METRICS, messageField(METRIC_FIELDS.properties, set)));
  };
  expect(sets(31).ok).toBe(true);
  expect(sets(32)).toMatchObject({
    error: expect.stringContaining("more than 64 messages within one another"),
  });

  const groups = (levels: number) =>
    decodePayload(Buffer.concat([Buffer.alloc(levels, 0x33), Buffer.alloc(levels, 0x34)]));
  expect(groups(64).ok).toBe(true);
  expect(groups(65)).toMatchObject({
    error: expect.stringContaining("more than 64 messages within one another"),
  });
  expect(groups(1_000_000).ok).toBe(false);
});

test.each([
  ["metrics", (count: number) => Buffer.alloc(2 * count, hex("12 00"))],
  [
    "properties",
    (count: number) => inMetric(METRIC_FIELDS.properties, Buffer.alloc(2 * count, hex("12 00"))),
  ],
  [
    "property names",
    (count: number) => inMetric(METRIC_FIELDS.properties, Buffer.alloc(2 * count, hex("0a 00"))),
  ],
  ["rows", (count: number) => inMetric(METRIC_FIELDS.dataset, Buffer.alloc(2 * count, hex("22 00")))],
  ["cells", (count: number) => inRow(Buffer.alloc(2 * count, hex("0a 00")))],
  ["types", (count: number) => inMetric(METRIC_FIELDS.dataset, messageField(3, Buffer.alloc(count, 1)))],
  ["parameters", (count: number) => inMetric(METRIC_FIELDS.template, Buffer.alloc(2 * count, hex("1a 00")))],
])("%s are taken up to a million, at some 60 bytes for each of theirs", (_what, bytes) => {
  const most = bytes(999_000);
  const before = usedMemory();
  const payload = decodePayload(most);
  expect(usedMemory() - before).toBeLessThan(64 * most.length);
  expect(payload.ok).toBe(true);
  expect(decodePayload(bytes(1_000_001))).toMatchObject({
    error: expect.stringContaining("more than 1000000 parts"),
  });
});

function inMetric(field: number, content: Uint8Array): Buffer {
  return messageField(METRICS, messageField(field, content));
}

function inRow(content: Uint8Array): Buffer {
  return inMetric(METRIC_FIELDS.dataset, messageField(4, content));
}

test("a length that is only claimed takes no memory", () => {
  const claims = [
    "12 ff ff ff ff 07",
    "2a ff ff ff 7f",
    "22 ff ff ff 7f 41",
    "12 07 82 01 ff ff ff 7f 41",
  ].map(hex);
  const before = usedMemory();
  const refused = claims.map((bytes) => decodePayload(bytes));
  expect(usedMemory() - before).toBeLessThan(1_048_576);
  expect(refused.map(({ ok }) => ok)).toEqual([false, false, false, false]);
});
