import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataType, type Metric, type Template } from "../src/sparkplug/payload.js";
import type { TestApp } from "./support/app.js";
import { brokerAvailable } from "./support/broker.js";
import type { EdgeClient, EdgeMetric } from "./support/edge-client.js";
import { aliased, metric as edgeMetric, quality } from "./support/edge-node.js";
import { history, machine, metric } from "./support/questions.js";
import { MQTT_VERSIONS, SparkplugPlant } from "./support/sparkplug-plant.js";
import { waitFor } from "./support/wait-for.js";

const SOURCE = `
  - name: edge
    url: "\${MQTT_URL}"
    sparkplug:
      machine: "acme/{group:lower}/{device}"
      node: "acme/{group:lower}/{edge}"
      machineType: "{group}"
      metrics:
        - { from: "Raw/*", name: "*", scale: { factor: 0.1 }, unit: mm }
        - { from: "Internal/**", ignore: true }
`;

const PATH = "acme/types/machine";
const float = Math.fround(0.1);
const bytes = new Uint8Array([0, 1, 254, 255]);

/** A metric, and what GraphQL tells of it: by name, a value and its type. */
const TYPES: readonly [EdgeMetric, Readonly<Record<string, readonly [unknown, string]>>][] = [
  [{ name: "int8", dataType: DataType.Int8, value: -128 }, { int8: [-128, "Int64"] }],
  [{ name: "int16", dataType: DataType.Int16, value: -32_768 }, { int16: [-32_768, "Int64"] }],
  [{ name: "int32", dataType: DataType.Int32, value: -(2 ** 31) }, { int32: [-(2 ** 31), "Int64"] }],
  [
    { name: "int64", dataType: DataType.Int64, value: -(2n ** 63n) },
    { int64: ["-9223372036854775808", "Int64"] },
  ],
  [{ name: "uint8", dataType: DataType.UInt8, value: 255 }, { uint8: [255, "Int64"] }],
  [{ name: "uint16", dataType: DataType.UInt16, value: 65_535 }, { uint16: [65_535, "Int64"] }],
  [{ name: "uint32", dataType: DataType.UInt32, value: 2 ** 32 - 1 }, { uint32: [2 ** 32 - 1, "Int64"] }],
  [
    { name: "uint64", dataType: DataType.UInt64, value: 2n ** 63n - 1n },
    { uint64: ["9223372036854775807", "Int64"] },
  ],
  [
    { name: "exact", dataType: DataType.Int64, value: 2n ** 53n + 1n },
    { exact: ["9007199254740993", "Int64"] },
  ],
  [{ name: "float", dataType: DataType.Float, value: float }, { float: [float, "Double"] }],
  [{ name: "double", dataType: DataType.Double, value: 0.1 }, { double: [0.1, "Double"] }],
  [{ name: "boolean", dataType: DataType.Boolean, value: true }, { boolean: [true, "Boolean"] }],
  [{ name: "string", dataType: DataType.String, value: "grün" }, { string: ["grün", "String"] }],
  [{ name: "text", dataType: DataType.Text, value: "" }, { text: ["", "String"] }],
  [
    { name: "uuid", dataType: DataType.UUID, value: "3f2504e0-4f89-11d3-9a0c-0305e82c3301" },
    { uuid: ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "String"] },
  ],
  [
    { name: "datetime", dataType: DataType.DateTime, value: 1_764_000_000_123 },
    { datetime: [1_764_000_000_123, "Int64"] },
  ],
  [{ name: "bytes", dataType: DataType.Bytes, value: bytes }, { bytes: ["AAH+/w==", "String"] }],
  [{ name: "file", dataType: DataType.File, value: bytes }, { file: ["AAH+/w==", "String"] }],
  [{ name: "nothing", dataType: DataType.Double, value: null }, { nothing: [null, "Double"] }],
  ...(
    [
      ["int8s", DataType.Int8Array, [-128, 127], "Double"],
      ["int16s", DataType.Int16Array, [-32_768, 32_767], "Double"],
      ["int32s", DataType.Int32Array, [-(2 ** 31), 2 ** 31 - 1], "Double"],
      ["uint8s", DataType.UInt8Array, [0, 255], "Double"],
      ["uint16s", DataType.UInt16Array, [0, 65_535], "Double"],
      ["uint32s", DataType.UInt32Array, [0, 2 ** 32 - 1], "Double"],
      ["floats", DataType.FloatArray, [float, -0.5], "Double"],
      ["doubles", DataType.DoubleArray, [0.1, -1e300], "Double"],
      ["datetimes", DataType.DateTimeArray, [1, 1_764_000_000_123], "Double"],
      ["booleans", DataType.BooleanArray, [true, false], "Boolean"],
      ["strings", DataType.StringArray, ["a", ""], "String"],
    ] as const
  ).map(
    ([name, dataType, value, type]) =>
      [
        { name, dataType, value: [...value] },
        { [`${name}/0`]: [value[0], type], [`${name}/1`]: [value[1], type] },
      ] as [EdgeMetric, Record<string, [unknown, string]>],
  ),
  [
    { name: "int64s", dataType: DataType.Int64Array, value: [-(2n ** 63n), 2n ** 53n + 1n] },
    { "int64s/0": ["-9223372036854775808", "Int64"], "int64s/1": ["9007199254740993", "Int64"] },
  ],
  [
    { name: "uint64s", dataType: DataType.UInt64Array, value: [2n ** 63n - 1n] },
    { "uint64s/0": ["9223372036854775807", "Int64"] },
  ],
  [
    {
      name: "table",
      dataType: DataType.DataSet,
      value: {
        columns: ["part", "count"],
        types: [DataType.String, DataType.Int32],
        rows: [
          [
            { field: "string", value: "bolt" },
            { field: "int", value: 3 },
          ],
          [{ field: "string", value: "nut" }, null],
        ],
      },
    },
    {
      "table/0/part": ["bolt", "String"],
      "table/0/count": [3, "Double"],
      "table/1/part": ["nut", "String"],
      "table/1/count": [null, "Double"],
    },
  ],
  [
    {
      name: "motor",
      dataType: DataType.Template,
      value: template([
        edgeMetric("rpm", DataType.Int32, 1_500),
        edgeMetric("bearing", DataType.Template, template([edgeMetric("heat", DataType.Double, 40.5)])),
      ]),
    },
    { "motor/rpm": [1_500, "Int64"], "motor/bearing/heat": [40.5, "Double"] },
  ],
];

function template(metrics: readonly Metric[]): Template {
  return { version: null, metrics, parameters: [], templateRef: "motor", isDefinition: false };
}

describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("values over MQTT %s", (version) => {
  const plant = new SparkplugPlant();
  let app: TestApp;
  let url: string;

  beforeAll(async () => {
    ({ url } = await plant.broker(version));
    app = await plant.server(url, SOURCE);
  });
  afterAll(() => plant.end());

  /** An edge node of one device, born. */
  async function born(group: string, metrics: readonly EdgeMetric[]): Promise<EdgeClient> {
    const edge = await plant.edge({ url, group, edgeNode: "edge", devices: { machine: metrics } });
    await waitFor(async () => (await machine(app, `acme/${group.toLowerCase()}/machine`)) !== null);
    return edge;
  }
  const value = async (path: string, name: string) => (await metric(app, path, name))?.value;
  const letters = async () => {
    const { data } = await app.ask("{ deadLetters(last: 50) { edges { node { topic reason } } } }");
    return data.deadLetters.edges.map(({ node }: { node: object }) => node) as {
      topic: string;
      reason: string;
    }[];
  };

  test("of every data type are told by GraphQL, and stored", async () => {
    await born(
      "Types",
      TYPES.map(([one]) => one),
    );
    const wanted = Object.assign({}, ...TYPES.map(([, told]) => told)) as Record<string, [unknown, string]>;
    const told = async () =>
      Object.fromEntries(
        (await machine(app, PATH))?.metrics.map((one) => [one.name, [one.value, one.dataType]]) ?? [],
      );
    await waitFor(async () => Object.keys(await told()).length >= Object.keys(wanted).length);
    expect(await told()).toEqual(wanted);
    for (const name of [
      "int64",
      "uint64",
      "float",
      "string",
      "bytes",
      "nothing",
      "int64s/1",
      "table/0/part",
    ]) {
      await waitFor(async () => (await history(app, PATH, name)).length === 1);
      expect((await history(app, PATH, name))[0]?.value, name).toEqual(wanted[name]?.[0]);
    }
    expect(await letters()).toEqual([]);
  });

  test("of an unsigned type that 63 bits cannot hold are dead letters, and hold up nothing", async () => {
    await born("Big", [
      { name: "huge", dataType: DataType.UInt64, value: 2n ** 64n - 1n },
      { name: "small", dataType: DataType.UInt64, value: 1 },
    ]);
    await waitFor(async () => (await value("acme/big/machine", "small")) === 1);
    await waitFor(async () =>
      (await letters()).some(({ reason }) => /^huge: .*18446744073709551615/.test(reason)),
    );
    expect(await value("acme/big/machine", "huge")).toBeNull();
  });

  test("have the quality that their properties say", async () => {
    const edge = await born("Quality", [{ name: "a", dataType: DataType.Int32, value: 1, alias: 1 }]);
    for (const [code, said] of [
      [0, "BAD"],
      [500, "UNCERTAIN"],
      [192, "GOOD"],
    ] as const) {
      await edge.send("DDATA", "machine", [
        aliased(1, DataType.Int32, code, { timestamp: Date.now(), properties: quality(code) }),
      ]);
      await waitFor(async () => (await value("acme/quality/machine", "a")) === code);
      expect((await metric(app, "acme/quality/machine", "a"))?.quality).toBe(said);
    }
  });

  test("of the past are stored and not shown; those that pass are shown and not stored", async () => {
    const at = Date.now();
    const path = "acme/past/machine";
    const edge = await born("Past", [
      { name: "a", dataType: DataType.Int32, value: 1, alias: 1, more: { timestamp: at } },
    ]);
    await edge.send("DDATA", "machine", [
      aliased(1, DataType.Int32, 7, { timestamp: at - 60_000, historical: true }),
      aliased(1, DataType.Int32, 8, { timestamp: at - 30_000, historical: true }),
      aliased(1, DataType.Int32, 2, { timestamp: at + 1, transient: true }),
    ]);
    await waitFor(async () => (await value(path, "a")) === 2);
    await edge.send("DDATA", "machine", [aliased(1, DataType.Int32, 3, { timestamp: at + 2 })]);
    await waitFor(async () => (await history(app, path, "a")).length === 4);
    expect((await history(app, path, "a")).map((point) => point.value)).toEqual([7, 8, 1, 3]);
    expect(await value(path, "a")).toBe(3);
  });

  test("of arrays that have become shorter are stale beyond their end", async () => {
    const path = "acme/lists/machine";
    const edge = await born("Lists", [{ name: "list", dataType: DataType.Int32Array, value: [1, 2, 3] }]);
    await waitFor(async () => (await value(path, "list/2")) === 3);
    await edge.set("machine", { list: [4] });
    await waitFor(async () => (await value(path, "list/0")) === 4);
    const stale = async () =>
      (await machine(app, path))?.metrics.filter((one) => one.stale).map(({ name }) => name);
    expect(await stale()).toEqual(["list/1", "list/2"]);
    await edge.set("machine", { list: [5, 6, 7] });
    await waitFor(async () => (await value(path, "list/2")) === 7);
    expect(await stale()).toEqual([]);
  });

  test("are renamed, scaled and left out as the source says", async () => {
    const path = "acme/rules/machine";
    await born("RULES", [
      { name: "Raw/width", dataType: DataType.Int32, value: 1_234 },
      { name: "Internal/a/b", dataType: DataType.Int32, value: 1 },
      { name: "plain", dataType: DataType.Int32, value: 5 },
    ]);
    await waitFor(async () => (await value(path, "width")) === 123.4);
    const { data } = await app.ask(
      `{ machine(path: "${path}") { metrics { name dataType unit } machineType { name } } }`,
    );
    expect(data.machine).toEqual({
      metrics: [
        { name: "width", dataType: "Double", unit: "mm" },
        { name: "plain", dataType: "Int64", unit: null },
      ],
      machineType: { name: "RULES" },
    });
  });

  test("of metrics that no topic can name are dead letters, and hold up nothing", async () => {
    await born("Names", [
      { name: "Motor #1", dataType: DataType.Int32, value: 1 },
      { name: "with\0nul", dataType: DataType.Int32, value: 1 },
      { name: "right", dataType: DataType.Int32, value: 1 },
    ]);
    const path = "acme/names/machine";
    await waitFor(async () => (await history(app, path, "right")).length === 1);
    expect((await machine(app, path))?.metrics.map(({ name }) => name)).toEqual(["right"]);
    await waitFor(async () => (await letters()).some(({ reason }) => reason.startsWith("Motor #1: ")));
  });
});
