import { describe, expect, test } from "vitest";
import { machineType } from "../../test/support/twins.js";
import { Plant } from "../plant/plant.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { MappingTable } from "./mapping.js";
import { preview } from "./preview.js";

function tables(...topics: [string, string][]): MappingTable[] {
  return topics.map(([topic, format]) => {
    const mappings = [{ topic, format, ...(format === "json" ? { timestamp: "ts" } : {}) }];
    const parsed = parsePlantFile(JSON.stringify({ sources: [{ name: "s", url: "x", mappings }] }), {});
    const config = parsed.ok ? parsed.value.sources[0] : undefined;
    const compiled = config && MappingTable.compile(config);
    if (!compiled?.ok) throw new Error("no table");
    return compiled.value;
  });
}

const TWO = tables(
  ["{site}/{m}/json", "json"],
  ["{site}/{m}/{metric+}", "value"],
  ["{m}/lwt", "connectivity"],
);

function see(topic: string, payload: string, plant = new Plant(), discovery = true) {
  return preview(
    TWO.map((table) => ({ table, discovery })),
    plant,
    topic,
    Buffer.from(payload),
  );
}

test("shows mapping, machine and samples as they would be taken", () => {
  expect(see("acme/m1/json", '{"ts":1717083000123,"a":1,"b":{"c":"x"}}')).toEqual({
    mapping: "{site}/{m}/json",
    machine: "acme/m1",
    samples: [
      { metric: "a", value: 1, sourceTime: new Date(1_717_083_000_123), quality: "GOOD" },
      { metric: "b/c", value: "x", sourceTime: new Date(1_717_083_000_123), quality: "GOOD" },
    ],
    problem: null,
  });
});

test("asks the next source when the first does not take the topic", () => {
  expect(see("acme/m1/temp", "5")).toMatchObject({
    mapping: "{site}/{m}/{metric+}",
    samples: [{ metric: "temp", value: 5, sourceTime: null }],
    problem: null,
  });
});

test("applies nothing", () => {
  const plant = new Plant();
  see("acme/m1/temp", "5", plant);
  expect([plant.machineCount, plant.roots]).toEqual([0, []]);
});

test("values are those of the machine's type, also of a machine that is still to be discovered", () => {
  const plant = new Plant();
  plant.setType(machineType([{ name: "count", dataType: "Int64" }]));
  expect(see("acme/m1/json", '{"count":"5"}', plant).samples).toMatchObject([{ value: 5 }]);
  expect(see("acme/m1/json", '{"count":5.5,"x":1}', plant)).toMatchObject({
    samples: [{ metric: "x" }],
    problem: 'count: "5.5" is not a value of type Int64',
  });
});

test("a time beyond all dates is none, and the receive time would count", () => {
  expect(see("acme/m1/json", '{"ts":1e300,"a":1}').samples).toMatchObject([
    { metric: "a", sourceTime: null },
  ]);
});

describe("says why nothing, or not all, would be taken", () => {
  test.each([
    ["x", "1", "no mapping takes this topic"],
    ["acme/m1/json", "{", "the payload is not JSON"],
    [
      "acme/m1/json",
      '{"a+":1,"b":1e999}',
      "a+: a metric name must not hold +, # or a control character; b: is not",
    ],
    ["m1/lwt", "offline", "no samples: it says that the machine is offline"],
    ["acme/m1/cmd/start", "{}", "commands to devices"],
    ["acme/m1/cmd/start/reply", "{}", "answers to commands"],
    ["acme//temp", "1", "no mapping takes this topic"],
    ["$SYS/broker/uptime", "1", "the broker tells of itself"],
  ])("%s %s", (topic, payload, problem) => {
    const seen = see(topic, payload);
    expect(seen.problem).toContain(problem);
    expect(seen.samples).toEqual([]);
  });

  test("where there is no source", () => {
    expect(preview([], new Plant(), "a", Buffer.from("1")).problem).toBe("there is no source");
  });
});

test("a machine that a source without discovery does not know becomes nothing, and it says so", () => {
  const seen = see("acme/m1/json", '{"a":1}', new Plant(), false);
  expect(seen).toMatchObject({ machine: "acme/m1", samples: [] });
  expect(seen.problem).toContain("does not discover");
});
