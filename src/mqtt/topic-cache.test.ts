import fc from "fast-check";
import { expect, test } from "vitest";
import { TopicCache } from "./topic-cache.js";

function read(cache: TopicCache, topic: string | Buffer): [string | null, number] {
  // Not at the beginning of the buffer, as in a packet.
  const bytes = Buffer.concat([Buffer.from("xx"), Buffer.from(topic), Buffer.from("yy")]);
  const text = cache.read(bytes, 2, bytes.length - 2);
  return [text, cache.number];
}

test("every topic is what its bytes say, and keeps its number, however many there are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 300 }), (topics) => {
      const cache = new TopicCache();
      const numbers = new Map<string, number>();
      for (const topic of topics.map((one) => one.replaceAll("\u0000", "0"))) {
        const [text, number] = read(cache, topic);
        expect(text).toBe(Buffer.from(topic).toString());
        expect(number).toBe(numbers.get(topic) ?? numbers.size);
        numbers.set(topic, number);
      }
    }),
  );
});

test("100,000 topics of machines are remembered at once", () => {
  const cache = new TopicCache();
  const topics = Array.from(
    { length: 100_000 },
    (_, n) => `acme/plant-1/area/line-${n % 500}/machine-${n}/telemetry`,
  );
  for (const topic of topics) read(cache, topic);
  expect(topics.every((topic, n) => read(cache, topic)[1] === n)).toBe(true);
});

test("one that is full begins anew", () => {
  const cache = new TopicCache(3);
  expect(["a", "b", "c", "a", "d", "a"].map((topic) => read(cache, topic))).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
    ["a", 0],
    ["d", 0],
    ["a", 1],
  ]);
});

test("long topics are read and not remembered; what is no text is refused", () => {
  const cache = new TopicCache();
  expect(read(cache, "x".repeat(257))).toEqual(["x".repeat(257), -1]);
  expect(read(cache, Buffer.from([0xc3, 0x28]))).toEqual([null, -1]);
  expect(read(cache, "a\u0000b")).toEqual([null, -1]);
  expect(read(cache, "a")).toEqual(["a", 0]);
});
