import { describe, expect, test } from "vitest";
import {
  filterCovers,
  filtersOverlap,
  minimalFilters,
  overlapsOf,
  topicMatches,
  validateFilter,
  validateTopic,
} from "./topic.js";

describe("a filter matches a topic", () => {
  test.each([
    ["a/b", "a/b", true],
    ["a/b", "a/b/c", false],
    ["a/b/c", "a/b", false],
    ["a/+", "a/b", true],
    ["a/+", "a/", true],
    ["a/+", "a", false],
    ["a/+", "a/b/c", false],
    ["+/+", "/b", true],
    ["/+", "/b", true],
    ["+", "/b", false],
    ["+/b", "a/b", true],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["a/#", "ab", false],
    ["a/+/#", "a", false],
    ["a/+/#", "a/b", true],
    ["#", "a/b", true],
    ["#", "/", true],
    ["#", "$SYS/x", false],
    ["+/x", "$SYS/x", false],
    ["$SYS/#", "$SYS/x", true],
    ["$SYS/+", "$SYS/x", true],
    ["A/b", "a/b", false],
  ])("%s and %s: %s", (filter, topic, expected) => {
    expect(topicMatches(filter, topic)).toBe(expected);
  });
});

describe("a filter covers another", () => {
  test.each([
    ["#", "a/b", true],
    ["#", "a/#", true],
    ["#", "+/#", true],
    ["+/#", "#", false],
    ["a/#", "a/+/c", true],
    ["a/#", "a", true],
    ["a/+/#", "a/#", false],
    ["a/#", "a/+/#", true],
    ["a/+", "a/#", false],
    ["a/+", "a/+", true],
    ["a/+/c", "a/b/+", false],
    ["#", "$SYS/#", false],
    ["+/#", "$SYS/a", false],
  ])("%s covers %s: %s", (a, b, expected) => {
    expect(filterCovers(a, b)).toBe(expected);
  });

  test("covered and repeated filters are dropped, the others keep their order", () => {
    expect(minimalFilters(["x/1", "a/b", "a/+", "a/b", "b/#", "b", "b/c/d", "$SYS/#", "x/1"])).toEqual([
      "x/1",
      "a/+",
      "b/#",
      "$SYS/#",
    ]);
  });
});

describe("two filters overlap", () => {
  test.each([
    ["a/b", "a/b", true],
    ["a/b", "a/c", false],
    ["a/+", "+/b", true],
    ["a/+/c", "+/b/+", true],
    ["a/+/c", "+/b", false],
    ["a/#", "a", true],
    ["a/b/#", "a", false],
    ["a/#", "+/b/c", true],
    ["a/#", "b/#", false],
    ["+", "#", true],
    ["#", "$SYS/x", false],
    ["+/x", "$SYS/x", false],
    ["$SYS/#", "$SYS/+", true],
    ["a/b", "a/b/c", false],
  ])("%s and %s: %s", (a, b, expected) => {
    expect([filtersOverlap(a, b), filtersOverlap(b, a)]).toEqual([expected, expected]);
  });

  test("those of which one covers the other are no pair", () => {
    expect(overlapsOf(["a/+/c", "a/b/+", "a/b/c", "x/#"])).toEqual([["a/+/c", "a/b/+"]]);
  });
});

describe("validity", () => {
  test.each(["a", "/", "a//b", "a/ b", "$SYS/x"])("%s is a topic", (topic) => {
    expect(validateTopic(topic)).toBeNull();
  });

  test.each(["", "a/+", "a/#", "a\0b", "x".repeat(65_536), "ü".repeat(40_000)])("no topic", (topic) => {
    expect(validateTopic(topic)).toEqual(expect.any(String));
  });

  test.each(["a", "#", "+", "+/#", "a/+/b", "/+", "$share/g/a/#"])("%s is a filter", (filter) => {
    expect(validateFilter(filter)).toBeNull();
  });

  test.each(["", "a#", "a/#/b", "a+", "a/b+/c", "\0", "#/"])("%j is no filter", (filter) => {
    expect(validateFilter(filter)).toEqual(expect.any(String));
  });
});
