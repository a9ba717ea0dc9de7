import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prefixed, publishPacket, variable } from "../../test/support/mqtt-link.js";
import { PublishReader } from "./publish-reader.js";

const bytes = (...values: number[]) => Buffer.from(values);
const joined = (...parts: Buffer[]) => Buffer.concat(parts);

/** All that a reader finds in the chunks: messages as objects, other packets as hex, and at last what is malformed. */
function readAll(
  chunks: readonly Buffer[],
  options: { version?: 4 | 5; mostBytes?: number } = {},
): unknown[] {
  const { version = 5, ...limits } = options;
  const reader = new PublishReader({ protocolVersion: version, ...limits });
  const found: unknown[] = [];
  let others = "";
  const flush = () => {
    if (others !== "") found.push(others);
    others = "";
  };
  for (const chunk of chunks) {
    reader.feed(chunk);
    for (let next = reader.next(); next !== "more"; next = reader.next()) {
      if (next === "others" || next === "pong") {
        others += reader.others.toString("hex");
        continue;
      }
      flush();
      if (next === "malformed") return [...found, reader.malformed];
      const { topic, payload, qos, retain, dup, packetId, properties, oversize } = reader;
      const read = { topic, payload: payload.toString("hex"), qos, retain, dup, packetId };
      const copy = oversize === null ? read : { ...read, oversize };
      found.push(properties === null ? copy : { ...copy, properties });
    }
  }
  flush();
  return found;
}

/** The bytes cut at the given places. */
function cut(all: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (all.length + 1)), all.length].sort((a, b) => a - b);
  let from = 0;
  return ends.map((to) => {
    const chunk = Buffer.from(all.subarray(from, to));
    from = to;
    return chunk;
  });
}

const oneByOne = (all: Buffer) => [...all].map((byte) => Buffer.from([byte]));

describe("what a broker sends", () => {
  test("a message of MQTT 3.1.1 is read with its flags", () => {
    const packet = publishPacket({
      topic: "a/b",
      payload: "x",
      qos: 2,
      retain: true,
      dup: true,
      packetId: 777,
    });
    expect(readAll([packet], { version: 4 })).toEqual([
      { topic: "a/b", payload: "78", qos: 2, retain: true, dup: true, packetId: 777 },
    ]);
  });

  test("properties that are handed on are read, all others are skipped", () => {
    const properties = joined(
      bytes(0x01, 1),
      bytes(0x02, 0, 0, 1, 0),
      bytes(0x26),
      prefixed("key"),
      prefixed("value"),
      bytes(0x03),
      prefixed("text/plain"),
      bytes(0x26),
      prefixed("key"),
      prefixed("another"),
      bytes(0x08),
      prefixed("reply/ä"),
      bytes(0x0b, 0x80, 1),
      bytes(0x0b, 5),
      bytes(0x09),
      prefixed(bytes(0, 255)),
    );
    const found = readAll([publishPacket({ topic: "t", payload: "p", properties })]);
    expect(found).toEqual([
      expect.objectContaining({
        payload: "70",
        properties: { contentType: "text/plain", responseTopic: "reply/ä", correlationData: bytes(0, 255) },
      }),
    ]);
  });

  test("properties that nobody asks for leave none", () => {
    const found = readAll([publishPacket({ topic: "t", properties: bytes(0x02, 0, 0, 1, 0) })]);
    expect(found).toEqual([expect.not.objectContaining({ properties: expect.anything() })]);
  });

  test("other packets are handed on as they are, also in pieces", () => {
    const connack = bytes(0x20, 3, 0, 0, 0);
    const pong = bytes(0xd0, 0);
    const message = publishPacket({ topic: "t", properties: bytes() });
    const all = joined(connack, pong, message, pong);
    const expected = ["2003000000d000", expect.objectContaining({ topic: "t" }), "d000"];
    expect(readAll([all])).toEqual(expected);
    expect(readAll(oneByOne(all))).toEqual(expected);
  });

  test("the payload is a part of the chunk, and a copy only where it came in two", () => {
    const reader = new PublishReader({ protocolVersion: 4 });
    const packet = publishPacket({ topic: "t", payload: "payload" });
    const chunk = joined(packet, packet.subarray(0, 5));
    reader.feed(chunk);
    expect(reader.next()).toBe("publish");
    expect(reader.payload.buffer).toBe(chunk.buffer);
    expect(reader.source).toBe(chunk);
    expect(reader.next()).toBe("more");
    reader.feed(packet.subarray(5));
    expect(reader.next()).toBe("publish");
    expect(reader.payload.toString()).toBe("payload");
    expect(reader.source.length).toBe(packet.length);
  });

  test("of a message larger than what is kept, all but payload and properties is read", () => {
    const properties = joined(bytes(0x03), prefixed("text/plain"));
    const large = (topic: string, length: number) =>
      publishPacket({ topic, payload: "x".repeat(length), qos: 1, packetId: 7, properties });
    const kept = large("t", 60);
    const [over, longTopic] = [large("t", 70_000), large("t".repeat(60_000), 10)];
    const head = { payload: "", qos: 1, retain: false, dup: false, packetId: 7 };
    const expected = [
      expect.objectContaining({
        topic: "t",
        properties: expect.objectContaining({ contentType: "text/plain" }),
      }),
      { ...head, topic: "t", oversize: over.length },
      { ...head, topic: "t".repeat(60_000), oversize: longTopic.length },
      expect.objectContaining({ topic: "t", payload: "78".repeat(60) }),
    ];
    const all = joined(kept, over, longTopic, kept);
    expect(readAll([all], { mostBytes: 90 })).toEqual(expected);
    expect(readAll(oneByOne(all), { mostBytes: 90 })).toEqual(expected);
  });

  test("nothing is kept of the payload of a message that is too large", () => {
    const reader = new PublishReader({ protocolVersion: 4, mostBytes: 1_000 });
    const before = process.memoryUsage().arrayBuffers;
    reader.feed(joined(bytes(0x30), variable(200_000_000), prefixed("t")));
    expect(reader.next()).toBe("more");
    const chunk = Buffer.alloc(50_000, "x");
    for (let fed = 0; fed < 200_000_000 - 100_000; fed += chunk.length) {
      reader.feed(chunk);
      expect(reader.next()).toBe("more");
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test("a topic that comes again, or one like it, is itself", () => {
    // The cache cannot tell t/Aa from t/BB by their hash.
    const topics = ["a/b", "ä/b", "t/Aa", "t/BB", "t/Aa", "ä/b", "x".repeat(300), "x".repeat(300)];
    const found = readAll([joined(...topics.map((topic) => publishPacket({ topic })))], { version: 4 });
    expect(found.map((one) => (one as { topic: string }).topic)).toEqual(topics);
  });
});

describe("what cannot be understood", () => {
  const properties = (...values: number[]) => publishPacket({ topic: "t", properties: bytes(...values) });
  const table: [string, Buffer, number, string][] = [
    ["a length of five bytes", bytes(0x30, 0x80, 0x80, 0x80, 0x80, 1), 0x81, "length"],
    ["such a length of another packet", bytes(0xd0, 0xff, 0xff, 0xff, 0xff), 0x81, "length"],
    ["a packet larger than allowed", bytes(0x90, 0xff, 0xff, 0x7f), 0x95, "2097155 bytes"],
    ["QoS 3", publishPacket({ topic: "t", qos: 3 as 2, properties: bytes() }), 0x81, "QoS 3"],
    ["packet identifier 0", publishPacket({ topic: "t", qos: 1, packetId: 0 }), 0x81, "identifier 0"],
    ["an empty PUBLISH", bytes(0x30, 0), 0x81, "without a topic"],
    ["half a topic length", bytes(0x30, 1, 0), 0x81, "without a topic"],
    ["a topic beyond the packet", bytes(0x30, 4, 0, 3, 0x61, 0x62), 0x81, "ends within"],
    ["no room for the packet identifier", bytes(0x32, 4, 0, 1, 0x61, 1), 0x81, "ends within"],
    ["a topic that is not UTF-8", publishPacket({ topic: bytes(0xff), properties: bytes() }), 0x81, "UTF-8"],
    ["a topic with NUL", publishPacket({ topic: "a\0b", properties: bytes() }), 0x81, "UTF-8"],
    [
      "half of a surrogate pair",
      publishPacket({ topic: bytes(0xed, 0xa0, 0x80), properties: bytes() }),
      0x81,
      "UTF-8",
    ],
    ["an empty topic", publishPacket({ topic: "", properties: bytes() }), 0x82, "empty topic"],
    ["a topic alias", properties(0x23, 0, 1), 0x94, "topic alias"],
    ["no properties at all", publishPacket({ topic: "t" }), 0x81, "properties"],
    ["properties beyond the packet", bytes(0x30, 5, 0, 1, 0x61, 9, 0), 0x81, "properties"],
    [
      "a properties length of five bytes",
      bytes(0x30, 8, 0, 1, 0x61, 128, 128, 128, 128, 1),
      0x81,
      "properties",
    ],
    ["a property that none has", properties(0x7f, 0), 0x81, "unknown property 127"],
    ["a property cut off", properties(0x02, 0, 0), 0x81, "property 2"],
    ["text beyond the properties", properties(0x03, 0, 9, 0x61), 0x81, "property 3"],
    ["a response topic that is not UTF-8", properties(0x08, 0, 1, 0xff), 0x81, "property 8"],
    ["a property twice", properties(0x01, 0, 0x01, 0), 0x82, "twice"],
  ];

  test.each(table)("%s is malformed", (_name, packet, code, text) => {
    const good = publishPacket({ topic: "good", properties: bytes() });
    const found = readAll([joined(good, packet, good)], { mostBytes: 90 });
    expect(found).toEqual([
      expect.objectContaining({ topic: "good" }),
      { code, text: expect.stringContaining(text) },
    ]);
    expect(readAll(oneByOne(joined(good, packet, good)), { mostBytes: 90 })).toEqual(found);
  });
});

const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));
const blob = (maxLength: number) => fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));
const payload = fc.oneof({ weight: 4, arbitrary: blob(60) }, { weight: 1, arbitrary: blob(20_000) });

const property = fc.oneof(
  fc.tuple(text, text).map(([key, value]) => joined(bytes(0x26), prefixed(key), prefixed(value))),
  fc.nat(268_435_455).map((id) => joined(bytes(0x0b), variable(id))),
);
const properties = fc
  .record({
    others: fc.array(property, { maxLength: 3 }),
    contentType: fc.option(text, { nil: undefined }),
    responseTopic: fc.option(text, { nil: undefined }),
    correlationData: fc.option(blob(30), { nil: undefined }),
  })
  .map(({ others, ...known }) => ({ others: joined(...others), ...known }));

const message = fc.record({
  topic: text.filter((value) => value !== ""),
  payload,
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  dup: fc.boolean(),
  packetId: fc.integer({ min: 1, max: 65_535 }),
  properties,
});
/** SUBACK, PUBACK, PINGRESP and the like. */
const other = fc
  .tuple(fc.constantFrom(0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0, 0xe0), blob(300))
  .map(([header, body]) => joined(bytes(header), variable(body.length), body));
const stream = fc.array(fc.oneof(message, other), { maxLength: 12 });
const places = fc.array(fc.nat(), { maxLength: 12 });

type Message = typeof message extends fc.Arbitrary<infer M> ? M : never;

function encode({ properties, qos, ...packet }: Message): Buffer {
  const { others, contentType, responseTopic, correlationData } = properties;
  const known = [
    contentType === undefined ? bytes() : joined(bytes(0x03), prefixed(contentType)),
    responseTopic === undefined ? bytes() : joined(bytes(0x08), prefixed(responseTopic)),
    correlationData === undefined ? bytes() : joined(bytes(0x09), prefixed(correlationData)),
  ];
  return publishPacket({ ...packet, qos: qos as 0 | 1 | 2, properties: joined(others, ...known) });
}

describe("random packets", () => {
  test("split anywhere give what was sent, in order", () => {
    fc.assert(
      fc.property(stream, places, (sent, at) => {
        const expected: unknown[] = [];
        for (const one of sent) {
          if (Buffer.isBuffer(one)) {
            const last = expected.at(-1);
            if (typeof last === "string") expected[expected.length - 1] = last + one.toString("hex");
            else expected.push(one.toString("hex"));
            continue;
          }
          const { others: _others, ...known } = one.properties;
          const any = Object.values(known).some((value) => value !== undefined);
          expected.push({
            ...one,
            payload: one.payload.toString("hex"),
            packetId: one.qos === 0 ? 0 : one.packetId,
            properties: any ? known : undefined,
          });
        }
        const all = joined(...sent.map((one) => (Buffer.isBuffer(one) ? one : encode(one))));
        expect(readAll(cut(all, at))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("with bytes changed are read or refused, wherever they are split", () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        places,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(4, 5),
        (sent, at, changes, version) => {
          const all = joined(...sent.map(encode));
          for (const [place, value] of changes) all[place % all.length] = value;
          const whole = readAll([all], { version, mostBytes: 100_000 });
          expect(readAll(cut(all, at), { version, mostBytes: 100_000 })).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });
});
