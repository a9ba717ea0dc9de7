import { describe, expect, test } from "vitest";
import { MACHINE_STATES, machineModeOf, machineStateOf } from "./packml.js";
import type { Scalar } from "./sample.js";

describe("a state", () => {
  test.each<[Scalar, string]>([
    ["Execute", "EXECUTE"],
    [" execute ", "EXECUTE"],
    ["Un-Holding", "UNHOLDING"],
    ["un_suspending", "UNSUSPENDING"],
    [6, "EXECUTE"],
    ["6", "EXECUTE"],
    [" 17 ", "COMPLETE"],
    [0, "UNKNOWN"],
    [18, "UNKNOWN"],
    [-1, "UNKNOWN"],
    [6.5, "UNKNOWN"],
    ["Running", "UNKNOWN"],
    ["", "UNKNOWN"],
    ["length", "UNKNOWN"],
    [true, "UNKNOWN"],
    [6n, "UNKNOWN"],
    [null, "UNKNOWN"],
  ])("%s is %s", (value, state) => {
    expect(machineStateOf(value)).toBe(state);
  });

  test("has the number that ISA-TR88 gives it", () => {
    const numbers = { CLEARING: 1, STOPPED: 2, IDLE: 4, EXECUTE: 6, ABORTED: 9, HELD: 11, COMPLETE: 17 };
    for (const [name, number] of Object.entries(numbers)) expect(MACHINE_STATES[number]).toBe(name);
  });
});

test.each<[Scalar, string]>([
  ["Set-up", "SETUP"],
  [1, "PRODUCTION"],
  ["4", "SETUP"],
  ["maintenance", "MAINTENANCE"],
  [5, "UNKNOWN"],
  [null, "UNKNOWN"],
])("the mode %j is %s", (value, mode) => {
  expect(machineModeOf(value)).toBe(mode);
});
