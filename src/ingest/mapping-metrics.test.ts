import { describe, expect, test } from "vitest";
import { sample } from "../../test/support/twins.js";
import { metricRules } from "../plant/metric-rules.js";
import type { Scalar } from "../twin/sample.js";
import { MetricRules, scaled } from "./mapping-metrics.js";

function rules(...list: object[]): MetricRules {
  return new MetricRules(metricRules.parse(list));
}

function applied(list: object[], ...samples: [string, Scalar][]) {
  const decoded = rules(...list).apply({
    kind: "samples",
    samples: samples.map(([metric, value]) => sample(metric, value, 5)),
    problems: [{ field: "before", problem: "stays" }],
  });
  if (decoded.kind !== "samples") throw new Error(decoded.kind);
  return [
    decoded.samples.map(({ metric, value }) => [metric, value]),
    decoded.problems.slice(1).map(({ field, problem }) => `${field}: ${problem}`),
  ];
}

describe("a rule takes metrics by their names", () => {
  test.each<[string, string, string, string | null]>([
    ["temp", "temperature", "temp", "temperature"],
    ["temp", "temperature", "temp/1", null],
    ["axis/*/torque", "torque/*", "axis/2/torque", "torque/2"],
    ["axis/*/torque", "torque/*", "axis/2/3/torque", null],
    ["Channel1.Device1.*", "*", "Channel1.Device1.Tag1", "Tag1"],
    ["Channel1.Device1.*", "*", "Channel1xDevice1.Tag1", null],
    ["raw/**", "**", "raw/motor/speed", "motor/speed"],
    ["raw/**", "**", "raw", null],
    ["**", "plc/**", "a/b", "plc/a/b"],
    ["*_*", "*/*", "left_speed", "left/speed"],
    ["a/*", "b", "a/x", "b"],
    ["a(b)[c]", "ok", "a(b)[c]", "ok"],
  ])("%s as %s: %s", (from, name, metric, wanted) => {
    // The second time it is remembered.
    const list = rules({ from, name });
    for (let time = 0; time < 2; time += 1) {
      const ruled = list.one(sample(metric, 1, 5));
      if (ruled.kind !== "sample") throw new Error(ruled.kind);
      expect(ruled.sample).toEqual(sample(wanted ?? metric, 1, 5));
      expect(ruled.rule === null).toBe(wanted === null);
    }
  });

  test("the first one counts", () => {
    const list = [
      { from: "a/keep", name: "kept" },
      { from: "a/**", ignore: true },
    ];
    expect(applied(list, ["a/keep", 1], ["a/x/y", 2], ["b", 3])).toEqual([
      [
        ["kept", 1],
        ["b", 3],
      ],
      [],
    ]);
  });
});

describe("a scaled value", () => {
  test.each<[Scalar, { factor?: number; offset?: number }, Scalar]>([
    [234, { factor: 0.1 }, 23.4],
    [1234, { factor: 0.001 }, 1.234],
    [500, { factor: 0.1, offset: -40 }, 10],
    [3, { factor: 1.8, offset: 32 }, 37.4],
    ["23.5", { factor: 2 }, 47],
    [9007199254740993n, { factor: 2 }, 18014398509481986n],
    [9007199254740992n, { offset: -9007199254740990 }, 2],
    [9007199254740992n, { factor: 0.5 }, 4503599627370496],
    [null, { factor: 2 }, null],
  ])("%s by %j is %s", (value, scale, wanted) => {
    expect(applied([{ from: "a", scale }], ["a", value])).toEqual([[["a", wanted]], []]);
  });

  test.each([true, "warm", "", Number.NaN])("%s cannot be", (value) => {
    expect(scaled(value, { factor: 2, offset: 0 })).toBeUndefined();
  });

  test("that cannot be is told under the name that the device gives", () => {
    expect(applied([{ from: "a", name: "b", scale: { factor: 2 } }], ["a", "warm"], ["c", 1])).toEqual([
      [["c", 1]],
      ['a: "warm" is no number and cannot be scaled'],
    ]);
  });
});

test("a name that a rule makes is checked like any other", () => {
  const long = "x".repeat(200);
  expect(applied([{ from: "*", name: `${long}/*` }], [long, 1], ["ok", 2])).toEqual([
    [[`${long}/ok`, 2]],
    [`${long}: a metric name has at most 256 characters`],
  ]);
  expect(applied([{ from: "a*", name: "b/*" }], ["a", 1])).toEqual([
    [],
    ["a: a metric name must not have empty parts"],
  ]);
});

test("what is no sample passes as it is", () => {
  const online = { kind: "connectivity", online: true, time: null } as const;
  expect(rules({ from: "a", name: "b" }).apply(online)).toBe(online);
});

test("any pattern is tried on any name without delay", () => {
  const began = performance.now();
  for (let index = 0; index < 50; index += 1)
    rules({ from: "*a*a*b", name: "x" }).one(sample(`${"a".repeat(250)}${index}`, 1, 5));
  expect(performance.now() - began).toBeLessThan(3_000);
});
