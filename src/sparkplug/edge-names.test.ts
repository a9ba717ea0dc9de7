import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metric, payload } from "../../test/support/edge-node.js";
import { MetricRules } from "../ingest/mapping-metrics.js";
import { PathTemplate } from "../ingest/mapping-path.js";
import { metricRules } from "../plant/metric-rules.js";
import { type MetricDefinition, readBirth } from "./birth.js";
import { EdgeNames } from "./edge-names.js";
import { DataType, type Metric } from "./payload.js";

function template(text: string): PathTemplate {
  const parsed = PathTemplate.parse(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** @param rules as in the plant file. */
function names(rules: readonly object[] = [], machineType: string | null = null): EdgeNames {
  return new EdgeNames({
    machine: template("acme/{group:lower}/{edge}/{device}"),
    node: template("acme/{group:lower}/{edge}"),
    machineType: machineType === null ? null : template(machineType),
    rules: new MetricRules(metricRules.parse(rules)),
  });
}

const definitions = (...metrics: readonly Metric[]): ReadonlyMap<string, MetricDefinition> =>
  readBirth(payload(metrics), 100, null).definitions;
const sample = (name: string, value: number) => ({
  metric: name,
  value,
  time: null,
  quality: "GOOD" as const,
});
const place = (device: string | null) => ({ id: { group: "Berlin", edgeNode: "line-1" }, device });

describe("the names of edge nodes and devices", () => {
  test("are those of the templates; an edge node has one of its own", () => {
    expect(names().pathOf(place("press"))).toBe("acme/berlin/line-1/press");
    expect(names().pathOf(place(null))).toBe("acme/berlin/line-1");
  });

  test("of types are the machine's path, or what the template says", () => {
    expect(names().typeOf(place("press"), "a/b")).toBe("a/b");
    expect(names([], "{group}-{device}").typeOf(place("press"), "a/b")).toBe("Berlin-press");
    expect(names([], "{group}-{device}").typeOf(place(null), "a/b")).toBe("Berlin-line-1");
  });
});

describe("metrics", () => {
  const rules = [
    { from: "secret/**", ignore: true },
    { from: "raw *", name: "clean/*", scale: { factor: 0.1 }, unit: "mm" },
    { from: "Motor *1", name: "motor-1" },
  ];

  test("are renamed, scaled and left out; what no topic can name is told", () => {
    expect(
      names(rules).samples([
        sample("raw width", 1_234),
        sample("secret/a/b", 1),
        sample("Motor #1", 2),
        sample("Motor #2", 3),
        sample("plain", 4),
      ]),
    ).toEqual({
      samples: [sample("clean/width", 123.4), sample("motor-1", 2), sample("plain", 4)],
      problems: ["Motor #2: a metric name must not hold +, # or a control character"],
    });
    expect(["raw width", "secret/a", "Motor #2"].map((name) => names(rules).metric(name))).toEqual([
      "clean/width",
      null,
      null,
    ]);
  });

  test("of births have the type, the unit and the limits that their scaled values have", () => {
    const limits = (low: number, high: number) => ({
      keys: ["engLow", "engHigh"],
      values: [low, high].map((value) => ({
        dataType: DataType.Int32,
        isNull: false,
        wire: { field: "int" as const, value },
      })),
    });
    const birth = definitions(
      metric("raw width", DataType.Int32, 1, { properties: limits(0, 100) }),
      metric("secret/a", DataType.Int32, 1),
      metric("plain", DataType.Int32, 1),
    );
    expect(names(rules).definitions([...birth.values()])).toMatchObject([
      { name: "clean/width", dataType: "Double", unit: "mm", min: 0, max: 10 },
      { name: "plain", dataType: "Int64", unit: null, min: null, max: null },
    ]);
    const mirrored = names([{ from: "raw *", scale: { factor: -2 } }]);
    expect(mirrored.definitions([...birth.values()])[0]).toMatchObject({
      dataType: "Int64",
      min: -200,
      max: 0,
    });
  });
});

describe("a write", () => {
  test("of what the plant sees is what makes it see that", () => {
    const birth = definitions(metric("m", DataType.Int32, 0));
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.constantFrom(0.001, 0.1, 0.5, 1, 2, 10, -1, 1 / 3),
        fc.integer({ min: -1_000, max: 1_000 }),
        (raw, factor, offset) => {
          const scaled = names([{ from: "m", name: "n", scale: { factor, offset } }]);
          const [shown] = scaled.samples([sample("m", raw)]).samples;
          const write = scaled.writeOf(birth, { metric: "n", value: shown?.value ?? null });
          expect(write).toMatchObject({ ok: true, value: { definition: { name: "m" }, value: raw } });
        },
      ),
    );
  });

  test("of Bytes is base64", () => {
    const birth = definitions(metric("b", DataType.Bytes, new Uint8Array()));
    const write = (value: string) => names().writeOf(birth, { metric: "b", value });
    expect(write("AAE=")).toMatchObject({ ok: true, value: { value: new Uint8Array([0, 1]) } });
    expect(write("AAE")).toMatchObject({ ok: true, value: { value: new Uint8Array([0, 1]) } });
    expect(write("?")).toEqual({ ok: false, error: "b: the text is not base64" });
  });

  test.each([
    ["a metric that no birth tells", "nothing", 1, "its birth tells of no metric nothing"],
    ["a metric by the name that it has at the edge only", "m", 1, "its birth tells of no metric m"],
    ["no number where it is scaled", "n", "fast", "n: the value is no number"],
    ["a flag where it is scaled", "n", true, "n: the value is no number"],
  ])("of %s is refused", (_, name, value, error) => {
    const scaled = names([{ from: "m", name: "n", scale: { factor: 2 } }]);
    const birth = definitions(metric("m", DataType.Int32, 0));
    expect(scaled.writeOf(birth, { metric: name, value })).toEqual({ ok: false, error });
  });

  test("of what steers the edge node goes by its own name", () => {
    const birth = definitions(metric("Node Control/Reboot", DataType.Boolean, false));
    const write = names([{ from: "**", ignore: true }]).writeOf(birth, {
      metric: "Node Control/Reboot",
      value: true,
    });
    expect(write).toMatchObject({ ok: true, value: { value: true } });
  });
});
