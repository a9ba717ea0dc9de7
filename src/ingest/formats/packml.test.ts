import { describe, expect, test } from "vitest";
import { MACHINE_STATES } from "../../twin/packml.js";
import { MetricNames } from "./metric-names.js";
import { decodePackml, packml } from "./packml.js";

function decode(metric: string | null, payload: string, timestamp: string | null = null) {
  return decodePackml(Buffer.from(payload), metric, { names: new MetricNames(), timestamp });
}

function samples(metric: string | null, payload: string, timestamp?: string) {
  const decoded = decode(metric, payload, timestamp);
  return decoded.kind === "samples" ? decoded.samples.map((one) => [one.metric, one.value]) : decoded;
}

describe("states are PackML's names, however they come", () => {
  test.each(MACHINE_STATES.map((state, number) => [state, number] as const))("%s is %i", (state, number) => {
    const asWritten = state.charAt(0) + state.slice(1).toLowerCase();
    for (const payload of [String(number), state, asWritten, JSON.stringify(asWritten), `${number}.0`])
      expect(samples("Status/StateCurrent", payload)).toEqual([["Status/StateCurrent", state]]);
  });

  test("also where a simulator writes names beside numbers, and undefined is unknown", () => {
    expect(samples("Status/StateCurrentStr", "Execute")).toEqual([["Status/StateCurrentStr", "EXECUTE"]]);
    expect(samples("Status/StateRequested", "6")).toEqual([["Status/StateRequested", "EXECUTE"]]);
    expect(decode("Status/StateCurrent", "Undefined")).toMatchObject({
      problems: [],
      samples: [{ value: "UNKNOWN" }],
    });
  });

  test.each(["Running", "18", "-1", "true", "6.5"])(
    "%s is told as none, and the state is unknown",
    (payload) => {
      expect(decode("Status/StateCurrent", payload)).toMatchObject({
        samples: [{ value: "UNKNOWN", quality: "BAD" }],
        problems: [{ field: "Status/StateCurrent", problem: expect.stringContaining("no PackML state") }],
      });
    },
  );
});

test.each<[string, unknown]>([
  ["Production", "PRODUCTION"],
  ["Produce", "PRODUCTION"],
  ["1", "PRODUCTION"],
  ["2", "MAINTENANCE"],
  ["Manual", "MANUAL"],
  ["7", 7],
  ["Cleaning", "Cleaning"],
  ["0", "UNKNOWN"],
])("mode %s is %s", (payload, value) => {
  for (const tag of ["Status/UnitModeCurrent", "Status/UnitMode", "Status/UnitModeCurrentStr"])
    expect(samples(tag, payload)).toEqual([[tag, value]]);
});

describe("other tags are their values", () => {
  test.each<[string, string, unknown]>([
    ["Status/CurMachSpeed", "98.6", 98.6],
    ["Status/Parameter/0/Name", "Temperature", "Temperature"],
    ["Status/EquipmentInterlock/Blocked", "false", false],
    ["Admin/ProdProcessedCount/0/AccCount", "1042", 1042],
    ["Admin/ProdDefectiveCount/0/Unit", "Each", "Each"],
    ["Admin/StopReason/ID", "", null],
  ])("%s %s", (tag, payload, value) => {
    expect(samples(tag, payload)).toEqual([[tag, value]]);
  });

  test("in one JSON message, with a time", () => {
    expect(
      decode("Status", '{"StateCurrent":6,"UnitModeCurrent":1,"t":1717083000,"MachSpeed":[100]}', "t"),
    ).toEqual({
      kind: "samples",
      problems: [],
      samples: [
        { metric: "Status/StateCurrent", value: "EXECUTE", time: 1_717_083_000_000, quality: "GOOD" },
        { metric: "Status/UnitModeCurrent", value: "PRODUCTION", time: 1_717_083_000_000, quality: "GOOD" },
        { metric: "Status/MachSpeed/0", value: 100, time: 1_717_083_000_000, quality: "GOOD" },
      ],
    });
  });
});

test("commands to the machine are ignored", () => {
  for (const tag of ["Command/Start", "Command/UnitMode", "Command"])
    expect(decode(tag, "1")).toMatchObject({ kind: "ignored" });
});

describe("what is wrong is told", () => {
  test.each<[string | null, string, string]>([
    [null, "1", "{metric+} or {machine+}"],
    ["Status/x", "{", "not JSON"],
    ["Status/x", "{}", "no values"],
    ["Status//x", "1", "empty parts"],
    ["Status", '{"t":"now","a":1}', 't: "now" is not a time'],
  ])("%s %s", (metric, payload, problem) => {
    expect(decode(metric, payload, "t")).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

test("the topic says where the machine ends, and tags say what they mean", () => {
  const compiled = packml.compile({}, ["machine"]);
  if (!compiled.ok) throw new Error(compiled.error);
  const { split, roleOf } = compiled.value;
  expect(split?.("Site/Area/Line/Status/StateCurrent".split("/"))).toEqual({
    machine: 3,
    metric: "Status/StateCurrent",
  });
  expect(split?.(["Site", "Area"])).toBeNull();
  expect(
    ["Status/StateCurrent", "Status/UnitModeCurrent", "Admin/ProdDefectiveCount/0/AccCount", "x"].map((tag) =>
      roleOf?.(tag),
    ),
  ).toEqual(["STATE", "MODE", "REJECT_COUNT", null]);
});
