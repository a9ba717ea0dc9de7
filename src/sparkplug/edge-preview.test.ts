import { describe, expect, test } from "vitest";
import {
  aliased,
  bdSeq,
  metric,
  payload,
  quality,
  SparkplugEdge,
  T,
  takeAll,
} from "../../test/support/edge-node.js";
import { MetricRules } from "../ingest/mapping-metrics.js";
import { PathTemplate } from "../ingest/mapping-path.js";
import { metricRules } from "../plant/metric-rules.js";
import { Plant } from "../plant/plant.js";
import { EdgeNames } from "./edge-names.js";
import { EdgeNode } from "./edge-node.js";
import { previewEdge } from "./edge-preview.js";
import { encodePayload } from "./encode-payload.js";
import { DataType, type Metric, type Payload } from "./payload.js";

const GOOD = metric("counts/good", DataType.Int32, 7, { alias: 11 });
const STATE = metric("state", DataType.String, "IDLE", { alias: 10 });
const RULES = [{ from: "counts/*", name: "*", scale: { factor: 10 }, unit: "pcs" }];

function template(text: string): PathTemplate {
  const parsed = PathTemplate.parse(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function see(
  topic: string,
  told: readonly Metric[] | Buffer,
  more: {
    node?: EdgeNode;
    rules?: object[];
    groups?: string[];
    discovery?: boolean;
    payload?: Partial<Payload>;
  } = {},
) {
  const names = new EdgeNames({
    machine: template("{group}/{edge}/{device}"),
    node: template("{group}/{edge}"),
    machineType: null,
    rules: new MetricRules(metricRules.parse(more.rules ?? [])),
  });
  const source = {
    ...{
      name: "edge",
      discovery: more.discovery ?? true,
      groups: more.groups ?? [],
      names,
      plant: new Plant(),
    },
    nodeOf: () => more.node,
  };
  const bytes = Buffer.isBuffer(told) ? told : encodePayload(payload(told, { seq: 1, ...more.payload }));
  return previewEdge(source, topic, bytes);
}

/** A node with a filler, both born. */
function born(): EdgeNode {
  const edge = new SparkplugEdge();
  const node = new EdgeNode();
  takeAll(node, [edge.nbirth([]), edge.dbirth("filler", [STATE, GOOD])]);
  return node;
}

const steps = (seen: ReturnType<typeof see>) =>
  seen?.steps.map(({ stage, outcome, subject, detail }) => [stage, outcome, subject, detail]);

test("data by alias is told by the names of the birth, with values, times and quality", () => {
  const metrics = [
    aliased(11, DataType.Int32, 8, { timestamp: T + 5 }),
    aliased(10, DataType.String, "EXECUTE", { properties: quality(0) }),
    aliased(11, DataType.Int32, 6, { historical: true }),
  ];
  const seen = see("spBv1.0/plant/DDATA/line-1/filler", metrics, { node: born() });
  expect(seen).toMatchObject({
    mapping: "spBv1.0/#",
    machine: "plant/line-1/filler",
    samples: [
      { metric: "counts/good", value: 8, sourceTime: new Date(T + 5), quality: "GOOD" },
      { metric: "state", value: "EXECUTE", sourceTime: new Date(T), quality: "BAD" },
      { metric: "counts/good", value: 6, sourceTime: new Date(T), quality: "GOOD" },
    ],
    problem: null,
  });
  const at = new Date(T).toISOString();
  expect(steps(seen)).toEqual([
    ["MAPPING", "TAKEN", "spBv1.0/#", "takes the topic as Sparkplug B, in source edge"],
    ["MACHINE", "TAKEN", "plant/line-1/filler", "new: it would be discovered, without a type"],
    ["DECODING", "TAKEN", null, `DDATA of 3 metrics, number 1, sent at ${at}`],
    [
      "METRIC",
      "TAKEN",
      "alias 11",
      expect.stringContaining("alias 11 is counts/good; a Int64; 8, quality GOOD"),
    ],
    [
      "METRIC",
      "TAKEN",
      "alias 10",
      expect.stringContaining('alias 10 is state; a String; "EXECUTE", quality BAD'),
    ],
    ["METRIC", "TAKEN", "alias 11", expect.stringContaining("of the past: stored, not shown")],
  ]);
});

test("names, units and scales of the source are followed", () => {
  const seen = see("spBv1.0/plant/DDATA/line-1/filler", [aliased(11, DataType.Int32, 8)], {
    node: born(),
    rules: RULES,
  });
  expect(seen?.samples).toMatchObject([{ metric: "good", value: 80 }]);
  expect(seen?.steps.at(-1)?.detail).toContain(
    "renamed to good by the rule for counts/*; scaled from 8 to 80 in pcs",
  );
});

test("without a birth an alias is told as such, and what tells its name is taken in doubt", () => {
  const seen = see("spBv1.0/plant/DDATA/line-1/filler", [
    aliased(11, DataType.Int32, 8),
    metric("speed", DataType.Double, 3),
  ]);
  expect(seen?.samples).toMatchObject([{ metric: "speed", value: 3, quality: "UNCERTAIN" }]);
  expect(seen?.problem).toContain("no birth of the device has been seen");
  expect(seen?.problem).toContain("no birth tells of alias 11, so nobody knows which metric it is");
  expect(seen?.steps.filter(({ stage }) => stage === "METRIC").map(({ outcome }) => outcome)).toEqual([
    "REFUSED",
    "TAKEN",
  ]);
});

test("a birth needs none before it, and tells what is wrong with it", () => {
  const rebirth = metric("Node Control/Rebirth", DataType.Boolean, false);
  const metrics = [bdSeq(0), rebirth, metric("temperature", DataType.Float, 21.5, { alias: 1 })];
  const right = see("spBv1.0/plant/NBIRTH/line-1", metrics, { payload: { seq: 0 } });
  expect(right).toMatchObject({
    machine: "plant/line-1",
    samples: [{ metric: "temperature", value: 21.5 }],
    problem: null,
  });
  expect(right?.steps.filter(({ outcome }) => outcome === "IGNORED").map(({ subject }) => subject)).toEqual([
    "bdSeq",
    "Node Control/Rebirth",
  ]);
  const wrong = see("spBv1.0/plant/NBIRTH/line-1", [metric("temperature", DataType.Float, 21.5)]);
  expect(wrong?.problem).toBe(
    'its sequence number is 1, not 0; it has no bdSeq: a late death cannot be told from a true one; it has no metric "Node Control/Rebirth"',
  );
});

describe("what becomes nothing says why", () => {
  test.each<[string, Metric[] | Buffer, string]>([
    ["spBv1.0/plant/NDATA/line-1", Buffer.from("{}"), "NDATA: no payload of Sparkplug B"],
    ["spBv1.0/plant/DDATA/line-1", [], "DDATA is told of a device, and its topic names none"],
    ["spBv1.0/plant/XDATA/line-1", [], '"XDATA" is no message type'],
    ["spBv1.0/STATE/host", [], "no samples: it tells whether a host application is there"],
    ["spBv1.0/plant/DCMD/line-1/filler", [], "no samples: this is a command"],
    ["spBv1.0/plant/DDEATH/line-1/filler", [], "no samples: it says that the device is offline"],
    ["spBv1.0/plant/NDEATH/line-1", [bdSeq(0)], "the edge node and its devices are offline"],
    ["spBv1.0/plant/NDEATH/line-1", [bdSeq(5)], "it belongs to the session 5, and the last birth to 0"],
    [
      "spBv1.0/plant/DDATA/line-1/filler",
      [aliased(11, DataType.Int32, null, { isNull: false })],
      "Int32: there is no value",
    ],
  ])("%s", (topic, told, problem) => {
    expect(see(topic, told, { node: born() })).toMatchObject({
      samples: [],
      problem: expect.stringContaining(problem),
    });
  });

  test("a machine that the source does not discover", () => {
    const seen = see("spBv1.0/plant/NDATA/line-1", [], { discovery: false });
    expect(seen?.problem).toContain("does not discover");
  });

  test("topics of others, and of groups that are not followed, are no matter of the source", () => {
    expect(see("plant/line-1", [])).toBeNull();
    expect(see("spBv1.0/other/NDATA/line-1", [], { groups: ["plant"] })).toBeNull();
  });
});
