import { describe, expect, test } from "vitest";
import { aliased, metric, payload, properties, quality } from "../../test/support/edge-node.js";
import { type Birth, changesBetween, isShown, readBirth, typesOf } from "./birth.js";
import { qualityOf } from "./metric-properties.js";
import { DataType, type Metric, type Template, type WireValue } from "./payload.js";
import { readMetrics } from "./readings.js";

function template(metrics: readonly Metric[], more: Partial<Template> = {}): Metric["wire"] {
  const value = {
    version: null,
    metrics,
    parameters: [],
    templateRef: "Motor",
    isDefinition: false,
    ...more,
  };
  return { field: "template", value };
}

const instance = (name: string, metrics: readonly Metric[], more: Partial<Metric> = {}): Metric => ({
  ...metric(name, DataType.Template, null),
  isNull: false,
  wire: template(metrics),
  ...more,
});

const SPEED = metric("speed", DataType.Float, 50);
const HEAT = metric("heat", DataType.Int32, 40);
const DEFINITION: Metric = {
  ...instance("_types_/Motor", []),
  wire: template([metric("speed", DataType.Float, 0), metric("heat", DataType.Int32, 0)], {
    isDefinition: true,
    templateRef: null,
  }),
};

const read = (metrics: readonly Metric[], room = 100): Birth => readBirth(payload(metrics), room, null);
const shown = (birth: Birth) => [...birth.definitions.values()].filter(isShown).map(({ name }) => name);
const told = (metrics: readonly Metric[], birth: Birth | null, certain = true) =>
  readMetrics(payload(metrics), birth, certain).readings.map(
    ({ metric: name, value }) => `${name}=${String(value)}`,
  );

describe("a birth's metrics", () => {
  test("have the unit, the limits and whether they may be written, where their properties tell them", () => {
    const text = (value: string) =>
      ({ dataType: DataType.String, isNull: false, wire: { field: "string", value } }) as const;
    const int = (value: number) =>
      ({ dataType: DataType.Int32, isNull: false, wire: { field: "int", value: value >>> 0 } }) as const;
    const flag = (value: boolean) =>
      ({ dataType: DataType.Boolean, isNull: false, wire: { field: "boolean", value } }) as const;
    const birth = read([
      {
        ...SPEED,
        properties: properties({
          engUnit: text("rpm"),
          engLow: int(-10),
          engHigh: int(3_000),
          readOnly: flag(true),
        }),
      },
      { ...HEAT, properties: properties({ "Engineering Units": text("°C"), writable: flag(true) }) },
      metric("plain", DataType.Int32, 1),
    ]);
    expect([...birth.definitions.values()]).toMatchObject([
      { unit: "rpm", low: -10, high: 3_000, writable: false },
      { unit: "°C", low: null, high: null, writable: true },
      { unit: null, low: null, high: null, writable: null },
    ]);
  });

  test.each<[string, readonly Metric[], readonly string[]]>([
    ["without a name", [{ ...SPEED, name: null, alias: 4 }], ["a metric with alias 4 has no name"]],
    ["without a type", [{ ...SPEED, dataType: DataType.Unknown }], ['the metric "speed" has no data type']],
    [
      "of one name and two types",
      [SPEED, { ...HEAT, name: "speed" }],
      ['the metric "speed" has two data types'],
    ],
    [
      "of one alias and two names",
      [
        { ...SPEED, alias: 4 },
        { ...HEAT, alias: 4 },
      ],
      ['the alias 4 is given to "speed" and "heat"'],
    ],
    [
      "that are too many",
      [SPEED, HEAT, metric("c", DataType.Int32, 1)],
      ["1 metrics more than the 2 that are taken"],
    ],
  ])("%s are told as a problem", (_, metrics, problems) => {
    expect(read(metrics, 2).problems).toEqual(problems);
  });

  test("that claim one alias are not told by it, because either would be a guess", () => {
    const birth = read([
      { ...SPEED, alias: 4 },
      { ...HEAT, alias: 4 },
    ]);
    const { readings, unknown } = readMetrics(payload([aliased(4, DataType.Int32, 1)]), birth, true);
    expect([readings, unknown]).toEqual([[], "alias 4"]);
  });

  test.each<[WireValue, number]>([
    [{ field: "int", value: 1 }, DataType.Int32],
    [{ field: "long", value: 1 }, DataType.Int64],
    [{ field: "float", value: 1 }, DataType.Float],
    [{ field: "double", value: 1 }, DataType.Double],
    [{ field: "boolean", value: true }, DataType.Boolean],
    [{ field: "string", value: "" }, DataType.String],
    [{ field: "bytes", value: new Uint8Array() }, DataType.Bytes],
    [{ field: "dataset", value: { columns: [], types: [], rows: [] } }, DataType.DataSet],
  ])("without a type have the one of their field: %j", (wire, dataType) => {
    expect(read([{ ...SPEED, dataType: 0, wire }]).definitions.get("speed")?.dataType).toBe(dataType);
  });

  test("have aliases beyond 2^53", () => {
    const birth = read([{ ...SPEED, alias: 2n ** 63n }]);
    expect(told([aliased(2n ** 63n, DataType.Float, 3)], birth)).toEqual(["speed=3"]);
  });

  test("may be told with several values", () => {
    const birth = read([HEAT, { ...HEAT, historical: true }]);
    expect(birth.problems).toEqual([]);
    expect(readMetrics(payload([HEAT, { ...HEAT, historical: true }]), birth, true).readings.length).toBe(2);
  });
});

describe("templates", () => {
  const motors = [DEFINITION, instance("motors/1", [SPEED, HEAT], { alias: 9 })];

  test("are shown by the members of their instances; definitions are no values", () => {
    const birth = read(motors);
    expect(shown(birth)).toEqual(["motors/1/speed", "motors/1/heat"]);
    expect(told(motors, birth)).toEqual(["motors/1/speed=50", "motors/1/heat=40"]);
    expect(birth.problems).toEqual([]);
  });

  test("may tell their members' types in the definition alone, wherever that stands", () => {
    const bare = [
      instance("motors/1", [
        { ...SPEED, dataType: 0 },
        { ...HEAT, dataType: 0 },
      ]),
      DEFINITION,
    ];
    const birth = read(bare);
    expect([...typesOf(birth)]).toEqual([
      ["motors/1/speed", DataType.Float],
      ["motors/1/heat", DataType.Int32],
    ]);
    expect(birth.problems).toEqual([]);
  });

  test("defined by the node hold for its devices", () => {
    const node = read([DEFINITION]);
    const device = readBirth(payload([instance("m", [{ ...HEAT, dataType: 0 }])]), 100, node.templates);
    expect([...typesOf(device)]).toEqual([["m/heat", DataType.Int32]]);
  });

  test("are told in part, by alias and without types", () => {
    const part = {
      ...aliased(9, DataType.Int32, 0),
      wire: template([{ ...HEAT, dataType: 0, wire: { field: "int", value: 0xffff_fffe } }]),
    };
    expect(told([part], read(motors))).toEqual(["motors/1/heat=-2"]);
  });

  test("within templates are named by all of them, and not without end", () => {
    const nested = (depth: number): Metric => (depth === 0 ? HEAT : instance("in", [nested(depth - 1)]));
    expect(shown(read([nested(3)]))).toEqual(["in/in/in/heat"]);
    expect(shown(read([nested(20)]))).toEqual([]);
    expect(told([nested(20)], read([nested(20)]))).toEqual([]);
  });

  test("hand their time, quality and flags on to members that have none", () => {
    const birth = read(motors);
    const past = instance("motors/1", [HEAT, { ...SPEED, timestamp: 7, properties: quality(192) }], {
      timestamp: 5,
      historical: true,
      properties: quality(0),
    });
    expect(readMetrics(payload([past]), birth, true).readings).toMatchObject([
      { metric: "motors/1/heat", time: 5, quality: "BAD", historical: true },
      { metric: "motors/1/speed", time: 7, quality: "GOOD", historical: true },
    ]);
  });

  test("with a member that no birth tells are unknown", () => {
    const more = instance("motors/1", [HEAT, metric("torque", DataType.Float, 1)]);
    expect(readMetrics(payload([more]), read(motors), true).unknown).toBe('"motors/1/torque"');
  });
});

describe("the changes between two births", () => {
  test("are what was added, dropped and retyped; Sparkplug's own metrics are none of it", () => {
    const before = typesOf(read([SPEED, HEAT, metric("Node Control/Reboot", DataType.Boolean, false)]));
    const after = typesOf(
      read([{ ...SPEED, dataType: DataType.Double }, metric("torque", DataType.Int32, 1)]),
    );
    expect(changesBetween(before, after)).toEqual({
      added: ["torque"],
      dropped: [{ name: "heat", type: DataType.Int32 }],
      retyped: [{ name: "speed", from: DataType.Float, to: DataType.Double }],
    });
  });
});

describe("the Quality property", () => {
  test.each([
    [0, "BAD"],
    [192, "GOOD"],
    [500, "UNCERTAIN"],
    [24, "BAD"],
    [64, "UNCERTAIN"],
    [216, "GOOD"],
    [999, "UNCERTAIN"],
  ])("%i is %s", (code, wanted) => {
    expect(qualityOf(quality(code))).toBe(wanted);
  });

  test("that is no number is UNCERTAIN, and one that is missing GOOD", () => {
    const odd = properties({
      Quality: { dataType: DataType.String, isNull: false, wire: { field: "string", value: "good" } },
    });
    expect([qualityOf(odd), qualityOf(properties({})), qualityOf(null)]).toEqual([
      "UNCERTAIN",
      "GOOD",
      "GOOD",
    ]);
    expect(qualityOf({ keys: ["Quality"], values: [] })).toBe("UNCERTAIN");
  });
});
