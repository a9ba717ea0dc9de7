import { createRequire } from "node:module";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { metric, payload } from "../../test/support/edge-node.js";
import { COMPRESSED, MOST_UNPACKED, readPayload } from "./compressed-payload.js";
import { decodePayload } from "./decode-payload.js";
import { encodePayload } from "./encode-payload.js";
import { DataType, type Metric } from "./payload.js";

const INNER = encodePayload(payload([metric("speed", DataType.Double, 1.5)], { seq: 7 }));
const algorithm = (name: string) => metric("algorithm", DataType.String, name);

function packed(body: Uint8Array | null, metrics: readonly Metric[] = []): Uint8Array {
  return encodePayload({ timestamp: null, metrics, seq: null, uuid: COMPRESSED, body });
}

test.each([
  ["GZIP", gzipSync(INNER), [algorithm("GZIP")]],
  ["gzip, in small letters", gzipSync(INNER), [algorithm("gzip")]],
  ["DEFLATE", deflateSync(INNER), [algorithm("DEFLATE")]],
  ["DEFLATE, where nothing tells it", deflateSync(INNER), []],
])("a payload compressed by %s is read as the one in it", (_, body, metrics) => {
  const inner = decodePayload(INNER);
  expect(readPayload(packed(body, metrics))).toEqual({
    ok: true,
    value: { payload: inner.ok && inner.value, bytes: INNER.length },
  });
});

test("what Tahu's JavaScript client compresses is read", () => {
  // It does so before it has a connection.
  const { newClient } = createRequire(import.meta.url)(
    "sparkplug-client",
  ) as typeof import("sparkplug-client");
  const client = newClient({
    serverUrl: "mqtt://127.0.0.1:1",
    username: "",
    password: "",
    groupId: "g",
    edgeNode: "e",
    clientId: "c",
  });
  client.on("error", () => undefined);
  // Its private methods are what its publish methods call.
  const tahu = client as unknown as {
    encodePayload(content: object): Uint8Array;
    maybeCompressPayload(content: object, options: object): object;
  };
  const content = { timestamp: 1, seq: 3, metrics: [{ name: "a", type: "Int32", value: 5 }] };
  for (const options of [{ compress: true }, { compress: true, algorithm: "GZIP" }]) {
    const read = readPayload(tahu.encodePayload(tahu.maybeCompressPayload(content, options)));
    expect(read).toMatchObject({ ok: true, value: { payload: { seq: 3, metrics: [{ name: "a" }] } } });
  }
  client.stop();
});

test.each([
  ["no body", packed(null), "compressed, and without a body"],
  ["another algorithm", packed(gzipSync(INNER), [algorithm("LZ4")]), 'compressed by "LZ4"'],
  [
    "a broken body",
    packed(gzipSync(INNER).subarray(0, 15), [algorithm("GZIP")]),
    "its compressed body is broken",
  ],
  ["a payload compressed twice", packed(deflateSync(packed(deflateSync(INNER)))), "compressed twice"],
  [
    "a body that is no payload",
    packed(deflateSync(Buffer.from([0x08]))),
    expect.stringMatching(/^compressed: /),
  ],
])("%s is refused", (_, bytes, error) => {
  expect(readPayload(bytes)).toEqual({ ok: false, error });
});

test("a small message that unpacks to a huge one is refused before it takes the memory", () => {
  const bomb = packed(gzipSync(Buffer.alloc(MOST_UNPACKED + 1)), [algorithm("GZIP")]);
  expect(bomb.length).toBeLessThan(20_000);
  expect(readPayload(bomb)).toEqual({ ok: false, error: `unpacks to more than ${MOST_UNPACKED} bytes` });
});

test("whatever the body, nothing is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("GZIP", "DEFLATE"), (body, name) => {
      const read = readPayload(packed(body, [algorithm(name)]));
      expect(typeof read.ok).toBe("boolean");
    }),
  );
});
