import { describe, expect, test } from "vitest";
import { machineType } from "../../test/support/twins.js";
import { KEEP_ALL } from "../plant/history-settings.js";
import { isTooOld, keptSince, policyName, policyOf, spanOf, spanTable } from "./retention.js";

const DAY = 86_400_000;
const at = (text: string) => Date.parse(text);

describe("a partition's span", () => {
  test.each([
    ["sample_block", "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", 7],
    ["sample_block", "2026-01-11T23:59:59.999Z", "2026-01-05T00:00:00Z", 7],
    ["sample_block", "1970-01-05T00:00:00Z", "1970-01-05T00:00:00Z", 7],
    ["sample_block", "1970-01-04T23:59:59.999Z", "1969-12-29T00:00:00Z", 7],
    ["minute_block", "2026-01-05T00:00:00Z", "2025-12-22T00:00:00Z", 28],
    ["hour_rollup", "1970-01-05T00:00:00Z", "1970-01-05T00:00:00Z", 364],
    ["day_rollup", "1970-01-05T00:00:00Z", "1970-01-05T00:00:00Z", 3640],
  ] as const)("of %s that holds %s begins at %s and has %d days", (table, time, from, days) => {
    const span = spanOf(table, at(time));
    expect([new Date(span.from).toISOString(), (span.to - span.from) / DAY]).toEqual([
      new Date(from).toISOString(),
      days,
    ]);
  });

  test.each([
    ["2026-01-07T00:00:00Z", "sample_block_20260105_default"],
    ["0001-01-03T00:00:00Z", "sample_block_00010101_default"],
    ["-000001-06-06T00:00:00Z", "sample_block_0b719743_default"],
    ["+012026-06-06T00:00:00Z", "sample_block_0a3673030_default"],
  ])("at %s has a name of its own", (time, name) => {
    expect(spanTable("sample_block", "default", spanOf("sample_block", at(time)))).toBe(name);
  });

  test("is too old when nothing in it is kept any more", () => {
    const span = { from: 0, to: 10 * DAY };
    expect(isTooOld(span, 30 * DAY, 40 * DAY)).toBe(true);
    expect(isTooOld(span, 30 * DAY, 40 * DAY - 1)).toBe(false);
    expect(isTooOld(span, null, 1e15)).toBe(false);
    expect(keptSince(null, 0)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("a metric's policy", () => {
  const short = { ...KEEP_ALL, samples: DAY };
  const policies = { default: KEEP_ALL, short };
  const type = machineType([
    { name: "a", retention: "short" },
    { name: "b" },
    { name: "c", retention: "gone" },
  ]);

  test.each([
    ["a", "short"],
    ["b", "default"],
    ["c", "default"],
    ["unknown", "default"],
  ])("of %s is %s", (metric, name) => {
    expect(policyName(type, metric, policies)).toBe(name);
    expect(policyName(null, metric, policies)).toBe("default");
  });

  test("that the plant file has no more goes by the default one", () => {
    expect(policyOf({ default: short }, "gone")).toBe(short);
    expect(policyOf(policies, "short")).toBe(short);
    expect(policyOf(policies, "toString")).toBe(KEEP_ALL);
  });
});
