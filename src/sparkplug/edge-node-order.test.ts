import { describe, expect, test } from "vitest";
import {
  aliased,
  lines,
  message,
  metric,
  SparkplugEdge,
  T,
  takeAll,
  values,
} from "../../test/support/edge-node.js";
import { DEFAULT_EDGE_NODE_LIMITS, EdgeNode } from "./edge-node.js";
import type { NodeMessage } from "./node-events.js";
import { DataType } from "./payload.js";
import { DEFAULT_REORDER_LIMITS } from "./reorder.js";

const TEMPERATURE = metric("temperature", DataType.Int32, 0, { alias: 1 });
const STATE = metric("state", DataType.String, "IDLE", { alias: 10 });

function within(timeoutMs: number, more: Partial<typeof DEFAULT_REORDER_LIMITS> = {}): EdgeNode {
  return new EdgeNode({
    limits: { ...DEFAULT_EDGE_NODE_LIMITS, reorder: { ...DEFAULT_REORDER_LIMITS, timeoutMs, ...more } },
  });
}

/** A born node, and the next messages of it: temperatures 1, 2, 3 and so on, one each second. */
function story(
  node = within(2_000),
  count = 6,
): { node: EdgeNode; edge: SparkplugEdge; sent: NodeMessage[] } {
  const edge = new SparkplugEdge();
  takeAll(node, [edge.nbirth([TEMPERATURE]), edge.dbirth("filler", [STATE])]);
  const sent = Array.from({ length: count }, (_, at) => {
    edge.pass(1_000);
    return edge.ndata(aliased(1, DataType.Int32, at + 1));
  });
  return { node, edge, sent };
}

const at = (sent: readonly NodeMessage[], ...numbers: number[]) =>
  numbers.flatMap((number) => sent[number - 1] ?? []);

describe("when a message is missing", () => {
  test("tck-id-operational-behavior-host-reordering-start: a time-out begins, and what comes after it is kept back", () => {
    const { node, sent } = story();
    const { events, settled, rebirth, deadline } = takeAll(node, at(sent, 1, 2, 4, 5));
    expect(values(events)).toEqual(["/temperature=1", "/temperature=2"]);
    expect([settled.length, rebirth, node.held]).toEqual([2, null, 2]);
    expect(deadline).toBe(T + 4_100 + 2_000);
  });

  test("tck-id-operational-behavior-host-reordering-success: if it comes in time, all follow in order, and nothing is asked", () => {
    const { node, sent } = story();
    const { events, settled, rebirth, deadline } = takeAll(node, at(sent, 1, 2, 4, 6, 5, 3));
    expect(values(events)).toEqual([1, 2, 3, 4, 5, 6].map((value) => `/temperature=${value}`));
    expect([settled.length, rebirth, deadline, node.held]).toEqual([6, null, null, 0]);
    expect(node.due(T + 60_000)).toMatchObject({ events: [], rebirth: null });
  });

  test("tck-id-operational-behavior-host-reordering-rebirth: if it does not come in time, a rebirth is asked for, and what was kept back is taken with doubt", () => {
    const { node, sent } = story();
    const { deadline } = takeAll(node, at(sent, 1, 2, 4, 5));
    expect(node.due((deadline ?? 0) - 1)).toMatchObject({ events: [], rebirth: null });
    const { events, settled, rebirth } = node.due(deadline ?? 0);
    expect(values(events)).toEqual(["/temperature=4?", "/temperature=5?"]);
    expect([settled.length, rebirth?.reason]).toEqual([2, "missing-message"]);
  });

  test.each([0, 500, 10_000])(
    "tck-id-operational-behavior-host-reordering-param: the time-out is a parameter: %i ms",
    (timeoutMs) => {
      const { node, sent } = story(within(timeoutMs));
      const { deadline, rebirth } = takeAll(node, at(sent, 1, 3));
      if (timeoutMs === 0) expect(rebirth?.reason).toBe("missing-message");
      else expect([deadline, rebirth]).toEqual([T + 3_100 + timeoutMs, null]);
    },
  );

  test("values are in doubt until the birth comes, and no longer", () => {
    const { node, edge, sent } = story(within(0));
    takeAll(node, at(sent, 1, 3));
    edge.pass(1_000);
    expect(values(takeAll(node, at(sent, 4)).events)).toEqual(["/temperature=4?"]);
    const reborn = [
      edge.nbirth([TEMPERATURE]),
      edge.dbirth("filler", [STATE]),
      edge.ndata(aliased(1, DataType.Int32, 9)),
    ];
    expect(values(takeAll(node, reborn).events)).toEqual([
      "/temperature=0",
      "filler/state=IDLE",
      "/temperature=9",
    ]);
  });

  test("a device is sure again with its own birth", () => {
    const { node, edge } = story(within(0), 0);
    edge.skip();
    const { events } = takeAll(node, [
      edge.ddata("filler", aliased(10, DataType.String, "EXECUTE")),
      edge.dbirth("filler", [STATE]),
      edge.ddata("filler", aliased(10, DataType.String, "HELD")),
      edge.ndata(aliased(1, DataType.Int32, 1)),
    ]);
    expect(values(events)).toEqual([
      "filler/state=EXECUTE?",
      "filler/state=IDLE",
      "filler/state=HELD",
      "/temperature=1?",
    ]);
  });

  test("more than may be kept back are not waited for", () => {
    const { node, sent } = story(within(2_000, { messages: 2 }));
    const { events, settled, rebirth } = takeAll(node, at(sent, 1, 3, 4, 5));
    expect(values(events)).toEqual([
      "/temperature=1",
      "/temperature=3?",
      "/temperature=4?",
      "/temperature=5?",
    ]);
    expect([settled.length, rebirth?.reason, node.held]).toEqual([4, "missing-message", 0]);
    const large = story(within(2_000, { bytes: 150 }));
    expect(takeAll(large.node, at(large.sent, 1, 3, 4)).settled.length).toBe(3);
  });

  test("and comes after it was given up, its values are taken with doubt", () => {
    const { node, sent } = story();
    takeAll(node, at(sent, 1, 3, 4));
    node.due(T + 60_000);
    expect(values(takeAll(node, at(sent, 2)).events)).toEqual(["/temperature=2?"]);
  });

  test("and comes too late without a time, nobody knows when it was, and it is left out", () => {
    const { node, sent } = story();
    takeAll(node, at(sent, 1, 3, 4));
    node.due(T + 60_000);
    const timeless = at(sent, 2).map((one) => ({
      ...one,
      payload: one.payload && { ...one.payload, timestamp: null },
    }));
    expect(lines(takeAll(node, timeless).events)).toEqual(["ignored NDATA: too-late"]);
  });

  test("a late birth or death of a device does not undo what it did since", () => {
    const { node, edge } = story(within(0), 0);
    const [birth] = [edge.dbirth("filler", [STATE])];
    edge.pass(1_000);
    const death = edge.ddeath("filler");
    expect(lines(takeAll(node, [death, birth]).events)).toEqual(["dead filler", "ignored DBIRTH: too-late"]);
  });
});

describe("the order of births and deaths:", () => {
  test("what is kept back when a node dies was sent before, and is taken", () => {
    const { node, edge, sent } = story();
    takeAll(node, at(sent, 1, 3));
    const { events, rebirth, deadline } = node.take(edge.ndeath());
    expect(values(events)).toEqual(["/temperature=3?"]);
    expect(lines(events)).toEqual(["data node", "dead node"]);
    expect([rebirth, deadline]).toEqual([null, null]);
  });

  test("what is kept back when a node is reborn goes to the birth it belongs to", () => {
    const { node, edge, sent } = story();
    takeAll(node, at(sent, 1, 3));
    edge.pass(1_000);
    const birth = edge.nbirth([metric("temperature", DataType.Int32, 50, { alias: 2 })]);
    edge.pass(10);
    const dbirth = edge.dbirth("filler", [STATE]);
    const data = edge.ndata(aliased(2, DataType.Int32, 51));
    // The birth of the filler is left behind by the one message, and has overtaken the other.
    const { events, rebirth } = takeAll(node, [data, birth, dbirth]);
    expect(values(events)).toEqual([
      "/temperature=3?",
      "/temperature=50",
      "filler/state=IDLE",
      "/temperature=51",
    ]);
    expect([rebirth, node.held]).toEqual([null, 0]);
  });

  test("a message of before the node's birth opens no gap", () => {
    const { node, edge, sent } = story();
    takeAll(node, at(sent, 1, 2, 3, 4, 5));
    edge.pass(1_000);
    takeAll(node, [edge.nbirth([TEMPERATURE])]);
    const { events, deadline } = takeAll(node, at(sent, 6));
    expect(lines(events)).toEqual(["ignored NDATA: too-late"]);
    expect(deadline).toBeNull();
  });

  test("a message that comes twice is taken once", () => {
    const { node, sent } = story();
    const { events } = takeAll(node, at(sent, 1, 2, 1, 4, 4, 2, 3));
    expect(values(events)).toEqual([1, 2, 3, 4].map((value) => `/temperature=${value}`));
    expect(lines(events).filter((line) => line.startsWith("ignored"))).toEqual(
      Array.from({ length: 3 }, () => "ignored NDATA: repeated"),
    );
  });

  test("numbers wrap from 255 to 0", () => {
    const { node, sent } = story(within(2_000), 600);
    const { events, rebirth } = takeAll(node, sent);
    expect(values(events).length).toBe(600);
    expect([rebirth, node.held, node.deadline]).toEqual([null, 0, null]);
  });

  test("a node that begins to count anew without a birth is asked for one, and read on", () => {
    const { node, edge, sent } = story();
    takeAll(node, sent);
    edge.skip(200);
    const { events, deadline } = node.take(edge.ndata(aliased(1, DataType.Int32, 77)));
    expect(events).toEqual([]);
    const due = node.due(deadline ?? 0);
    expect([values(due.events), due.rebirth?.reason]).toEqual([["/temperature=77?"], "missing-message"]);
    edge.pass(5_000);
    const next = node.take(edge.ndata(aliased(1, DataType.Int32, 78)));
    expect([values(next.events), next.rebirth]).toEqual([["/temperature=78?"], null]);
  });

  test("a node whose numbers stand still is read, and asked now and then", () => {
    const { node, edge } = story(within(2_000), 0);
    const stuck = Array.from({ length: 30 }, (_, index) => {
      edge.pass(1_000);
      const sent = edge.ndata(aliased(1, DataType.Int32, index));
      return { ...sent, payload: sent.payload && { ...sent.payload, seq: 0 } };
    });
    let asked = 0;
    let read = 0;
    for (const one of stuck) {
      const { events, rebirth } = node.take(one);
      asked += rebirth === null ? 0 : 1;
      read += values(events).length;
    }
    expect([read, asked]).toEqual([30, 2]);
  });

  test("after a message that cannot be decoded the next one is no gap", () => {
    const { node, sent } = story();
    const { rebirth } = takeAll(node, [...at(sent, 1), message("NDATA", null, null)]);
    expect(rebirth).toEqual({ reason: "undecodable", detail: "NDATA" });
    expect([values(takeAll(node, at(sent, 3)).events), node.held]).toEqual([["/temperature=3?"], 0]);
  });
});
