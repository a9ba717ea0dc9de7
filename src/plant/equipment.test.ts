import { describe, expect, test } from "vitest";
import { checkPath, isUnder, lastLevel, levelOfGroup, parentPath } from "./equipment.js";

describe("a path", () => {
  test.each([
    "acme",
    "acme/berlin/pack/line-3/filler-1",
    "a/b c/°C",
    `${"x/".repeat(15)}x`,
    "x".repeat(512),
    "a/$b",
  ])("%j is taken", (path) => {
    expect(checkPath(path)).toEqual({ ok: true, value: path });
  });

  test.each([
    ["", "empty"],
    ["/acme", "empty level"],
    ["acme/", "empty level"],
    ["acme//berlin", "empty level"],
    ["acme/+", "+, #"],
    ["acme/#", "+, #"],
    ["acme/a+b", "+, #"],
    ["acme/\u0000", "control character"],
    ["acme/\n", "control character"],
    ["acme/\u007f", "control character"],
    ["$SYS/broker", "begins with $"],
    [`${"x/".repeat(16)}x`, "16 levels"],
    ["x".repeat(513), "512 characters"],
  ])("%j is refused: %s", (path, reason) => {
    const checked = checkPath(path);
    expect(checked.ok ? null : checked.error).toContain(reason);
  });
});

test.each([
  ["a", null, "a"],
  ["a/b", "a", "b"],
  ["a/b/c", "a/b", "c"],
])("%s stands below %s and is called %s", (path, parent, name) => {
  expect([parentPath(path), lastLevel(path)]).toEqual([parent, name]);
});

test.each([
  ["a/b", "a", true],
  ["a/b/c", "a", true],
  ["a", "a", true],
  ["ab", "a", false],
  ["a-1/b", "a", false],
  ["a", "a/b", false],
])("%s under %s: %s", (path, under, wanted) => {
  expect(isUnder(path, under)).toBe(wanted);
});

test.each([
  ["a", "ENTERPRISE"],
  ["a/b", "SITE"],
  ["a/b/c", "AREA"],
  ["a/b/c/d", "LINE"],
  ["a/b/c/d/e", "LINE"],
])("a group at %s is a %s", (path, level) => {
  expect(levelOfGroup(path)).toBe(level);
});
