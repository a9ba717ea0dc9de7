import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aliased,
  bdSeq,
  lines,
  message,
  metric,
  payload,
  REBIRTH,
  SparkplugEdge,
  T,
} from "../../test/support/edge-node.js";
import { DEFAULT_EDGE_NODES_LIMITS, EdgeNodes } from "./edge-nodes.js";
import type { EdgeMessageType, NodeMessage } from "./node-events.js";
import { DataType } from "./payload.js";

const TEMPERATURE = metric("temperature", DataType.Int32, 0, { alias: 1 });
const id = (edgeNode: string) => ({ group: "g", edgeNode });

/** Two nodes, born. */
function two(limits = DEFAULT_EDGE_NODES_LIMITS) {
  const nodes = new EdgeNodes(limits);
  const edges = { a: new SparkplugEdge(), b: new SparkplugEdge() };
  nodes.take(id("a"), edges.a.nbirth([TEMPERATURE]));
  nodes.take(id("b"), edges.b.nbirth([TEMPERATURE]));
  return { nodes, ...edges };
}

describe("the edge nodes of a host", () => {
  test("are told apart by group and name", () => {
    const { nodes, a } = two();
    nodes.take(id("a"), a.ndeath());
    expect([nodes.size, nodes.get(id("a"))?.presence, nodes.get(id("b"))?.presence]).toEqual([
      2,
      "dead",
      "born",
    ]);
    expect(nodes.get({ group: "h", edgeNode: "b" })).toBeUndefined();
  });

  test("wait each for their own, and the first is due first", () => {
    const { nodes, a, b } = two();
    expect(nodes.deadline).toBeNull();
    b.pass(1_000);
    b.skip();
    nodes.take(id("b"), b.ndata(aliased(1, DataType.Int32, 1)));
    a.pass(500);
    a.skip();
    nodes.take(id("a"), a.ndata(aliased(1, DataType.Int32, 1)));
    expect(nodes.deadline).toBe(T + 600 + 2_000);
    expect(nodes.due(T + 2_599)).toEqual([]);
    expect(nodes.due(T + 2_600)).toMatchObject([{ id: id("a"), rebirth: { reason: "missing-message" } }]);
    expect(nodes.deadline).toBe(T + 3_100);
  });

  test("are all stale when the host has lost its connection, and asked one after the other when it is back", () => {
    const { nodes, b } = two();
    expect(
      nodes.disconnected(T + 1_000).map(({ id: { edgeNode }, events }) => [edgeNode, lines(events)]),
    ).toEqual([
      ["a", ["stale node: host-disconnected"]],
      ["b", ["stale node: host-disconnected"]],
    ]);
    nodes.connected(T + 2_000);
    expect(nodes.deadline).toBe(T + 7_000);
    nodes.take(id("b"), b.nbirth([TEMPERATURE]));
    expect(nodes.due(T + 7_000)).toMatchObject([{ id: id("a"), rebirth: { reason: "host-connected" } }]);
    expect(nodes.due(T + 7_020)).toEqual([]);
  });

  test("are remembered while the host is away", () => {
    const { nodes } = two();
    const restored = new EdgeNodes();
    for (const { id: name, known } of nodes.known()) expect(restored.restore(name, known)).toBe(true);
    expect([restored.size, restored.get(id("a"))?.presence]).toEqual([2, "unknown"]);
    restored.connected(T);
    expect(restored.deadline).toBe(T + 5_000);
    expect([restored.due(T + 5_000).length, restored.due(T + 5_020).length]).toEqual([1, 1]);
  });

  test("are no more than the bound; others are counted", () => {
    const { nodes } = two({ ...DEFAULT_EDGE_NODES_LIMITS, nodes: 2 });
    expect(nodes.take(id("c"), new SparkplugEdge().nbirth())).toBeNull();
    expect(nodes.restore(id("c"), { bdSeq: null, metrics: [], devices: [] })).toBe(false);
    expect([nodes.size, nodes.refused]).toEqual([2, 1]);
  });

  test("of which no birth ever comes are forgotten when they have been asked often enough", () => {
    const { nodes } = two({ ...DEFAULT_EDGE_NODES_LIMITS, nodes: 3 });
    nodes.take(id("c"), message("NDATA", null, null));
    let asked = 1;
    for (let deadline = nodes.deadline; deadline !== null; deadline = nodes.deadline)
      asked += nodes.due(deadline).length;
    expect([asked, nodes.size]).toEqual([6, 2]);
    expect(nodes.take(id("d"), new SparkplugEdge().nbirth())).not.toBeNull();
  });

  test("may send anything in any order: each message is settled once, what waits is bounded, and births put all right", () => {
    const types: EdgeMessageType[] = ["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"];
    const anyMetric = fc.constantFrom(
      TEMPERATURE,
      REBIRTH,
      bdSeq(0),
      aliased(1, DataType.Int32, 3),
      aliased(2, DataType.String, "x"),
      metric("temperature", DataType.String, "hot"),
      metric("state", DataType.String, "IDLE", { alias: 2 }),
    );
    const anyPayload = fc
      .record({
        seq: fc.option(fc.integer({ min: 0, max: 300 })),
        time: fc.option(fc.integer({ min: 0, max: 100 })),
        metrics: fc.array(anyMetric, { maxLength: 4 }),
      })
      .map(({ seq, time, metrics }) => payload(metrics, { seq, timestamp: time === null ? null : T + time }));
    const anyMessage = fc.record({
      type: fc.constantFrom(...types),
      payload: fc.option(anyPayload, { freq: 20 }),
      wait: fc.integer({ min: 0, max: 3_000 }),
      retained: fc.boolean().map((retained) => retained),
      device: fc.constantFrom("a", "b", "c"),
    });
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 80 }), (sent) => {
        const nodes = new EdgeNodes({ ...DEFAULT_EDGE_NODES_LIMITS, devices: 2, metrics: 5 });
        const settled = new Set<NodeMessage>();
        const settle = (messages: readonly NodeMessage[]) => {
          for (const one of messages) {
            expect(settled.has(one)).toBe(false);
            settled.add(one);
          }
        };
        let now = T;
        for (const { type, device, payload: told, wait, retained } of sent) {
          now += wait;
          for (const { settled: done } of nodes.due(now)) settle(done);
          const one = message(type, type.startsWith("N") ? null : device, told, {
            receivedAt: now,
            retained,
          });
          settle(nodes.take(id("a"), one)?.settled ?? []);
        }
        for (const { settled: done } of nodes.due(now + 10_000)) settle(done);
        expect(settled.size).toBe(sent.length);
        const edge = new SparkplugEdge(now + 20_000);
        const birth = nodes.take(id("a"), edge.nbirth([TEMPERATURE]));
        expect(birth?.events.at(-1)).toMatchObject({ kind: "born", device: null });
        expect(nodes.take(id("a"), edge.ndata(aliased(1, DataType.Int32, 4)))).toMatchObject({
          events: [{ kind: "data", readings: [{ metric: "temperature", value: 4, quality: "GOOD" }] }],
          deadline: null,
        });
      }),
      { numRuns: 300 },
    );
  });
});
