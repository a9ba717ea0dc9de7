import { expect, test } from "vitest";
import { qualityOf } from "./quality.js";

test.each<[unknown, string | null, string | null]>([
  [192, "GOOD", "GOOD"],
  [216, "GOOD", "GOOD"],
  [64, "UNCERTAIN", "GOOD"],
  [0, "BAD", "GOOD"],
  [24, "BAD", "GOOD"],
  [500, "UNCERTAIN", "GOOD"],
  [0x40000000, "UNCERTAIN", "UNCERTAIN"],
  [0x80310000, "BAD", "BAD"],
  [-2147483648, null, "BAD"],
  [1.5, null, null],
  [1e12, null, null],
  ["192", "GOOD", "GOOD"],
  ["Good", "GOOD", "GOOD"],
  ["Good_Data", "GOOD", "GOOD"],
  ["BAD", "BAD", "BAD"],
  ["Uncertain", "UNCERTAIN", "UNCERTAIN"],
  [" ok ", "GOOD", "GOOD"],
  [true, "GOOD", "GOOD"],
  [false, "BAD", "BAD"],
  [null, "GOOD", "GOOD"],
  [undefined, "GOOD", "GOOD"],
  ["fine", null, null],
  [{}, null, null],
])("%j is %s in OPC DA and %s in OPC UA", (value, da, ua) => {
  expect([qualityOf(value, "opc-da"), qualityOf(value, "opc-ua")]).toEqual([da, ua]);
});
