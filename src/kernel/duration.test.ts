import { expect, test } from "vitest";
import { parseDuration } from "./duration.js";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["8h", 28_800_000],
  ["7d", 604_800_000],
  ["2w", 1_209_600_000],
  ["1y", 31_536_000_000],
  ["1.5s", 1_500],
  [" 2 s ", 2_000],
  ["0s", 0],
  ["", null],
  ["30", null],
  ["s", null],
  ["-1s", null],
  ["1M", null],
  ["1S", null],
  ["1s 2s", null],
  [".5s", null],
])("%j is %s ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
