import { describe, expect, test } from "vitest";
import { globalId, isUuid, keyOfGlobalId, newId } from "./ids.js";

const KEY = "01890a5d-ac96-774b-bcce-b302099a8057";

test("an id is a UUID of version 7 that carries its time", () => {
  const id = newId(0x01890a5dac96);
  expect(id).toMatch(/^01890a5d-ac96-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(isUuid(id)).toBe(true);
});

test("ids of later milliseconds sort after earlier ones, and none comes twice", () => {
  const ids = [1, 2, 255, 256, 1_764_000_000_000].map((now) => newId(now));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => newId(1))).size).toBe(1_000);
});

describe("keyOfGlobalId", () => {
  test.each([
    ["the type's own id", `Machine:${KEY}`, KEY],
    ["another type's id", `Order:${KEY}`, null],
    ["a key that is no UUID", "Machine:1", null],
    ["no key", "Machine", null],
    ["an empty key", "Machine:", null],
    ["something behind the key", `Machine:${KEY}:x`, null],
    ["nothing", "", null],
  ])("%s", (_, id, key) => {
    expect(keyOfGlobalId("Machine", id)).toBe(key);
  });

  test("takes what globalId makes", () => {
    expect(keyOfGlobalId("Machine", globalId("Machine", KEY))).toBe(KEY);
  });
});
