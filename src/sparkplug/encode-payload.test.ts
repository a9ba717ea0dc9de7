import fc from "fast-check";
import { expect, test } from "vitest";
import { anyPayload, referenceDecode, referenceEncode } from "../../test/support/sparkplug.js";
import { decodePayload } from "./decode-payload.js";
import { encodePayload } from "./encode-payload.js";
import type { Metric, Payload, WireValue } from "./payload.js";

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

function withValue(wire: WireValue): Payload {
  return { ...EMPTY, metrics: [{ ...METRIC, wire }] };
}

test("what is written is byte by byte what protobufjs writes, and is read again", () => {
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const bytes = encodePayload(payload);
      expect(bytes.toString("hex")).toBe(Buffer.from(referenceEncode(payload)).toString("hex"));
      expect(referenceDecode(bytes)).toEqual(payload);
      expect(decodePayload(bytes)).toEqual({ ok: true, value: payload });
    }),
    { numRuns: 1_000 },
  );
});

test("a payload of many values is written as a whole", () => {
  const metrics = Array.from({ length: 10_000 }, (_, index) => ({
    ...METRIC,
    name: `Folder ${index}/Metric`,
    wire: { field: "double", value: index / 7 } as const,
  }));
  const payload = { ...EMPTY, body: new Uint8Array(100_000).fill(7), metrics };
  expect(decodePayload(encodePayload(payload))).toEqual({ ok: true, value: payload });
});

test("half of a surrogate pair is written as a replacement character", () => {
  const bytes = encodePayload(withValue({ field: "string", value: "a\ud800b" }));
  expect(decodePayload(bytes)).toMatchObject({
    value: { metrics: [{ wire: { value: "a\ufffdb" } }] },
  });
});

test.each([
  [{ field: "int", value: -1 }, "-1 is no unsigned integer of 32 bits"],
  [{ field: "int", value: 2 ** 32 }, "4294967296 is no unsigned integer of 32 bits"],
  [{ field: "int", value: 1.5 }, "1.5 is no unsigned integer of 32 bits"],
  [{ field: "long", value: Number.NaN }, "NaN is no unsigned integer of 64 bits"],
  [{ field: "long", value: -1 }, "-1 is no unsigned integer of 64 bits"],
  [{ field: "long", value: -1n }, "-1 is no unsigned integer of 64 bits"],
  [{ field: "long", value: 2n ** 64n }, "18446744073709551616 is no unsigned integer of 64 bits"],
  [{ field: "long", value: 2 ** 64 }, "18446744073709552000 is no unsigned integer of 64 bits"],
  [
    {
      field: "dataset",
      value: { columns: ["a"], types: [17], rows: [[{ field: "bytes", value: new Uint8Array() }]] },
    },
    "neither a cell nor a parameter can hold a value of bytes",
  ],
] as const)("a number that its field cannot hold is a mistake of the caller: %o", (wire, message) => {
  expect(() => encodePayload(withValue(wire))).toThrow(new RangeError(message));
});
