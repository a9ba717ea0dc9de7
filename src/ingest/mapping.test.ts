import { describe, expect, test } from "vitest";
import { parsePlantFile } from "../plant/plant-file.js";
import type { SourceConfig } from "../plant/source-settings.js";
import { MappingTable, type Routed } from "./mapping.js";

type Entry = { topic: string; format: string; [option: string]: unknown };

function source(mappings: readonly Entry[]): SourceConfig {
  const file = { sources: [{ name: "s", url: "mqtt://b", mappings }] };
  const parsed = parsePlantFile(JSON.stringify(file), {});
  const first = parsed.ok ? parsed.value.sources[0] : undefined;
  if (!first) throw new Error(JSON.stringify(parsed));
  return first;
}

function table(...mappings: Entry[]): MappingTable {
  const compiled = MappingTable.compile(source(mappings));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

/** What a topic means, in short. */
function inShort(routed: Routed): unknown {
  if (routed.kind !== "machine") return routed.kind;
  return [routed.mapping.name, routed.path, routed.metric, routed.deviceTopic];
}

const JSON_TOPIC = "{enterprise}/{site}/{machine}/telemetry";
const VALUE_TOPIC = "{enterprise}/{site}/{machine}/{metric+}";
const BOTH = [
  { topic: JSON_TOPIC, format: "json", timestamp: "ts" },
  { topic: VALUE_TOPIC, format: "value" },
];

describe("a topic", () => {
  test.each<[string, unknown]>([
    ["acme/berlin/m1/telemetry", [JSON_TOPIC, "acme/berlin/m1", null, "acme/berlin/m1"]],
    ["acme/berlin/m1/temp", [VALUE_TOPIC, "acme/berlin/m1", "temp", "acme/berlin/m1"]],
    ["acme/berlin/m1/tank/temp", [VALUE_TOPIC, "acme/berlin/m1", "tank/temp", "acme/berlin/m1"]],
    ["acme/berlin/m1/telemetry/x", [VALUE_TOPIC, "acme/berlin/m1", "telemetry/x", "acme/berlin/m1"]],
    ["acme/berlin/m1", "unmapped"],
    ["acme//m1/temp", "unmapped"],
    ["acme/berlin/m1/", "unmapped"],
    ["$SYS/broker/load/x", "broker"],
    ["acme/berlin/m\u0001/temp", "unmapped"],
    ["acme/berlin/m1/cmd/start", "command"],
    ["acme/berlin/m1/cmd/start/reply", "reply"],
    [
      "acme/berlin/m1/cmd/start/reply/x",
      [VALUE_TOPIC, "acme/berlin/m1", "cmd/start/reply/x", "acme/berlin/m1"],
    ],
    ["acme/berlin/m1/cmd", [VALUE_TOPIC, "acme/berlin/m1", "cmd", "acme/berlin/m1"]],
    [`acme/${"x".repeat(2_000)}/m/t`, "unmapped"],
  ])("%s", (topic, wanted) => {
    const mappings = table(...BOTH);
    expect(inShort(mappings.route(topic))).toEqual(wanted);
    // The second time it is remembered.
    expect(inShort(mappings.route(topic))).toEqual(wanted);
  });

  test("goes to the first mapping that takes it", () => {
    const turned = table(...[...BOTH].reverse());
    expect(inShort(turned.route("acme/berlin/m1/telemetry"))).toEqual([
      VALUE_TOPIC,
      "acme/berlin/m1",
      "telemetry",
      "acme/berlin/m1",
    ]);
  });

  test("of nobody says why", () => {
    expect(table(...BOTH).route("x")).toEqual({ kind: "unmapped", reason: "no mapping takes this topic" });
  });
});

describe("the machine's path", () => {
  test.each<[Entry, string, unknown[]]>([
    [
      { topic: "umh/v1/{e}/{s}/_historian/{metric+}", format: "json", machine: "{e}/{s}" },
      "umh/v1/acme/b/_historian/t",
      ["acme/b", "t", "umh/v1/acme/b"],
    ],
    [
      { topic: "{id}/data", format: "json", machine: "acme/plant/press-{id}" },
      "7/data",
      ["acme/plant/press-7", null, "7"],
    ],
    [{ topic: "{b}/{a}/data", format: "json", machine: "{a}/{b}" }, "x/y/data", ["y/x", null, "x/y"]],
    [{ topic: "+/{m}/data", format: "json" }, "any/m1/data", ["m1", null, "any/m1"]],
    [{ topic: "devices/{machine+}", format: "json" }, "devices/a/b/c", ["a/b/c", null, "devices/a/b/c"]],
    [
      { topic: "{line}/{id}/data", format: "json", machine: "acme/{line:lower}/{id:upper}" },
      "L1/p7/data",
      ["acme/l1/P7", null, "L1/p7"],
    ],
    [
      { topic: "umh/v1/{location+}", format: "umh" },
      "umh/v1/acme/plant1/_historian/weather/temperature",
      ["acme/plant1", "_historian/weather/temperature", "umh/v1/acme/plant1"],
    ],
    [
      { topic: "umh/v1/{location+}", format: "umh", machine: "uns/{location:lower}" },
      "umh/v1/ACME/_raw",
      ["uns/acme", "_raw", "umh/v1/ACME"],
    ],
    [
      { topic: "{machine+}", format: "packml" },
      "Site/Area/Line/Admin/ProdDefectiveCount/0/AccCount",
      ["Site/Area/Line", "Admin/ProdDefectiveCount/0/AccCount", "Site/Area/Line"],
    ],
    [
      { topic: "{site}/{line}/{metric+}", format: "packml" },
      "Site/Line/Status/StateCurrent",
      ["Site/Line", "Status/StateCurrent", "Site/Line"],
    ],
    [{ topic: "/neuron/{machine}", format: "neuron" }, "/neuron/modbus", ["modbus", null, "/neuron/modbus"]],
    [
      { topic: "opcua/json/data/{publisher}/{group}/{writer}", format: "opcua" },
      "opcua/json/data/p/g/w",
      ["p/g/w", null, "opcua/json/data/p/g/w"],
    ],
  ])("%j takes %s", (entry, topic, wanted) => {
    expect(inShort(table(entry).route(topic))).toEqual([entry.topic, ...wanted]);
  });
});

describe("a format that finds the end of the machine in the topic", () => {
  const both = table({ topic: "{machine+}", format: "packml" }, { topic: "{m}/{metric+}", format: "value" });

  test("leaves a topic without it to the next mapping", () => {
    expect(inShort(both.route("a/Status/x"))).toEqual(["{machine+}", "a", "Status/x", "a"]);
    expect(inShort(both.route("a/state/x"))).toEqual(["{m}/{metric+}", "a", "state/x", "a"]);
  });

  test("wants it where {metric+} begins, unless the template has it", () => {
    const fixed = table(
      { topic: "{line}/{metric+}", format: "packml" },
      { topic: "{line}/x/Admin/{metric+}", format: "packml" },
      { topic: "{line}/{m}/{metric+}", format: "value" },
    );
    expect(inShort(fixed.route("l/Status/x"))).toEqual(["{line}/{metric+}", "l", "Status/x", "l"]);
    expect(inShort(fixed.route("l/x/Admin/y"))).toEqual(["{line}/x/Admin/{metric+}", "l", "y", "l"]);
    expect(inShort(fixed.route("l/m/state"))).toEqual(["{line}/{m}/{metric+}", "l/m", "state", "l/m"]);
    const deep = table({ topic: "umh/v1/{e}/_historian/{metric+}", format: "umh" });
    expect(inShort(deep.route("umh/v1/acme/_historian/a/b"))).toEqual([
      "umh/v1/{e}/_historian/{metric+}",
      "acme",
      "a/b",
      "umh/v1/acme",
    ]);
  });

  test("makes no machine of a topic that begins with it", () => {
    expect(both.route("Status/StateCurrent")).toMatchObject({
      kind: "unmapped",
      reason: expect.stringContaining("a path must not be empty"),
    });
  });
});

describe("a mapping that cannot work", () => {
  test.each<[Entry, string]>([
    [{ topic: "{a}/t", format: "json", machine: "{a}/{b}" }, "{b} does not stand in the topic"],
    [{ topic: "+/t", format: "json" }, "names no machine"],
    [{ topic: "{metric}", format: "value" }, "names no machine"],
    [{ topic: "{a}/t", format: "value" }, "format value needs {metric}"],
    [{ topic: "{a}/{a}", format: "json" }, "appears twice"],
    [{ topic: "{a}/t", format: "json", machine: "{a:title}" }, "machine: "],
    [{ topic: "{a}/t", format: "json", value: "v" }, "value: needs metric: or {metric} in the topic"],
    [{ topic: "{a+}/t", format: "json" }, "must be the last level"],
    [{ topic: "{a}/#", format: "json" }, "wildcard"],
    [{ topic: "$SYS/{a}/{metric+}", format: "value" }, "the broker tells of itself"],
  ])("%j: %s", (entry, problem) => {
    const compiled = MappingTable.compile(source([{ topic: "{m}/ok", format: "json" }, entry]));
    expect(compiled).toEqual({ ok: false, error: [{ index: 1, problem: expect.stringContaining(problem) }] });
  });
});

test("what is subscribed covers telemetry and replies, and nothing twice", () => {
  const filters = (...mappings: Entry[]) => table(...mappings).filters.map(({ filter }) => filter);
  expect(filters(...BOTH)).toEqual(["+/+/+/+/#"]);
  expect(filters({ topic: "{m}/telemetry", format: "json" })).toEqual(["+/telemetry", "+/cmd/+/reply"]);
  expect(filters({ topic: "x/{m+}", format: "json" })).toEqual(["x/+/#"]);
});

test("what is subscribed has its mapping's QoS, or the source's, and the highest of all that it covers", () => {
  const telemetry = { topic: "{m}/telemetry", format: "json" };
  const fast = { topic: "{m}/fast/{metric+}", format: "value", qos: 0 };
  const sure = { topic: "{m}/counts", format: "json", qos: 2 };
  expect(table(telemetry, fast, sure).filters).toEqual([
    { filter: "+/telemetry", qos: 1 },
    { filter: "+/fast/+/#", qos: 0 },
    { filter: "+/counts", qos: 2 },
    { filter: "+/cmd/+/reply", qos: 1 },
  ]);
  const all = { topic: "{m}/{metric+}", format: "value", qos: 0 };
  expect(table(fast, all).filters).toEqual([{ filter: "+/+/#", qos: 0 }]);
  expect(table(telemetry, sure, all).filters).toEqual([{ filter: "+/+/#", qos: 2 }]);
});

describe("decoding", () => {
  function decode(entry: Entry, topic: string, payload: string) {
    const routed = table(entry).route(topic);
    if (routed.kind !== "machine") throw new Error(routed.kind);
    return routed.mapping.decode(Buffer.from(payload), routed.metric);
  }

  test.each<[string, Entry, string, string, object]>([
    ["json", { topic: "{m}/t", format: "json" }, "a/t", '{"x":1}', { samples: [{ metric: "x", value: 1 }] }],
    [
      "json below a name from the topic",
      { topic: "{m}/{metric+}", format: "json" },
      "a/b/c",
      '{"x":1}',
      { samples: [{ metric: "b/c/x", value: 1 }] },
    ],
    [
      "value",
      { topic: "{m}/{metric}", format: "value" },
      "a/x",
      "1",
      { samples: [{ metric: "x", value: 1 }] },
    ],
    [
      "json with the number of the message",
      { topic: "{m}/{metric+}", format: "json", sequence: "n" },
      "a/b",
      '{"x":1,"n":7}',
      { samples: [{ metric: "b/x", value: 1 }], problems: [], sequence: 7 },
    ],
    ["connectivity", { topic: "{m}/lwt", format: "connectivity" }, "a/lwt", "offline", { online: false }],
    [
      "connectivity at a field",
      { topic: "{m}/lwt", format: "connectivity", online: "up" },
      "a/lwt",
      '{"up":true}',
      { online: true },
    ],
    [
      "metrics by the mapping's rules, which see the names that topic and payload make together",
      {
        topic: "{m}/{metric+}",
        format: "json",
        metrics: [
          { from: "plc/DB1.T", name: "temperature", unit: "°C", scale: { factor: 0.1 } },
          { from: "plc/**", ignore: true },
        ],
      },
      "a/plc",
      '{"DB1.T":234,"debug":{"x":1}}',
      { samples: [{ metric: "temperature", value: 23.4 }], problems: [] },
    ],
  ])("%s", (_, entry, topic, payload, wanted) => {
    expect(decode(entry, topic, payload)).toMatchObject(wanted);
  });

  test("a name that topic and payload together make too long is refused, the others taken", () => {
    const long = "x".repeat(250);
    const decoded = decode({ topic: "{m}/{metric}", format: "json" }, `a/${long}`, '{"y":1,"zzzzzzz":2}');
    expect(decoded).toMatchObject({
      samples: [{ metric: `${long}/y` }],
      problems: [{ field: "zzzzzzz", problem: expect.stringContaining("256") }],
    });
  });
});

test("the commands of a machine that no level names go above its metrics", () => {
  const fixed = table({ topic: "press/{metric+}", format: "value", machine: "acme/press" });
  expect(inShort(fixed.route("press/tank/temperature"))).toEqual([
    "press/{metric+}",
    "acme/press",
    "tank/temperature",
    "press",
  ]);
});
