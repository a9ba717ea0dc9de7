import { describe, expect, test } from "vitest";
import {
  aliased,
  bdSeq,
  lines,
  message,
  metric,
  payload,
  SparkplugEdge,
  T,
  takeAll,
  values,
} from "../../test/support/edge-node.js";
import { EdgeNode } from "./edge-node.js";
import type { KnownNode, NodeMessage } from "./node-events.js";
import { DataType } from "./payload.js";

const TEMPERATURE = metric("temperature", DataType.Int32, 0, { alias: 1 });
const STATE = metric("state", DataType.String, "IDLE", { alias: 10 });
const told = aliased(1, DataType.Int32, 5);

function born(): { edge: SparkplugEdge; node: EdgeNode } {
  const edge = new SparkplugEdge();
  const node = new EdgeNode();
  takeAll(node, [edge.nbirth([TEMPERATURE]), edge.dbirth("filler", [STATE])]);
  edge.pass(1_000);
  return { edge, node };
}

describe("a node is asked for a rebirth because of", () => {
  test.each<[string, string, (edge: SparkplugEdge) => NodeMessage]>([
    ["data-before-birth", "NDATA", (edge) => edge.ndata(told)],
    ["data-before-birth", "DDATA", (edge) => edge.ddata("filler", told)],
    ["data-before-birth", "DDEATH", (edge) => edge.ddeath("filler")],
    ["device-birth-before-node-birth", "filler", (edge) => edge.dbirth("filler", [STATE])],
    ["undecodable", "NBIRTH", () => message("NBIRTH", null, null)],
    ["undecodable", "DDATA", () => message("DDATA", "filler", null)],
    ["retained", "NBIRTH", (edge) => ({ ...edge.nbirth([TEMPERATURE]), retained: true })],
  ])("%s: %s of a node that nobody knows", (reason, detail, send) => {
    expect(new EdgeNode().take(send(new SparkplugEdge())).rebirth).toEqual({ reason, detail });
  });

  test.each<[string, string, (edge: SparkplugEdge) => NodeMessage]>([
    ["unborn-device", "labeller", (edge) => edge.ddata("labeller", told)],
    ["unknown-metric", "alias 7", (edge) => edge.ndata(aliased(7, DataType.Int32, 5))],
    ["unknown-metric", '"pressure"', (edge) => edge.ndata(metric("pressure", DataType.Double, 5))],
    ["unknown-metric", "alias 10", (edge) => edge.ndata(aliased(10, DataType.String, "EXECUTE"))],
    ["unknown-metric", "a metric without a name", (edge) => edge.ndata({ ...told, alias: null })],
    ["other-data-type", "temperature", (edge) => edge.ndata(metric("temperature", DataType.Double, 5))],
    ["undecodable", "DDATA of filler", () => message("DDATA", "filler", null)],
    ["undecodable", "NDEATH", () => message("NDEATH", null, null)],
    ["undecodable", "NBIRTH", () => message("NBIRTH", null, null)],
  ])("%s: %s of a node that is born", (reason, detail, send) => {
    const { edge, node } = born();
    expect(node.take(send(edge)).rebirth).toEqual({ reason, detail });
  });

  test("data of a device that is dead", () => {
    const { edge, node } = born();
    takeAll(node, [edge.ddeath("filler")]);
    expect(node.take(edge.ddata("filler", aliased(10, DataType.String, "IDLE"))).rebirth?.reason).toBe(
      "unborn-device",
    );
  });

  test("data of a node that is dead", () => {
    const { edge, node } = born();
    takeAll(node, [edge.ndeath()]);
    expect(node.take(edge.ndata(told)).rebirth?.reason).toBe("data-before-birth");
  });
});

describe("what cannot be understood without a birth", () => {
  test("is asked for once until the birth comes, and again when it does not", () => {
    const { edge, node } = born();
    const requests: number[] = [];
    for (let second = 1; second <= 80; second += 1) {
      if (node.take(edge.ndata(aliased(7, DataType.Int32, second))).rebirth !== null) requests.push(second);
      edge.pass(1_000);
    }
    expect(requests).toEqual([1, 11, 31, 71]);
  });

  test("is asked for again when the node has fallen silent", () => {
    const { edge, node } = born();
    const { rebirth, deadline } = node.take(edge.ndata(aliased(7, DataType.Int32, 1)));
    expect(rebirth).not.toBeNull();
    expect(node.due((deadline ?? 0) - 1).rebirth).toBeNull();
    expect(node.due(deadline ?? 0).rebirth).toEqual({ reason: "unknown-metric", detail: "alias 7" });
    takeAll(node, [edge.nbirth([TEMPERATURE])]);
    expect(node.deadline).toBeNull();
  });

  test("is not asked for of a dead node", () => {
    const { edge, node } = born();
    takeAll(node, [edge.ndata(aliased(7, DataType.Int32, 1)), edge.ndeath()]);
    expect(node.deadline).toBeNull();
  });

  test("is read all the same where it tells its name and type itself, with doubt", () => {
    const { edge, node } = born();
    const { events } = takeAll(node, [
      edge.ndata(metric("pressure", DataType.Double, 5), told),
      edge.ddata("labeller", metric("speed", DataType.Double, 60), told),
    ]);
    expect(values(events)).toEqual(["/pressure=5?", "/temperature=5", "labeller/speed=60?"]);
    const unborn = new EdgeNode().take(new SparkplugEdge().dbirth("filler", [STATE]));
    expect(values(unborn.events)).toEqual(["filler/state=IDLE?"]);
  });

  test("is not guessed: an alias of another birth is no value", () => {
    const { edge, node } = born();
    takeAll(node, [edge.ndeath()]);
    expect(node.take(edge.ndata(told)).events).toEqual([]);
  });

  test("of a metric that tells another type is read by that type", () => {
    const { edge, node } = born();
    expect(values(node.take(edge.ndata(metric("temperature", DataType.Double, 5.5))).events)).toEqual([
      "/temperature=5.5",
    ]);
  });

  test("an undecodable birth makes stale what it was to tell", () => {
    const { node } = born();
    const { events } = takeAll(node, [message("DBIRTH", "filler", null)]);
    expect(lines(events)).toEqual(["ignored DBIRTH: undecodable", "stale filler: undecodable-birth"]);
    const all = takeAll(node, [message("NBIRTH", null, null)]);
    expect(lines(all.events)).toEqual(["ignored NBIRTH: undecodable", "stale node: undecodable-birth"]);
    expect(node.presence).toBe("unknown");
  });
});

describe.each([
  "tck-id-operational-behavior-data-commands-rebirth-action-1",
  "tck-id-operational-behavior-data-commands-rebirth-action-2",
  "tck-id-operational-behavior-data-commands-rebirth-action-3",
])("%s: when the node answers with births of the same bdSeq", () => {
  test("data that was under way is read or asked for no more, and all is known", () => {
    const { edge, node } = born();
    expect(node.take(edge.ndata(aliased(7, DataType.Int32, 1))).rebirth).not.toBeNull();
    edge.pass(50);
    const answer = [
      edge.nbirth([TEMPERATURE, metric("pressure", DataType.Int32, 3, { alias: 7 })]),
      edge.dbirth("filler", [STATE]),
      edge.ndata(aliased(7, DataType.Int32, 4)),
    ];
    const { events, rebirth, deadline } = takeAll(node, answer);
    expect(lines(events)).toEqual(["stale filler: node-reborn", "born node", "born filler", "data node"]);
    expect(values(events)).toEqual(["/temperature=0", "/pressure=3", "filler/state=IDLE", "/pressure=4"]);
    expect([rebirth, deadline]).toEqual([null, null]);
    expect(lines(node.take(edge.ndeath()).events)).toEqual(["dead node"]);
  });
});

describe("retained messages", () => {
  test("are of nobody knows when, and change nothing of a node that is known", () => {
    const { edge, node } = born();
    const old = [edge.nbirth([]), edge.ndata(told), edge.ndeath(), edge.ddeath("filler")];
    const { events, rebirth } = takeAll(
      node,
      old.map((one) => ({ ...one, retained: true })),
    );
    expect(lines(events)).toEqual(
      ["NBIRTH", "NDATA", "NDEATH", "DDEATH"].map((type) => `ignored ${type}: retained`),
    );
    expect([rebirth, node.presence, node.presenceOf("filler")]).toEqual([null, "born", "born"]);
  });
});

describe("when the host has lost its connection", () => {
  test("all metrics of what was online are stale, and what was kept back is taken", () => {
    const { edge, node } = born();
    edge.skip();
    takeAll(node, [edge.ndata(told)]);
    const { events, settled } = node.disconnected(T + 30_000);
    expect(values(events)).toEqual(["/temperature=5?"]);
    expect(settled.length).toBe(1);
    expect(events[1]).toEqual({
      kind: "stale",
      reason: "host-disconnected",
      at: T + 30_000,
      stale: [
        { device: null, metrics: ["temperature"] },
        { device: "filler", metrics: ["state"] },
      ],
    });
    expect([node.presence, node.presenceOf("filler"), node.deadline]).toEqual(["unknown", "unknown", null]);
    expect(node.definition(null, "temperature")).toBeUndefined();
  });

  test("nodes that publish no births by themselves are asked in time", () => {
    const { node } = born();
    node.disconnected(T + 30_000);
    expect(node.connected(T + 40_000, T + 45_000).deadline).toBe(T + 45_000);
    expect(node.due(T + 45_000).rebirth).toEqual({ reason: "host-connected", detail: "" });
  });

  test("nodes that do are not", () => {
    const { edge, node } = born();
    node.disconnected(T + 30_000);
    node.connected(T + 40_000, T + 45_000);
    edge.bdSeq = 1;
    takeAll(node, [edge.nbirth([TEMPERATURE])]);
    expect([node.deadline, node.due(T + 45_000).rebirth]).toEqual([null, null]);
  });

  test("a node that sends data first is asked at once, once", () => {
    const { edge, node } = born();
    node.disconnected(T + 1_000);
    node.connected(T + 1_000, T + 6_000);
    expect(node.take(edge.ndata(told)).rebirth?.reason).toBe("data-before-birth");
    expect(node.take(edge.ndata(told)).rebirth).toBeNull();
    expect(node.deadline).toBeGreaterThanOrEqual(T + 11_000);
  });

  test("a death of the session that it knew counts", () => {
    const { edge, node } = born();
    node.disconnected(T + 30_000);
    expect(lines(node.take(edge.ndeath()).events)).toEqual(["dead node"]);
  });
});

describe("after a restart of the host", () => {
  /** As it is kept: written and read again. */
  const kept = (node: EdgeNode): KnownNode => JSON.parse(JSON.stringify(node.known())) as KnownNode;

  test("nothing is taken for true before a birth: aliases may mean something else by now", () => {
    const { edge, node } = born();
    const restored = new EdgeNode({ known: kept(node) });
    expect([restored.presence, restored.presenceOf("filler")]).toEqual(["unknown", "unknown"]);
    const { events, rebirth } = restored.take(edge.ndata(told));
    expect([events, rebirth?.reason]).toEqual([[], "data-before-birth"]);
  });

  test("the births tell what has changed meanwhile", () => {
    const { edge, node } = born();
    const restored = new EdgeNode({ known: kept(node) });
    const { events } = takeAll(restored, [
      edge.nbirth([metric("temperature", DataType.Double, 1)]),
      edge.dbirth("filler", []),
    ]);
    expect(events).toMatchObject([
      { changes: { retyped: [{ name: "temperature", from: DataType.Int32, to: DataType.Double }] } },
      { changes: { added: [], dropped: [{ name: "state" }], retyped: [] } },
    ]);
  });

  test("a node that sends nothing is asked once the host has connected", () => {
    const { node } = born();
    const restored = new EdgeNode({ known: kept(node) });
    expect(restored.connected(T, T + 5_000).deadline).toBe(T + 5_000);
    expect(restored.due(T + 5_000).rebirth?.reason).toBe("host-connected");
  });

  test("the death of the session before counts, that of another does not", () => {
    const { edge, node } = born();
    const restored = new EdgeNode({ known: kept(node) });
    expect(lines(restored.take(edge.ndeath(7)).events)).toEqual(["ignored NDEATH: other-session"]);
    expect(restored.take(edge.ndeath()).events).toMatchObject([
      {
        kind: "dead",
        device: null,
        stale: [{ metrics: ["temperature"] }, { device: "filler", metrics: ["state"] }],
      },
    ]);
  });
});

test("a bdSeq may stand in either field of the wire", () => {
  const node = new EdgeNode();
  const birth = payload([{ ...bdSeq(3), wire: { field: "int", value: 3 } }, TEMPERATURE], { seq: 0 });
  takeAll(node, [message("NBIRTH", null, birth)]);
  expect(lines(node.take(new SparkplugEdge().ndeath(3)).events)).toEqual(["dead node"]);
});
