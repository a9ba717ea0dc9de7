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
    TWO.map((table, index) => ({ name: `source-${index}`, table, discovery })),
    plant,
    topic,
    Buffer.from(payload),
  );
}

test("shows mapping, machine and samples as they would be taken", () => {
  expect(see("acme/m1/json", '{"ts":1717083000123,"a":1,"b":{"c":"x"}}')).toMatchObject({
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

describe("step by step", () => {
  function source(...mappings: object[]) {
    const parsed = parsePlantFile(JSON.stringify({ sources: [{ name: "floor", url: "x", mappings }] }), {});
    const config = parsed.ok ? parsed.value.sources[0] : undefined;
    const compiled = config && MappingTable.compile(config);
    if (!compiled?.ok) throw new Error(JSON.stringify([parsed, compiled]));
    return { name: "floor", table: compiled.value, discovery: true };
  }

  function steps(mappings: object[], topic: string, payload: string, plant = new Plant(), discovery = true) {
    const seen = preview([{ ...source(...mappings), discovery }], plant, topic, Buffer.from(payload));
    return seen.steps.map(({ stage, outcome, subject, detail }) => [stage, outcome, subject, detail]);
  }

  const MAPPINGS = [
    { topic: "{m}/lwt", format: "connectivity" },
    { topic: "umh/v1/{location+}", format: "umh" },
    { topic: "{site}/{m}/{metric+}", format: "value" },
    { topic: "{site}/{m}/{metric}/x/json", format: "json", timestamp: "ts" },
  ];

  test("it tells why each mapping before the one that takes the topic does not", () => {
    expect(
      steps(MAPPINGS, "a/b/c", "5")
        .map((step) => step.slice(0, 4))
        .slice(0, 3),
    ).toEqual([
      ["MAPPING", "PASSED_OVER", "{m}/lwt", "wants 2 levels, and the topic has 3"],
      ["MAPPING", "PASSED_OVER", "umh/v1/{location+}", 'wants "umh" as level 1, and the topic has "a"'],
      ["MAPPING", "TAKEN", "{site}/{m}/{metric+}", "takes the topic, in source floor"],
    ]);
    expect(steps(MAPPINGS, "umh/v1/acme/x", "5")[1]?.[3]).toBe(
      "finds no level that says where the machine ends, as format umh needs it",
    );
    expect(steps(MAPPINGS, "a//c", "5").map((step) => step[3])).toEqual([
      "wants 2 levels, and the topic has 3",
      'wants "umh" as level 1, and the topic has "a"',
      "wants level 2 not to be empty",
      "wants 5 levels, and the topic has 3",
      "no mapping takes this topic",
    ]);
    expect(steps([{ topic: "{m+}", format: "packml" }], "Status/x", "5").map((step) => step[3])).toEqual([
      "the topic makes no machine path: a path must not be empty",
    ]);
  });

  test("it follows each value through names, scale and type", () => {
    const plant = new Plant();
    plant.setType(
      machineType([
        { name: "temperature", dataType: "Double", unit: "°C", role: "SENSOR" },
        { name: "count", dataType: "Int64" },
      ]),
    );
    const mapping = {
      topic: "{site}/{m}/json",
      format: "json",
      timestamp: "ts",
      metrics: [
        { from: "T", name: "temperature", scale: { factor: 0.1 }, unit: "°C" },
        { from: "p", unit: "bar" },
        { from: "debug", ignore: true },
        { from: "text", scale: { factor: 2 } },
      ],
    };
    const payload = '{"ts":1717083000123,"T":234,"p":1,"debug":1,"text":"warm","count":"7","n":5.5,"a+":1}';
    const at = "quality GOOD, at 2024-05-30T15:30:00.123Z";
    expect(steps([mapping], "acme/m1/json", payload, plant)).toEqual([
      ["MAPPING", "TAKEN", "{site}/{m}/json", "takes the topic, in source floor"],
      ["MACHINE", "TAKEN", "acme/m1", "new: it would be discovered, of type filler"],
      ["DECODING", "TAKEN", null, "format json: 6 values"],
      ["DECODING", "REFUSED", "a+", "a metric name must not hold +, # or a control character"],
      [
        "METRIC",
        "TAKEN",
        "T",
        `renamed to temperature by the rule for T; scaled from 234 to 23.4 in °C; a Double in °C, role SENSOR; 23.4, ${at}`,
      ],
      ["METRIC", "TAKEN", "p", `not in the machine's type: taken in as Double; 1, ${at}`],
      ["METRIC", "IGNORED", "debug", "left out by the rule for debug"],
      ["METRIC", "REFUSED", "text", '"warm" is no number and cannot be scaled'],
      ["METRIC", "TAKEN", "count", `read as Int64 from "7"; 7, ${at}`],
      ["METRIC", "TAKEN", "n", `not in the machine's type: taken in as Double; 5.5, ${at}`],
    ]);
    const seen = preview([source(mapping)], plant, "acme/m1/json", Buffer.from(payload));
    expect(seen.problem).toBe(
      'a+: a metric name must not hold +, # or a control character; text: "warm" is no number and cannot be scaled',
    );
    expect(seen.samples.map(({ metric }) => metric)).toEqual(["temperature", "p", "count", "n"]);
    const suggestions = Object.fromEntries(
      seen.steps.map(({ subject, suggestion }) => [subject, suggestion]),
    );
    expect(suggestions["a+"]).toContain("metrics: { from, name }");
    expect(suggestions.text).toContain("narrow the from");
    expect(suggestions.p).toBe('List it in the machine\'s type: { name: p, unit: "bar" }.');
    expect(suggestions.T).toBeNull();
  });

  test("it tells what a tag means that no type lists", () => {
    const mapping = { topic: "{m+}", format: "packml" };
    const seen = preview([source(mapping)], new Plant(), "Line/Status/StateCurrent", Buffer.from("6"));
    expect(seen.steps.at(-1)).toEqual({
      stage: "METRIC",
      outcome: "TAKEN",
      subject: "Status/StateCurrent",
      detail:
        'not in the machine\'s type: taken in as String; "EXECUTE", quality GOOD, at the time of arrival',
      suggestion: "List it in the machine's type: { name: Status/StateCurrent, role: STATE }.",
    });
  });

  test("it tells what comes to no samples, and what to do about it", () => {
    expect(steps(MAPPINGS, "m1/lwt", "offline").at(-1)).toEqual([
      "DECODING",
      "TAKEN",
      null,
      "format connectivity: it says that the machine is offline",
    ]);
    expect(steps(MAPPINGS, "umh/v1/acme/_analytics/shift/add", "{}").at(-1)).toEqual([
      "DECODING",
      "IGNORED",
      null,
      "format umh: the schema _analytics holds no tags that this mapping takes",
    ]);
    expect(
      steps([{ topic: "{m}", format: "opcua" }], "m", '{"MessageType":"ua-keepalive"}').at(-1)?.[3],
    ).toBe("format opcua: 0 values, only a sign of life");
    expect(steps(MAPPINGS, "a/b/c", "5", new Plant(), false).at(-1)).toEqual([
      "MACHINE",
      "REFUSED",
      "a/b",
      "there is no machine a/b, and the source does not discover",
    ]);
    const broken = preview([source(...MAPPINGS)], new Plant(), "a/b/c/x/json", Buffer.from('{"x":1}'));
    expect(broken.steps.at(-1)).toMatchObject({
      outcome: "REFUSED",
      suggestion: expect.stringContaining("format json, in a mapping above"),
    });
    expect(preview([], new Plant(), "a/b", Buffer.from("1")).steps).toMatchObject([
      {
        stage: "MAPPING",
        outcome: "REFUSED",
        subject: null,
        suggestion: expect.stringContaining("{metric+}"),
      },
    ]);
    expect(steps(MAPPINGS, "a/b/cmd/go", "{}")).toMatchObject([
      ["MAPPING", "REFUSED", null, expect.stringContaining("commands")],
    ]);
  });

  test("it tells of a topic that some brokers would deliver twice", () => {
    const wide = { topic: "{site}/{m}/{metric+}", format: "value" };
    const seen = (umh: string) =>
      preview(
        [source({ topic: umh, format: "umh" }, wide)],
        new Plant(),
        "umh/v1/acme/_historian/t",
        Buffer.from('{"value":1}'),
      );
    expect(seen("umh/v1/{location+}").steps[0]?.suggestion).toBeNull();
    const overlapping = seen("umh/+/{location+}");
    expect(overlapping.steps[0]).toMatchObject({ outcome: "TAKEN", suggestion: null });
    const apart = source(
      { topic: "umh/{version}/{location+}", format: "umh" },
      { ...wide, topic: "{site}/v1/{metric+}" },
    );
    expect(
      preview([apart], new Plant(), "umh/v1/acme/_historian/t", Buffer.from('{"value":1}')).steps[0]
        ?.suggestion,
    ).toContain("some brokers deliver it once for each");
  });

  test("a message of very many values does not tell of each", () => {
    const payload = JSON.stringify(
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`m${index}`, index])),
    );
    const all = steps([{ topic: "{m}", format: "json" }], "m", payload);
    expect(all.length).toBe(204);
    expect(all.at(-1)).toEqual(["METRIC", "TAKEN", null, "and 100 more"]);
  });
});

test("a suggested mapping takes the topic that it is suggested for", () => {
  for (const [topic, payload] of [
    ["acme/berlin/pack/line-3/filler-1/telemetry", '{"a":1}'],
    ["berlin/filler/temperature", "23.5"],
    ["a/b/c/d/e/f/g/h", '{"a":1}'],
    ["/plc/7", "1"],
    ["umh/v1/acme/_historian/t", '{"value":1,"timestamp_ms":1717083000000}'],
    ["Site/Area/Line/Status/StateCurrent", "Execute"],
    ["/neuron/mqtt-1", '{"node":"m","group":"g","values":{"a":1}}'],
    ["opcua/json/data/pub/group/writer", '{"MessageType":"ua-data","Messages":[{"Payload":{"a":1}}]}'],
  ] as const) {
    const suggestion = preview([], new Plant(), topic, Buffer.from(payload)).steps[0]?.suggestion ?? "";
    const written = /\{ topic: .*\}/.exec(suggestion)?.[0];
    const parsed = parsePlantFile(`sources: [{ name: s, url: x, mappings: [${written}] }]`, {});
    const config = parsed.ok ? parsed.value.sources[0] : undefined;
    const compiled = config && MappingTable.compile(config);
    if (!compiled?.ok) throw new Error(`${suggestion}: ${JSON.stringify([parsed, compiled])}`);
    const seen = preview(
      [{ name: "s", table: compiled.value, discovery: true }],
      new Plant(),
      topic,
      Buffer.from(payload),
    );
    expect([seen.problem, seen.samples.length], suggestion).toEqual([null, 1]);
  }
});
