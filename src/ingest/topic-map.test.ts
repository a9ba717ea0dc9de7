import { expect, test } from "vitest";
import { TopicMap } from "./topic-map.js";

test("remembers by topic, and the first that is said of one", () => {
  const map = new TopicMap<number>();
  map.set("a", 1);
  map.set("a", 2);
  expect([map.get("a"), map.get("b"), map.size]).toEqual([1, undefined, 1]);
});

test("holds the topics of 100,000 machines with long names", () => {
  const map = new TopicMap<number>();
  for (let n = 0; n < 100_000; n += 1)
    map.set(`enterprise/some-site/an-area/line-${n % 500}/${"m".repeat(80)}-${n}/telemetry`, n);
  expect(map.size).toBe(100_000);
});

test("a flood of topics never holds more than its bounds", () => {
  const many = new TopicMap<number>({ entries: 10 });
  for (let n = 0; n < 95; n += 1) many.set(`t/${n}`, n);
  expect(many.size).toBe(5);
  const long = new TopicMap<number>({ characters: 1_000 });
  for (let n = 0; n < 95; n += 1) {
    long.set(`${"x".repeat(97)}/${n % 10}${n}`.slice(0, 100), n);
    expect(long.size).toBeLessThanOrEqual(10);
  }
});

test("nothing of a topic of more than 1,024 characters", () => {
  const map = new TopicMap<number>();
  map.set("x".repeat(1_025), 1);
  expect(map.size).toBe(0);
});

test("a number finds what its topic has, also when it has become another topic's", () => {
  const map = new TopicMap<string>();
  map.set("a", "of a");
  map.set("b", "of b");
  expect([map.get("a", 0), map.get("b", 1), map.get("b", 0), map.get("a", 0), map.get("c", 0)]).toEqual([
    "of a",
    "of b",
    "of b",
    "of a",
    undefined,
  ]);
  map.clear();
  expect(map.get("a", 0)).toBeUndefined();
});
