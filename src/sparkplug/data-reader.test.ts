import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aliased, metric, payload, quality, T } from "../../test/support/edge-node.js";
import { anyPayload } from "../../test/support/sparkplug.js";
import { type Birth, readBirth } from "./birth.js";
import { DataReader } from "./data-reader.js";
import { decodePayload } from "./decode-payload.js";
import { encodePayload } from "./encode-payload.js";
import type { MetricValue } from "./metric-value.js";
import { DataType, type Metric, type Payload } from "./payload.js";
import { readMetrics } from "./readings.js";

const SINGLE = Object.values(DataType).filter((type) => type >= DataType.Int8 && type <= DataType.UUID);
const BIRTH = readBirth(
  payload([
    ...SINGLE.map((type, index) => metric(`m${type}`, type, null, { alias: index + 1 })),
    metric("far", DataType.Double, null, { alias: 5_000_000 }),
    metric("Device Control/Reboot", DataType.Boolean, false, { alias: 100 }),
    metric("twice", DataType.Int32, 1, { alias: 101 }),
    metric("again", DataType.Int32, 1, { alias: 101 }),
    metric("list", DataType.Int32Array, null, { alias: 102 }),
  ]),
  1_000,
  null,
);

function general(bytes: Buffer, birth: Birth, certain: boolean) {
  const decoded = decodePayload(bytes);
  if (!decoded.ok) return null;
  const { readings, problems, unknown, retyped } = readMetrics(decoded.value, birth, certain);
  return { timestamp: decoded.value.timestamp, seq: decoded.value.seq, readings, problems, unknown, retyped };
}

/** What the reader takes of the bytes, which must be what is read of them in general; null where it takes nothing. */
function read(bytes: Buffer, certain = true, reader = new DataReader(), birth = BIRTH) {
  // Not at the begin of its memory, as what comes from a socket.
  const within = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(20, 0x12)]).subarray(
    3,
    3 + bytes.length,
  );
  const data = reader.read(within, birth, certain);
  if (data === null) return null;
  const found = data.readBy(birth, certain);
  expect({ timestamp: data.timestamp, seq: data.seq, ...found, plain: undefined }).toEqual({
    ...general(bytes, birth, certain),
    plain: undefined,
  });
  return found?.readings ?? null;
}

function bytesOf(metrics: readonly Metric[], more: Partial<Payload> = {}): Buffer {
  return encodePayload(payload(metrics, { seq: 7, ...more }));
}

describe("data of a birth is read at once, as it is in general", () => {
  test.each<[number, MetricValue]>([
    [DataType.Int8, -5],
    [DataType.Int8, 127],
    [DataType.Int16, -32_768],
    [DataType.Int32, -1],
    [DataType.Int32, 2_147_483_647],
    [DataType.Int64, 0],
    [DataType.Int64, 1_764_000_000_123],
    [DataType.UInt8, 255],
    [DataType.UInt16, 65_535],
    [DataType.UInt32, 4_294_967_295],
    [DataType.UInt64, 300_000_000],
    [DataType.Float, 0.5],
    [DataType.Double, -1e300],
    [DataType.Boolean, true],
    [DataType.Boolean, false],
    [DataType.String, "Grüße"],
    [DataType.Text, ""],
    [DataType.DateTime, 1_764_000_000_123],
    [DataType.UUID, "123e4567-e89b-12d3-a456-426614174000"],
    [DataType.Double, null],
  ])("type %i: %s", (type, value) => {
    const alias = (SINGLE as readonly number[]).indexOf(type) + 1;
    expect(read(bytesOf([aliased(alias, type, value)]))).toEqual([
      { metric: `m${type}`, value, time: T, quality: "GOOD" },
    ]);
    expect(read(bytesOf([metric(`m${type}`, type, value, { alias })]))).toHaveLength(1);
  });

  test("an alias may be far from the others, or there may be none", () => {
    const near = readBirth(payload([metric("a", DataType.Double, 1, { alias: 7 })]), 9, null);
    expect(read(bytesOf([aliased(5_000_000, DataType.Double, 1)]))).toMatchObject([{ metric: "far" }]);
    expect(read(bytesOf([aliased(7, DataType.Double, 1)]), true, new DataReader(), near)).toHaveLength(1);
    expect(read(bytesOf([aliased(8, DataType.Double, 1)]), true, new DataReader(), near)).toBeNull();
    expect(read(bytesOf([aliased(6, DataType.Double, 1)]), true, new DataReader(), near)).toBeNull();
  });

  test("with times, flags and doubts", () => {
    const metrics = [
      aliased(10, DataType.Double, 1, { timestamp: T + 5 }),
      aliased(10, DataType.Double, 2, { historical: true }),
      aliased(10, DataType.Double, 3, { transient: true }),
    ];
    expect(read(bytesOf(metrics), false)).toEqual([
      { metric: "m10", value: 1, time: T + 5, quality: "UNCERTAIN" },
      { metric: "m10", value: 2, time: T, quality: "UNCERTAIN", historical: true, transient: false },
      { metric: "m10", value: 3, time: T, quality: "UNCERTAIN", historical: false, transient: true },
    ]);
    expect(read(bytesOf([aliased(10, DataType.Double, 1)], { timestamp: null }))?.[0]?.time).toBeNull();
  });
});

test.each<[string, Metric[]]>([
  ["an alias that no birth tells", [aliased(99, DataType.Double, 1)]],
  ["an alias of two metrics", [aliased(101, DataType.Int32, 1)]],
  ["a name that no birth tells", [metric("new", DataType.Double, 1, { alias: 10 })]],
  ["another type than the birth's", [aliased(10, DataType.Double, 1, { dataType: DataType.Float })]],
  ["a value of another kind", [aliased(10, DataType.Int32, 1)]],
  ["what steers the device", [aliased(100, DataType.Boolean, true)]],
  ["an array", [aliased(102, DataType.Int32Array, [1, 2])]],
  ["properties", [aliased(10, DataType.Double, 1, { properties: quality(0) })]],
  ["a metric without a value", [{ ...aliased(10, DataType.Double, 1), wire: null }]],
])("%s is left to be read in general", (_, metrics) => {
  expect(read(bytesOf([aliased(10, DataType.Double, 1), ...metrics]))).toBeNull();
});

test("when another birth holds by then, or messages were lost, it is read anew", () => {
  const data = new DataReader().read(bytesOf([aliased(10, DataType.Double, 1)]), BIRTH, true);
  expect(data?.readBy(BIRTH, false)).toBeNull();
  expect(data?.readBy({ ...BIRTH }, true)).toBeNull();
  expect(data?.metrics).toMatchObject([{ alias: 10, wire: { field: "double", value: 1 } }]);
});

/** Mostly of the birth, and of its types. */
const data = fc
  .array(
    fc.record({
      type: fc.constantFrom(...SINGLE),
      byName: fc.boolean(),
      value: fc.oneof(
        fc.integer(),
        fc.double(),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.string(),
        fc.constant(null),
      ),
      wire: fc.constantFrom("int", "long", "float", "double", "boolean", "string"),
      timestamp: fc.option(fc.integer({ min: T, max: T + 9 })),
      typed: fc.boolean(),
      historical: fc.boolean(),
      transient: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((metrics) => metrics.map((one): Metric => ({ ...bareOf(one), wire: wireOf(one.wire, one.value) })));

function bareOf(one: {
  type: number;
  byName: boolean;
  timestamp: number | null;
  typed: boolean;
  historical: boolean;
  transient: boolean;
}): Metric {
  const { historical, transient, timestamp } = one;
  const alias = one.byName ? null : (SINGLE as readonly number[]).indexOf(one.type) + 1;
  const dataType = one.typed ? one.type : DataType.Unknown;
  return metric(`m${one.type}`, one.type, null, {
    ...{ historical, transient, timestamp, alias, dataType, isNull: false },
    ...(one.byName ? {} : { name: null }),
  });
}

function wireOf(field: string, value: number | boolean | string | null): Metric["wire"] {
  const number = Number.isNaN(Number(value)) ? 0 : Number(value);
  const whole = Number.isSafeInteger(number) ? Math.abs(number) : 1;
  if (field === "int") return { field, value: whole % 2 ** 32 };
  if (field === "long") return { field, value: whole };
  if (field === "float") return { field, value: Math.fround(number) };
  if (field === "double") return { field, value: number };
  if (field === "boolean") return { field, value: number > 0 };
  return { field: "string", value: String(value) };
}

test("whatever is taken is read as it is in general", () => {
  let taken = 0;
  const reader = new DataReader();
  fc.assert(
    fc.property(data, fc.integer({ min: 0, max: 255 }), fc.boolean(), (metrics, seq, certain) => {
      if (read(bytesOf(metrics, { seq }), certain, reader) !== null) taken += 1;
    }),
    { numRuns: 3_000 },
  );
  expect(taken).toBeGreaterThan(300);
});

test("of broken bytes, and of those of others, nothing is taken that is not read so in general", () => {
  const reader = new DataReader();
  const valid = fc.oneof(
    data.map((metrics) => bytesOf(metrics)),
    anyPayload.map(encodePayload),
  );
  const changes = fc.array(
    fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  fc.assert(
    fc.property(valid, changes, (payloadBytes, changed) => {
      let bytes = Buffer.from(payloadBytes);
      for (const { at, byte, cut } of changed) {
        const place = at % (bytes.length + 1);
        if (cut) bytes = bytes.subarray(0, place);
        else if (place < bytes.length) bytes[place] = byte;
      }
      read(bytes, true, reader);
    }),
    { numRuns: 20_000 },
  );
});
