import { describe, expect, test } from "vitest";
import {
  aliased,
  bdSeq,
  lines,
  message,
  metric,
  payload,
  quality,
  REBIRTH,
  SparkplugEdge,
  T,
  takeAll,
  values,
} from "../../test/support/edge-node.js";
import { DEFAULT_EDGE_NODE_LIMITS, EdgeNode } from "./edge-node.js";
import type { Born, KnownNode } from "./node-events.js";
import { DataType, type Metric } from "./payload.js";

const TEMPERATURE = metric("temperature", DataType.Float, 21.5, { alias: 1 });
const STATE = metric("state", DataType.String, "IDLE", { alias: 10 });
const GOOD = metric("counts/good", DataType.Int32, 7, { alias: 11 });

/** A node with a filler and a labeller, all born. */
function plant(): { edge: SparkplugEdge; node: EdgeNode } {
  const edge = new SparkplugEdge();
  const node = new EdgeNode();
  takeAll(node, [
    edge.nbirth([TEMPERATURE]),
    edge.dbirth("filler", [STATE, GOOD]),
    edge.dbirth("labeller", [metric("speed", DataType.Double, 60)]),
  ]);
  edge.pass(1_000);
  return { edge, node };
}

describe("a birth", () => {
  test("tells the node's metrics, their types and values", () => {
    const { events, settled, rebirth, deadline } = new EdgeNode().take(
      new SparkplugEdge().nbirth([TEMPERATURE]),
    );
    expect(events).toMatchObject([
      {
        kind: "born",
        device: null,
        at: T + 100,
        time: T,
        metrics: [{ name: "temperature", dataType: DataType.Float, alias: 1, unit: null }],
        readings: [{ metric: "temperature", value: 21.5, time: T, quality: "GOOD" }],
        changes: null,
        problems: [],
        unread: [],
      },
    ]);
    expect([settled.length, rebirth, deadline]).toEqual([1, null, null]);
  });

  test("brings the devices online one by one", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode();
    const { events } = takeAll(node, [edge.nbirth(), edge.dbirth("filler", [STATE, GOOD])]);
    expect(lines(events)).toEqual(["born node", "born filler"]);
    expect(values(events)).toEqual(["filler/state=IDLE", "filler/counts/good=7"]);
    expect([node.presence, node.presenceOf("filler"), node.presenceOf("labeller")]).toEqual([
      "born",
      "born",
      "unknown",
    ]);
  });

  test("does not show what steers Sparkplug and the node as metrics of the plant, but knows it", () => {
    const node = new EdgeNode();
    const reboot = metric("Node Control/Reboot", DataType.Boolean, false);
    const [born] = node.take(new SparkplugEdge().nbirth([reboot, TEMPERATURE])).events as Born[];
    expect(born?.metrics.map(({ name }) => name)).toEqual(["temperature"]);
    expect(born?.readings.map((reading) => reading.metric)).toEqual(["temperature"]);
    expect(node.definition(null, "Node Control/Reboot")).toMatchObject({
      dataType: DataType.Boolean,
      control: true,
    });
  });

  test("that drops, adds or retypes metrics says which", () => {
    const { edge, node } = plant();
    takeAll(node, [edge.nbirth([TEMPERATURE])]);
    const again = edge.dbirth("filler", [
      metric("state", DataType.Int32, 4, { alias: 10 }),
      metric("tank/level", DataType.Double, 63.5),
    ]);
    const [born] = node.take(again).events as Born[];
    expect(born?.changes).toEqual({
      added: ["tank/level"],
      dropped: [{ name: "counts/good", type: GOOD.dataType }],
      retyped: [{ name: "state", from: DataType.String, to: DataType.Int32 }],
    });
  });

  test("says which metrics of all births before it does not tell, also after a restart", () => {
    const { edge, node } = plant();
    const gone = (at: EdgeNode, ...metrics: Metric[]) => {
      edge.pass(1_000);
      const { events } = takeAll(at, [edge.nbirth(), edge.dbirth("filler", metrics)]);
      return events.flatMap((event) => (event.kind === "born" && event.device !== null ? event.gone : []));
    };
    expect(gone(node, STATE)).toEqual(["counts/good"]);
    expect(gone(node)).toEqual(["counts/good", "state"]);
    const known = JSON.parse(JSON.stringify(node.known())) as KnownNode;
    expect(gone(new EdgeNode({ known }), GOOD)).toEqual(["state"]);
  });

  test("that is the same as before changes nothing", () => {
    const { edge, node } = plant();
    const { events } = takeAll(node, [edge.nbirth([TEMPERATURE]), edge.dbirth("filler", [STATE, GOOD])]);
    const none = { added: [], dropped: [], retyped: [] };
    expect(events.flatMap((event) => (event.kind === "born" ? [event.changes] : []))).toEqual([none, none]);
  });

  test("of the node makes the devices stale until their own come", () => {
    const { edge, node } = plant();
    const { events } = node.take(edge.nbirth([TEMPERATURE]));
    expect(events[0]).toEqual({
      kind: "stale",
      reason: "node-reborn",
      at: T + 1_100,
      stale: [
        { device: "filler", metrics: ["state", "counts/good"] },
        { device: "labeller", metrics: ["speed"] },
      ],
    });
    expect(node.presenceOf("filler")).toBe("unknown");
    expect(lines(node.take(edge.dbirth("filler", [STATE])).events)).toEqual(["born filler"]);
  });

  test("that comes twice changes nothing", () => {
    const { edge, node } = plant();
    const birth = edge.nbirth([TEMPERATURE]);
    takeAll(node, [
      birth,
      edge.dbirth("filler", [STATE]),
      edge.ddata("filler", aliased(10, DataType.String, "EXECUTE")),
    ]);
    expect(lines(node.take(birth).events)).toEqual(["ignored NBIRTH: repeated"]);
    const { events, rebirth } = node.take(edge.ddata("filler", aliased(10, DataType.String, "IDLE")));
    expect([values(events), rebirth]).toEqual([["filler/state=IDLE"], null]);
  });

  test("of a node that is reborn without a clock of its own counts all the same", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode();
    const timeless = () =>
      message("NBIRTH", null, payload([bdSeq(0), REBIRTH, TEMPERATURE], { timestamp: null, seq: 0 }));
    takeAll(node, [timeless(), { ...edge.nbirth(), type: "NDATA" as const }]);
    expect(lines(node.take(timeless()).events)).toEqual(["born node"]);
  });

  test.each([
    [
      "tck-id-operational-behavior-data-commands-rebirth-name",
      [bdSeq(0)],
      'it has no metric "Node Control/Rebirth"',
    ],
    [
      "tck-id-operational-behavior-data-commands-rebirth-datatype",
      [bdSeq(0), metric("Node Control/Rebirth", DataType.Int32, 0)],
      '"Node Control/Rebirth" is no Boolean',
    ],
    [
      "tck-id-operational-behavior-data-commands-rebirth-value",
      [bdSeq(0), metric("Node Control/Rebirth", DataType.Boolean, true)],
      'the value of "Node Control/Rebirth" is not false',
    ],
    [
      "tck-id-operational-behavior-data-commands-rebirth-name-aliases",
      [bdSeq(0), { ...REBIRTH, alias: 5 }],
      '"Node Control/Rebirth" has an alias',
    ],
    ["a birth without bdSeq", [REBIRTH], "it has no bdSeq: a late death cannot be told from a true one"],
  ])("%s: what an edge node does against it is told, and its metrics are taken", (_, metrics, problem) => {
    const birth = message("NBIRTH", null, payload([...metrics, TEMPERATURE], { seq: 0 }));
    expect(new EdgeNode().take(birth).events).toMatchObject([
      { kind: "born", metrics: [{ name: "temperature" }], problems: [problem] },
    ]);
  });

  test("whose values do not fit their types is taken, and says so", () => {
    const odd = { ...metric("speed", DataType.Double, 1), dataType: DataType.String };
    expect(new EdgeNode().take(new SparkplugEdge().nbirth([odd, TEMPERATURE])).events).toMatchObject([
      {
        kind: "born",
        readings: [{ metric: "temperature" }],
        unread: [{ metric: "speed", problem: "String: the value is of the kind double" }],
      },
    ]);
  });

  test("numbered otherwise than 0 is taken, and the next message follows it", () => {
    const node = new EdgeNode();
    const born = node.take(message("NBIRTH", null, payload([bdSeq(0), REBIRTH, TEMPERATURE], { seq: 41 })));
    expect(born.events).toMatchObject([{ problems: ["its sequence number is 41, not 0"] }]);
    const data = message("NDATA", null, payload([aliased(1, DataType.Float, 2)], { seq: 42 }));
    expect(values(node.take(data).events)).toEqual(["/temperature=2"]);
    expect(node.held).toBe(0);
  });
});

describe("data", () => {
  test("without name and type is read by its alias, which is one of the whole node", () => {
    const { edge, node } = plant();
    const { events } = takeAll(node, [
      edge.ndata(aliased(1, DataType.Float, 22)),
      edge.ddata("filler", aliased(11, DataType.Int32, -3), aliased(10, DataType.String, "EXECUTE")),
    ]);
    expect(values(events)).toEqual(["/temperature=22", "filler/counts/good=-3", "filler/state=EXECUTE"]);
  });

  test("with a name is read by that", () => {
    const { edge, node } = plant();
    const bare = metric("speed", DataType.Double, 61, { dataType: DataType.Unknown });
    expect(values(node.take(edge.ddata("labeller", bare)).events)).toEqual(["labeller/speed=61"]);
  });

  test("of devices that use the same alias against the specification goes to each one's own, and the birth says so", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode();
    const births = [
      edge.nbirth(),
      edge.dbirth("filler", [metric("speed", DataType.Int32, 1, { alias: 1 })]),
      edge.dbirth("labeller", [metric("heat", DataType.Int32, 2, { alias: 1 })]),
    ];
    const { events } = takeAll(node, births);
    expect(events[2]).toMatchObject({ problems: ['the alias 1 is also one of "filler"'] });
    const told = [
      edge.ddata("filler", aliased(1, DataType.Int32, 3)),
      edge.ddata("labeller", aliased(1, DataType.Int32, 4)),
    ];
    expect(values(takeAll(node, told).events)).toEqual(["filler/speed=3", "labeller/heat=4"]);
  });

  test("has the metric's time, or the message's, or none", () => {
    const { edge, node } = plant();
    const own = aliased(1, DataType.Float, 1, { timestamp: T + 5 });
    const none = { ...edge.ndata(own, aliased(1, DataType.Float, 2)) };
    const times = (one = none) =>
      node
        .take(one)
        .events.flatMap((event) => (event.kind === "data" ? event.readings.map(({ time }) => time) : []));
    expect(times()).toEqual([T + 5, T + 1_000]);
    expect(
      times(message("NDATA", null, payload([aliased(1, DataType.Float, 3)], { timestamp: null, seq: 4 }))),
    ).toEqual([null]);
  });

  test.each([
    [0, "/temperature=3!"],
    [192, "/temperature=3"],
    [500, "/temperature=3?"],
  ])("of quality %i is %s", (code, shown) => {
    const { edge, node } = plant();
    const { events } = node.take(edge.ndata(aliased(1, DataType.Float, 3, { properties: quality(code) })));
    expect(values(events)).toEqual([shown]);
  });

  test("may be null, of the past, or of the moment only", () => {
    const { edge, node } = plant();
    const { events } = node.take(
      edge.ndata(
        aliased(1, DataType.Float, null),
        aliased(1, DataType.Float, 20, { historical: true, timestamp: T - 60_000 }),
        aliased(1, DataType.Float, 21, { transient: true }),
      ),
    );
    expect(events).toMatchObject([
      {
        readings: [
          { metric: "temperature", value: null, time: T + 1_000, quality: "GOOD" },
          { value: 20, time: T - 60_000, historical: true, transient: false },
          { value: 21, historical: false, transient: true },
        ],
      },
    ]);
  });

  test("about Sparkplug itself is no reading", () => {
    const { edge, node } = plant();
    expect(node.take(edge.ndata(bdSeq(0), REBIRTH))).toMatchObject({ events: [], rebirth: null });
  });

  test("without a number is taken as it comes", () => {
    const { edge, node } = plant();
    const bare = message("NDATA", null, payload([aliased(1, DataType.Float, 3)]));
    expect(values(node.take(bare).events)).toEqual(["/temperature=3"]);
    expect(values(node.take(edge.ndata(aliased(1, DataType.Float, 4))).events)).toEqual(["/temperature=4"]);
  });

  test("that does not fit its type is told, and the rest is read", () => {
    const { edge, node } = plant();
    const odd = { ...aliased(11, DataType.String, "many") };
    expect(node.take(edge.ddata("filler", odd, aliased(10, DataType.String, "HELD"))).events).toMatchObject([
      {
        readings: [{ metric: "state", value: "HELD" }],
        problems: [{ metric: "counts/good", problem: "Int32: the value is of the kind string" }],
      },
    ]);
  });
});

describe("what is kept of a node is bounded:", () => {
  const limits = { ...DEFAULT_EDGE_NODE_LIMITS, metrics: 6, devices: 2 };
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => metric(`m${at}`, DataType.Int32, at, { alias: at }));

  test("metrics beyond are not taken, are told, and are not asked for", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode({ limits });
    const [, filler] = takeAll(node, [edge.nbirth(), edge.dbirth("filler", many(7))]).events as Born[];
    expect(filler?.metrics.length).toBe(4);
    expect(filler?.problems).toEqual(["3 metrics more than the 4 that are taken"]);
    const { events, rebirth } = node.take(
      edge.ddata("filler", aliased(1, DataType.Int32, 5), aliased(6, DataType.Int32, 5)),
    );
    expect([values(events), rebirth]).toEqual([["filler/m1=5"], null]);
  });

  test("of too many devices those go that are not online, and then no other is taken", () => {
    const edge = new SparkplugEdge();
    const node = new EdgeNode({ limits });
    takeAll(node, [edge.nbirth(), edge.dbirth("a"), edge.dbirth("b"), edge.ddeath("a")]);
    const { events, rebirth } = takeAll(node, [
      edge.dbirth("c"),
      edge.dbirth("d"),
      edge.ddata("d", aliased(1, DataType.Int32, 5)),
    ]);
    expect(lines(events)).toEqual(["born c", "ignored DBIRTH: too-many-devices"]);
    expect([rebirth, node.presenceOf("a"), node.presenceOf("b")]).toEqual([null, "unknown", "born"]);
  });
});
