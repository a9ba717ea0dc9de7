import { describe, expect, test } from "vitest";
import {
  lines,
  message,
  metric,
  payload,
  REBIRTH,
  SparkplugEdge,
  T,
  takeAll,
} from "../../test/support/edge-node.js";
import { EdgeNode } from "./edge-node.js";
import type { Dead } from "./node-events.js";
import { DataType } from "./payload.js";

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

describe("the death of a node", () => {
  test.each([
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
  ])("%s: it and all its devices are offline, and all their metrics stale, at the host's time", () => {
    const { edge, node } = plant();
    const death = { ...edge.ndeath(), receivedAt: T + 90_000 };
    expect(node.take(death).events).toEqual([
      {
        kind: "dead",
        device: null,
        at: T + 90_000,
        stale: [
          { device: null, metrics: ["temperature"] },
          { device: "filler", metrics: ["state", "counts/good"] },
          { device: "labeller", metrics: ["speed"] },
        ],
      },
    ]);
    expect([node.presence, node.presenceOf("filler"), node.presenceOf("labeller")]).toEqual([
      "dead",
      "dead",
      "dead",
    ]);
  });

  test("counts only with the bdSeq of its last birth", () => {
    const { edge, node } = plant();
    edge.bdSeq = 1;
    takeAll(node, [edge.nbirth([TEMPERATURE])]);
    expect(lines(node.take(edge.ndeath(0)).events)).toEqual(["ignored NDEATH: other-session"]);
    expect(node.presence).toBe("born");
    expect(lines(node.take(edge.ndeath(1)).events)).toEqual(["dead node"]);
  });

  test("counts where the birth told no bdSeq", () => {
    const node = new EdgeNode();
    takeAll(node, [message("NBIRTH", null, payload([REBIRTH, TEMPERATURE], { seq: 0 }))]);
    expect(lines(node.take(new SparkplugEdge().ndeath(3)).events)).toEqual(["dead node"]);
  });

  test("twice is once, and of a node that nobody knows nothing", () => {
    const { edge, node } = plant();
    const { events } = takeAll(node, [edge.ndeath(), edge.ndeath()]);
    expect(lines(events)).toEqual(["dead node", "ignored NDEATH: repeated"]);
    expect(lines(new EdgeNode().take(edge.ndeath()).events)).toEqual(["ignored NDEATH: other-session"]);
  });

  test("is over with its next birth; its devices wait for theirs", () => {
    const { edge, node } = plant();
    takeAll(node, [edge.ndeath()]);
    edge.bdSeq = 1;
    expect(lines(node.take(edge.nbirth([TEMPERATURE])).events)).toEqual(["born node"]);
    expect(node.presenceOf("filler")).toBe("dead");
    expect(lines(node.take(edge.dbirth("filler", [STATE])).events)).toEqual(["born filler"]);
  });
});

describe("the death of a device", () => {
  test.each([
    "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
    "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
  ])(
    "%s: it is offline and its metrics stale at the time that the death tells, and the others are not",
    () => {
      const { edge, node } = plant();
      const death = { ...edge.ddeath("filler"), receivedAt: T + 90_000 };
      expect(node.take(death).events).toEqual([
        {
          kind: "dead",
          device: "filler",
          at: T + 1_000,
          stale: [{ device: "filler", metrics: ["state", "counts/good"] }],
        },
      ]);
      expect([node.presenceOf("filler"), node.presenceOf("labeller"), node.presence]).toEqual([
        "dead",
        "born",
        "born",
      ]);
    },
  );

  test("without a time is dated when it came", () => {
    const { node } = plant();
    const death = message("DDEATH", "filler", payload([], { timestamp: null, seq: 3 }), {
      receivedAt: T + 7_000,
    });
    expect((node.take(death).events as Dead[])[0]?.at).toBe(T + 7_000);
  });

  test("twice is once, and of a device that nobody knows nothing", () => {
    const { edge, node } = plant();
    const { events } = takeAll(node, [edge.ddeath("filler"), edge.ddeath("filler"), edge.ddeath("capper")]);
    expect(lines(events)).toEqual([
      "dead filler",
      "ignored DDEATH: repeated",
      "ignored DDEATH: unknown-device",
    ]);
  });

  test("that cannot be read is one all the same, now", () => {
    const { node } = plant();
    const { events } = node.take(message("DDEATH", "filler", null, { receivedAt: T + 7_000 }));
    expect(lines(events)).toEqual(["ignored DDEATH: undecodable", "dead filler"]);
    expect((events as Dead[])[1]?.at).toBe(T + 7_000);
  });
});
