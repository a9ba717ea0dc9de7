import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { formatProblem, parsePlantFile } from "./plant-file.js";

const SOURCE = `sources:
  - name: shopfloor
    url: mqtt://broker
    mappings: [{ topic: "{m}/t", format: json }]
`;

/** A source whose mapping has one rule for metrics. */
function rules(rule: string): string {
  return SOURCE.replace("format: json", `format: json, metrics: [${rule}]`);
}

function read(text: string, env: Record<string, string> = {}) {
  const parsed = parsePlantFile(text, env);
  if (!parsed.ok) throw new Error(parsed.error.map((one) => formatProblem("file", one)).join("\n"));
  return parsed.value;
}

function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  const parsed = parsePlantFile(text, env);
  return parsed.ok ? [] : parsed.error.map((problem) => formatProblem("file", problem));
}

test.each(["demo-plant", "minimal-plant", "formats"])("examples/%s.yaml is a plant file", async (name) => {
  const text = await readFile(new URL(`../../examples/${name}.yaml`, import.meta.url), "utf8");
  expect(problemsOf(text, { MQTT_URL: "mqtt://broker" })).toEqual([]);
});

test("an empty file is an empty plant", () => {
  expect(read("")).toEqual({ calendars: [], equipment: [], machineTypes: [], sources: [] });
});

test("defaults are filled in and durations become milliseconds", () => {
  const text = `machineTypes:
  - name: filler
    offlineAfter: 5m
    metrics: [{ name: speed, staleAfter: 1500 }]
    commands: [{ name: start }]
${SOURCE}`;
  expect(read(text)).toMatchObject({
    machineTypes: [
      {
        staleAfter: 60_000,
        offlineAfter: 300_000,
        appliesTo: [],
        metrics: [{ type: "Double", writable: false, staleAfter: 1_500 }],
        commands: [{ timeout: 30_000, parameters: { type: "object", additionalProperties: false } }],
      },
    ],
    sources: [{ qos: 1, discovery: "auto", inFlight: 65_535 }],
  });
});

test("mappings keep what their formats read, and leave out what the file leaves out", () => {
  const text = SOURCE.replace("format: json", "format: connectivity").replace(
    "mappings: [",
    "mappings: [{ topic: '{m}/d', format: umh, schemas: [_raw], qos: 0, metrics: [{ from: a, scale: { factor: 2 } }] }, ",
  );
  expect(read(text).sources[0]?.mappings).toEqual([
    {
      topic: "{m}/d",
      format: "umh",
      schemas: ["_raw"],
      qos: 0,
      metrics: [{ from: "a", ignore: false, scale: { factor: 2, offset: 0 } }],
    },
    { topic: "{m}/t", format: "connectivity", online: "online", metrics: [] },
  ]);
});

test("what retention leaves out is kept for ever", () => {
  const text =
    "history:\n  retention:\n    default: { samples: 90d, minutes: 2y, days: forever }\n    short: { samples: 2w }";
  const day = 86_400_000;
  expect(read(text).history).toEqual({
    retention: {
      default: { samples: 90 * day, minutes: 730 * day, hours: null, days: null },
      short: { samples: 14 * day, minutes: null, hours: null, days: null },
    },
  });
});

describe("variables", () => {
  test("fill values at any depth", () => {
    const file = read(SOURCE.replace("mqtt://broker", "mqtt://$" + "{USER_1}:x@$" + "{HOST}/"), {
      USER_1: "u",
      HOST: "h",
    });
    expect(file.sources[0]?.url).toBe("mqtt://u:x@h/");
  });

  test("that are not set are named with their line", () => {
    expect(problemsOf(SOURCE.replace("mqtt://broker", "$" + "{BROKER}"))).toEqual([
      "file:3: sources[0].url: the environment variable BROKER is not set",
    ]);
  });
});

describe("what is wrong is told with line and field", () => {
  test.each([
    ["equipment:\n  - { path: acme//x }", "file:2: equipment[0].path: "],
    ["equipment:\n  - path: a\n  - path: a", 'file:3: equipment[1].path: "a" stands twice'],
    ["equipment:\n  - path: a\n    type: pump", "file:3: equipment[0].type: there is no machine type"],
    [
      "machineTypes: [{ name: pump }]\nequipment:\n  - path: a\n    type: pump\n    level: LINE",
      "file:5: equipment[0].level: only a MACHINE has a type",
    ],
    [
      "machineTypes:\n  - name: pump\n    staleAfter: soon",
      "file:3: machineTypes[0].staleAfter: must be a duration",
    ],
    [
      "machineTypes:\n  - name: pump\n    staleAfter: 0",
      "file:3: machineTypes[0].staleAfter: must be a duration",
    ],
    [
      "machineTypes:\n  - name: pump\n    metrics:\n      - { name: a, role: COUNT }",
      "file:4: machineTypes[0].metrics[0].role",
    ],
    [
      "machineTypes:\n  - name: pump\n    metrics: [{ name: a }, { name: a }]",
      "machineTypes[0].metrics[1].name",
    ],
    [
      "machineTypes:\n  - name: pump\n    commands: [{ name: a/b }]",
      "machineTypes[0].commands[0].name: must not hold",
    ],
    ["machineTypes:\n  - name: pump\n    metrik: []", "file:2: machineTypes[0]: "],
    ["sources:\n  - { name: a b, url: x, mappings: [] }", "file:2: sources[0].name: must be letters"],
    [
      SOURCE.replace("format: json", "format: xml"),
      "file:4: sources[0].mappings[0].format: must be one of json, value, connectivity, umh, opcua, packml, neuron",
    ],
    [
      SOURCE.replace("format: json", "format: json, timestamp: /ts"),
      "mappings[0].timestamp: must be names joined with /",
    ],
    [
      SOURCE.replace("format: json", "format: value, timestamp: ts"),
      'mappings[0]: there is no setting "timestamp"',
    ],
    [SOURCE.replace("format: json", "format: json, qos: 3"), "sources[0].mappings[0].qos"],
    [SOURCE.replace("format: json", "format: json, qualityCodes: sparkplug"), "mappings[0].qualityCodes"],
    [
      SOURCE.replace("format: json", "format: umh, schemas: [historian]"),
      "mappings[0].schemas[0]: must begin with _",
    ],
    [SOURCE.replace("format: json", "format: opcua, prefix: publisher"), "mappings[0].prefix"],
    [SOURCE.replace("format: json", "format: json, metrics: [{ name: a }]"), "mappings[0].metrics[0].from"],
    [rules("{ from: a }"), "metrics[0]: says nothing"],
    [rules("{ from: a, ignore: true, name: b }"), "metrics[0].ignore: leaves nothing to name"],
    [rules("{ from: a/b, name: '*' }"), "metrics[0].name: has more * than from"],
    [rules("{ from: a, name: b/ }"), "metrics[0].name: must be names joined with /"],
    [rules("{ from: a/#, ignore: true }"), "metrics[0].from: must be names joined with /"],
    [rules("{ from: '**/a', ignore: true }"), "metrics[0].from: ** stands for whole levels"],
    [rules("{ from: '*a*b*c*', ignore: true }"), "metrics[0].from: must not have more than 3 *"],
    [rules("{ from: a, scale: { factor: 0 } }"), "metrics[0].scale.factor: must not be 0"],
    [rules("{ from: a, scale: { faktor: 2 } }"), "metrics[0].scale"],
    [SOURCE.replace("url:", "qos: 3\n    url:"), "file:3: sources[0].qos"],
    [
      "machineTypes:\n  - name: pump\n    metrics:\n      - { name: a, retention: short }",
      'file:4: machineTypes[0].metrics[0].retention: there is no retention policy "short"',
    ],
    ["history: { retention: { Short: {} } }", "file:1: history.retention.Short: must be up to 30"],
    [
      "history:\n  retention:\n    default: { samples: 3h }",
      "history.retention.default.samples: must be at least 1d",
    ],
    [
      "history:\n  retention:\n    default:\n      samples: 90d\n      minutes: 30d",
      "file:5: history.retention.default.minutes: must not be shorter than samples",
    ],
    [
      "history:\n  retention:\n    default:\n      hours: 1y",
      "file:4: history.retention.default.hours: must not be shorter than minutes",
    ],
    ["equipment: 5", "file:1: equipment: "],
    ["just text", "file:1: "],
    ["a: [", "file:"],
    ["a: 1\na: 2", "file:"],
  ])("%j", (text, problem) => {
    const problems = problemsOf(text);
    expect(problems.some((one) => one.includes(problem))).toBe(true);
  });

  test("all at once, in the order of the lines", () => {
    const text = "sources:\n  - { name: x, url: y, mappings: [] }\nequipment:\n  - path: /\n  - path: $a";
    expect(problemsOf(text).map((problem) => problem.split(":")[1])).toEqual(["2", "4", "5"]);
  });
});
