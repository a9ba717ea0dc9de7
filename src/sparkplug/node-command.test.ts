import { describe, expect, test } from "vitest";
import { metric, payload, SparkplugEdge, T, takeAll } from "../../test/support/edge-node.js";
import { type MetricDefinition, readBirth } from "./birth.js";
import { decodePayload } from "./decode-payload.js";
import { EdgeNode } from "./edge-node.js";
import { encodePayload } from "./encode-payload.js";
import type { MetricValue } from "./metric-value.js";
import { confirms, rebirthCommand, writeCommand } from "./node-command.js";
import { DataType, type Metric, type Payload } from "./payload.js";
import { type Reading, readMetrics } from "./readings.js";

const SPEED = metric("speed", DataType.Float, 50);
const BATCH = metric("batch", DataType.Int64, 0, { alias: 7 });
const MOTOR: Metric = {
  ...metric("motor", DataType.Template, null, { alias: 3 }),
  isNull: false,
  wire: {
    field: "template",
    value: { version: null, metrics: [SPEED], parameters: [], templateRef: "Motor", isDefinition: false },
  },
};

const NODE = { group: "Bottling", edgeNode: "gateway-1" };
const FILLER = { id: NODE, device: "filler" };

/** What a birth says of a metric. */
function defined(name: string, metrics: readonly Metric[] = [SPEED, BATCH, MOTOR]): MetricDefinition {
  const definition = readBirth(payload(metrics), 100, null).definitions.get(name);
  if (definition === undefined) throw new Error(`no metric ${name}`);
  return definition;
}

/** A command as the edge node reads it from the wire. */
function received(sent: Payload): Payload {
  const read = decodePayload(encodePayload(sent));
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

function command(name: string, value: MetricValue, sendDatatype?: boolean): Payload {
  const options = sendDatatype === undefined ? {} : { sendDatatype };
  const made = writeCommand({ ...FILLER, writes: [{ definition: defined(name), value }] }, T, options);
  if (!made.ok) throw new Error(made.error);
  return received(made.value.payload);
}

describe("a command", () => {
  test.each([
    "tck-id-topics-ncmd-topic",
    "tck-id-topics-ncmd-mqtt",
    "tck-id-payloads-ncmd-qos",
    "tck-id-payloads-ncmd-retain",
    "tck-id-operational-behavior-data-commands-ncmd-verb",
  ])("%s: to an edge node is an NCMD at QoS 0, not retained", () => {
    const writes = [{ definition: defined("speed"), value: 60 }];
    expect(writeCommand({ id: NODE, device: null, writes }, T)).toMatchObject({
      value: { topic: "spBv1.0/Bottling/NCMD/gateway-1", qos: 0, retain: false },
    });
  });

  test.each([
    "tck-id-topics-dcmd-topic",
    "tck-id-topics-dcmd-mqtt",
    "tck-id-payloads-dcmd-qos",
    "tck-id-payloads-dcmd-retain",
    "tck-id-operational-behavior-data-commands-dcmd-verb",
  ])("%s: to a device is a DCMD at QoS 0, not retained", () => {
    const writes = [{ definition: defined("speed"), value: 60 }];
    expect(writeCommand({ ...FILLER, writes }, T)).toMatchObject({
      value: { topic: "spBv1.0/Bottling/DCMD/gateway-1/filler", qos: 0, retain: false },
    });
  });

  test.each([
    "tck-id-payloads-ncmd-timestamp",
    "tck-id-payloads-dcmd-timestamp",
    "tck-id-topics-ncmd-timestamp",
    "tck-id-topics-dcmd-timestamp",
    "tck-id-payloads-ncmd-seq",
    "tck-id-payloads-dcmd-seq",
  ])("%s: has the time at which it is sent, and no number", () => {
    expect(command("speed", 60)).toMatchObject({ timestamp: T, seq: null });
  });

  test.each(["tck-id-topics-ncmd-payload", "tck-id-topics-dcmd-payload"])(
    "%s: holds all metrics that are to be written",
    () => {
      const writes = [
        { definition: defined("speed"), value: 60 },
        { definition: defined("batch"), value: 4_711n },
      ];
      const made = writeCommand({ ...FILLER, writes }, T);
      expect(made.ok && received(made.value.payload).metrics).toMatchObject([
        { name: "speed", wire: { field: "float", value: 60 } },
        { alias: 7, wire: { field: "long", value: 4_711 } },
      ]);
    },
  );

  test.each([
    "tck-id-operational-behavior-data-commands-ncmd-metric-name",
    "tck-id-operational-behavior-data-commands-dcmd-metric-name",
  ])("%s: names a metric as the birth did", () => {
    expect(command("speed", 60).metrics).toMatchObject([{ name: "speed", alias: null }]);
  });

  test.each([
    "tck-id-operational-behavior-data-commands-ncmd-metric-name",
    "tck-id-operational-behavior-data-commands-dcmd-metric-name",
  ])("%s: can name only what the birth of the session told", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode();
    takeAll(node, [edge.nbirth([SPEED]), edge.dbirth("filler", [BATCH])]);
    expect(node.definition(null, "speed")?.name).toBe("speed");
    expect(node.definition("filler", "batch")?.name).toBe("batch");
    expect([
      node.definition(null, "batch"),
      node.definition("filler", "speed"),
      node.definition("x", "y"),
    ]).toEqual([undefined, undefined, undefined]);
    takeAll(node, [edge.ndeath()]);
    expect(node.definition("filler", "batch")).toBeUndefined();
  });

  test("tck-id-payloads-alias-data-cmd-requirement: tells the alias alone where the birth gave one", () => {
    expect(command("batch", 1).metrics).toMatchObject([{ name: null, alias: 7 }]);
  });

  test("tck-id-payloads-metric-datatype-not-req: tells the data type unless it is told not to", () => {
    expect(command("speed", 60).metrics[0]?.dataType).toBe(DataType.Float);
    expect(command("speed", 60, true).metrics[0]?.dataType).toBe(DataType.Float);
    expect(command("speed", 60, false).metrics[0]?.dataType).toBe(DataType.Unknown);
  });

  test("tck-id-payloads-name-cmd-requirement: tells each metric's time too, which it may", () => {
    expect(command("speed", 60).metrics[0]?.timestamp).toBe(T);
  });

  const WRONG: [number, MetricValue, string][] = [
    [DataType.Boolean, 1, "Boolean: 1 is not true or false"],
    [DataType.Int8, 128, "Int8: 128 is not from -128 to 127"],
    [DataType.UInt16, -1, "UInt16: -1 is not from 0 to 65535"],
    [DataType.Int32, 1.5, "Int32: 1.5 is no integer"],
    [DataType.String, 5, "String: 5 is not a text"],
  ];

  test.each([
    "tck-id-operational-behavior-data-commands-ncmd-metric-value",
    "tck-id-operational-behavior-data-commands-dcmd-metric-value",
  ])("%s: writes only what the metric's type can hold", () => {
    for (const [dataType, value, problem] of WRONG) {
      const definition = defined("x", [metric("x", dataType, null)]);
      expect(writeCommand({ ...FILLER, writes: [{ definition, value }] }, T)).toEqual({
        ok: false,
        error: `the metric "x": ${problem}`,
      });
    }
  });

  test("can write null", () => {
    expect(command("speed", null).metrics).toMatchObject([{ name: "speed", isNull: true, wire: null }]);
  });

  test("writes a member of a template as an instance with that member alone", () => {
    expect(command("motor/speed", 61).metrics).toMatchObject([
      {
        name: null,
        alias: 3,
        dataType: DataType.Template,
        wire: {
          field: "template",
          value: {
            templateRef: "Motor",
            isDefinition: false,
            metrics: [{ name: "speed", dataType: DataType.Float, wire: { field: "float", value: 61 } }],
          },
        },
      },
    ]);
  });
});

describe("a request for a rebirth", () => {
  test("tck-id-operational-behavior-data-commands-ncmd-rebirth-verb: is an NCMD at QoS 0, not retained", () => {
    expect(rebirthCommand(NODE, T)).toMatchObject({
      topic: "spBv1.0/Bottling/NCMD/gateway-1",
      qos: 0,
      retain: false,
    });
  });

  test.each([
    "tck-id-operational-behavior-data-commands-ncmd-rebirth-name",
    "tck-id-operational-behavior-data-commands-ncmd-rebirth-value",
  ])("%s: sets Node Control/Rebirth, by name, to true", () => {
    expect(received(rebirthCommand(NODE, T).payload)).toEqual({
      timestamp: T,
      metrics: [
        {
          ...metric("Node Control/Rebirth", DataType.Boolean, true),
          timestamp: T,
        },
      ],
      seq: null,
      uuid: null,
      body: null,
    });
  });
});

describe("a write is confirmed", () => {
  const write = (dataType: number, value: MetricValue) => ({
    definition: defined("x", [metric("x", dataType, null)]),
    value,
  });
  /** A reading as it comes from the wire. */
  function reading(dataType: number, value: MetricValue, more: Partial<Reading> = {}): Reading {
    const metrics = received(payload([metric("x", dataType, value)])).metrics;
    const [read] = readMetrics(payload(metrics), readBirth(payload(metrics), 10, null), true).readings;
    if (read === undefined) throw new Error("nothing was read");
    return { ...read, ...more };
  }

  test.each<[number, MetricValue, MetricValue, boolean]>([
    [DataType.Float, 0.1, 0.1, true],
    [DataType.Float, 23.4, 23.400001, true],
    [DataType.Float, 23.4, 23.41, false],
    [DataType.Float, 0, 0, true],
    [DataType.Float, 0, 1e-9, false],
    [DataType.Double, 0.1, 0.1, true],
    [DataType.Double, 0.1, Math.fround(0.1), true],
    [DataType.Double, 0.1, 0.1001, false],
    [DataType.Double, Number.NaN, Number.NaN, true],
    [DataType.Int32, -5, -5, true],
    [DataType.Int32, -5, 5, false],
    [DataType.UInt64, 2n ** 63n + 1n, 2n ** 63n + 1n, true],
    [DataType.UInt64, 2n ** 63n + 1n, 2n ** 63n, false],
    [DataType.Int64, "7", 7, true],
    [DataType.DateTime, "2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1), true],
    [DataType.Boolean, true, true, true],
    [DataType.Boolean, true, false, false],
    [DataType.String, "EXECUTE", "EXECUTE", true],
    [DataType.String, "EXECUTE", "execute", false],
    [DataType.Int16Array, [1, -2], [1, -2], true],
    [DataType.Int16Array, [1, -2], [1, -2, 3], false],
    [DataType.FloatArray, [0.1, 0.2], [0.1, 0.2], true],
    [DataType.Bytes, new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
    [DataType.Bytes, new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
    [DataType.Int32, null, null, true],
    [DataType.Int32, null, 0, false],
    [DataType.Int32, 0, null, false],
  ])("by the value it wrote: type %i, written %s, read %s: %s", (dataType, written, read, confirmed) => {
    expect(confirms(write(dataType, written), reading(dataType, read))).toBe(confirmed);
  });

  test("within a tolerance, where one is given", () => {
    expect(confirms(write(DataType.Double, 60), reading(DataType.Double, 60.4), 0.5)).toBe(true);
    expect(confirms(write(DataType.Double, 60), reading(DataType.Double, 60.6), 0.5)).toBe(false);
    expect(confirms(write(DataType.Int32, 60), reading(DataType.Int32, 61), 1)).toBe(true);
  });

  test.each<[string, Partial<Reading>]>([
    ["of another metric", { metric: "y" }],
    ["of the past", { historical: true }],
    ["in doubt", { quality: "UNCERTAIN" }],
    ["of bad quality", { quality: "BAD" }],
  ])("not by a reading %s", (_, more) => {
    expect(confirms(write(DataType.Int32, 5), reading(DataType.Int32, 5))).toBe(true);
    expect(confirms(write(DataType.Int32, 5), reading(DataType.Int32, 5, more))).toBe(false);
  });

  test("not when nothing of the kind can have been written", () => {
    expect(confirms(write(DataType.Int32, "five"), reading(DataType.Int32, 5))).toBe(false);
  });
});
