import { describe, expect, test } from "vitest";
import { MetricNames } from "./metric-names.js";
import { decodeUmh } from "./umh.js";

const T = 1_733_904_005_123;

function decode(metric: string | null, payload: string, schemas?: string[]) {
  const options = { names: new MetricNames(), schemas: schemas ? new Set(schemas) : null };
  const decoded = decodeUmh(Buffer.from(payload), metric, options);
  if (decoded.kind !== "samples") return decoded;
  return decoded.samples.map(({ metric: name, value, time, quality }) => [name, value, time, quality]);
}

describe("one tag on its own topic, as UMH Core writes it", () => {
  test.each<[string, string, unknown[]]>([
    [
      "_historian/weather/temperature",
      `{"timestamp_ms": ${T}, "value": 23.4}`,
      ["weather/temperature", 23.4],
    ],
    [
      "_historian/machine-state/state",
      `{"timestamp_ms": ${T}, "value": "running"}`,
      ["machine-state/state", "running"],
    ],
    ["_historian/door", `{"timestamp_ms": ${T}, "value": true}`, ["door", true]],
    [
      "_historian/axis/x/position/actual",
      `{"value":1.5,"timestamp_ms":${T}.0}`,
      ["axis/x/position/actual", 1.5],
    ],
    // Of another schema the name stands before the tag: the same tag may be there twice, raw and refined.
    ["_raw/weather/temperature", `{"timestamp_ms": ${T}, "value": 23.4}`, ["raw/weather/temperature", 23.4]],
    ["_pump_v1/motor/speed", `{"timestamp_ms": ${T}, "value": 1200}`, ["pump_v1/motor/speed", 1200]],
  ])("%s", (metric, payload, [name, value]) => {
    expect(decode(metric, payload)).toEqual([[name, value, T, "GOOD"]]);
  });

  test("on a topic that stands below _historian in the mapping", () => {
    expect(decode("weather/temperature", `{"timestamp_ms": ${T}, "value": 23.4}`)).toEqual([
      ["weather/temperature", 23.4, T, "GOOD"],
    ]);
  });
});

describe("several tags beside one time, as UMH Classic writes them", () => {
  const THREE = `{"timestamp_ms":${T},"temperature":23.4,"humidity":42.1,"pressure":1013.25}`;
  test.each<[string | null, string, unknown[][]]>([
    [
      "_historian",
      THREE,
      [
        ["temperature", 23.4],
        ["humidity", 42.1],
        ["pressure", 1013.25],
      ],
    ],
    [
      "_historian/weather",
      THREE,
      [
        ["weather/temperature", 23.4],
        ["weather/humidity", 42.1],
        ["weather/pressure", 1013.25],
      ],
    ],
    [
      null,
      THREE,
      [
        ["temperature", 23.4],
        ["humidity", 42.1],
        ["pressure", 1013.25],
      ],
    ],
    [
      "_historian",
      `{"timestamp_ms":${T},"taggroup":{"tagname1":123,"tagname2":"string"}}`,
      [
        ["taggroup/tagname1", 123],
        ["taggroup/tagname2", "string"],
      ],
    ],
    // A tag may be called value, where it is not the only one.
    [
      "_historian/weather",
      `{"timestamp_ms":${T},"value":5,"unit":"C"}`,
      [
        ["weather/value", 5],
        ["weather/unit", "C"],
      ],
    ],
    ["_historian", `{"timestamp_ms":${T},"value":5}`, [["value", 5]]],
    [
      "_raw",
      `{"timestamp_ms":${T},"a":[1,2]}`,
      [
        ["raw/a/0", 1],
        ["raw/a/1", 2],
      ],
    ],
  ])("%s %s", (metric, payload, wanted) => {
    expect(decode(metric, payload)).toEqual(wanted.map((tag) => [...tag, T, "GOOD"]));
  });
});

test("without a time that of arrival counts", () => {
  expect(decode("_historian/t", '{"value":1}')).toEqual([["t", 1, null, "GOOD"]]);
});

test("what tells of orders and shifts is ignored, and so is every schema that the mapping does not list", () => {
  const order = '{"external_work_order_id":"1234","product":{"external_product_id":"5678"},"quantity":100}';
  expect(decode("_analytics/work-order/create", order)).toMatchObject({ kind: "ignored" });
  expect(decode("_raw/t", `{"value":1,"timestamp_ms":${T}}`, ["_historian"])).toMatchObject({
    kind: "ignored",
    reason: expect.stringContaining("_raw"),
  });
  expect(decode("_analytics/state/add", '{"state":10000}', ["_analytics"])).toEqual([
    ["analytics/state/add/state", 10000, null, "GOOD"],
  ]);
});

describe("what is wrong is told", () => {
  test.each([
    ["_historian/t", "5", "format umh wants an object, and the payload is a number"],
    ["_historian/t", "[]", "an array"],
    ["_historian/t", "{", "not JSON"],
    ["_historian/t", '{"timestamp_ms":"now","value":1}', 'timestamp_ms: "now" is not a time'],
    ["_historian", `{"timestamp_ms":${T}}`, "no values beside timestamp_ms"],
  ])("%s %s", (metric, payload, problem) => {
    expect(decode(metric, payload)).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});
