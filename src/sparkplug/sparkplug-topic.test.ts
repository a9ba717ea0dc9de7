import { describe, expect, test } from "vitest";
import {
  deviceCommandTopic,
  hostFilters,
  idProblem,
  nodeCommandTopic,
  type SparkplugTopic,
  sparkplugTopic,
  stateTopic,
} from "./sparkplug-topic.js";

const NODE = { group: "Bottling Berlin", edgeNode: "gateway-1" };

describe("a topic of Sparkplug B", () => {
  test.each<[string, SparkplugTopic]>([
    ["spBv1.0/Bottling Berlin/NBIRTH/gateway-1", { kind: "node", type: "NBIRTH", ...NODE }],
    ["spBv1.0/Bottling Berlin/NDATA/gateway-1", { kind: "node", type: "NDATA", ...NODE }],
    ["spBv1.0/Bottling Berlin/NDEATH/gateway-1", { kind: "node", type: "NDEATH", ...NODE }],
    ["spBv1.0/Bottling Berlin/NCMD/gateway-1", { kind: "node", type: "NCMD", ...NODE }],
    [
      "spBv1.0/Bottling Berlin/DBIRTH/gateway-1/filler",
      { kind: "device", type: "DBIRTH", ...NODE, device: "filler" },
    ],
    [
      "spBv1.0/Bottling Berlin/DDATA/gateway-1/filler",
      { kind: "device", type: "DDATA", ...NODE, device: "filler" },
    ],
    [
      "spBv1.0/Bottling Berlin/DDEATH/gateway-1/filler",
      { kind: "device", type: "DDEATH", ...NODE, device: "filler" },
    ],
    [
      "spBv1.0/Bottling Berlin/DCMD/gateway-1/filler",
      { kind: "device", type: "DCMD", ...NODE, device: "filler" },
    ],
    ["spBv1.0/STATE/scada", { kind: "state", hostId: "scada" }],
    ["spBv1.0/STATE/NDATA/gateway-1", { kind: "node", type: "NDATA", group: "STATE", edgeNode: "gateway-1" }],
  ])("%s", (topic, read) => {
    expect(sparkplugTopic(topic)).toEqual({ ok: true, value: read });
  });

  test.each([
    ["STATE/scada", 'a topic of Sparkplug B begins with spBv1.0/, not with "STATE"'],
    ["spAv1.0/g/NDATA/e", 'a topic of Sparkplug B begins with spBv1.0/, not with "spAv1.0"'],
    ["", 'a topic of Sparkplug B begins with spBv1.0/, not with ""'],
    ["spBv1.0", "spBv1.0/<group>/<type>/<edge node>[/<device>] is needed"],
    ["spBv1.0/STATE", "no host id: spBv1.0/STATE/<host id> is needed"],
    ["spBv1.0/STATE/", "no host id: spBv1.0/STATE/<host id> is needed"],
    ["spBv1.0/g/NDATA", "spBv1.0/<group>/<type>/<edge node>[/<device>] is needed"],
    ["spBv1.0/g/DDATA/e/d/x", "spBv1.0/<group>/<type>/<edge node>[/<device>] is needed"],
    ["spBv1.0//NDATA/e", "the group id is empty"],
    ["spBv1.0/g/NDATA/", "the edge node id is empty"],
    ["spBv1.0/g/DDATA/e", "DDATA is told of a device, and its topic names none"],
    ["spBv1.0/g/DDATA/e/", "DDATA is told of a device, and its topic names none"],
    ["spBv1.0/g/NDATA/e/d", "NDATA is told of the edge node, and its topic names a device"],
    ["spBv1.0/g/ndata/e", '"ndata" is no message type of Sparkplug B'],
  ])("%s is none: %s", (topic, problem) => {
    expect(sparkplugTopic(topic)).toEqual({ ok: false, error: problem });
  });

  test("commands go to the edge node or to the device", () => {
    expect(nodeCommandTopic(NODE)).toBe("spBv1.0/Bottling Berlin/NCMD/gateway-1");
    expect(deviceCommandTopic(NODE, "filler")).toBe("spBv1.0/Bottling Berlin/DCMD/gateway-1/filler");
  });

  test.each(["tck-id-host-topic-phid-birth-topic", "tck-id-host-topic-phid-death-topic"])(
    "%s: the state of a host is at spBv1.0/STATE/host id",
    () => {
      expect(stateTopic("scada")).toBe("spBv1.0/STATE/scada");
    },
  );

  test.each(["tck-id-host-topic-phid-birth-sub-required", "tck-id-payloads-state-subscribe"])(
    "%s: a host subscribes to its own state and to Sparkplug B, or to some groups of it",
    () => {
      expect(hostFilters("scada")).toEqual(["spBv1.0/STATE/scada", "spBv1.0/#"]);
      expect(hostFilters("scada", ["a", "b"])).toEqual(["spBv1.0/STATE/scada", "spBv1.0/a/#", "spBv1.0/b/#"]);
    },
  );
});

describe("an id of Sparkplug B", () => {
  test.each([
    ["scada", null],
    ["Linie 3 · Füller", null],
    ["", "the host id is empty"],
    ["a/b", 'the host id "a/b" contains +, # or /'],
    ["a+", 'the host id "a+" contains +, # or /'],
    ["#", 'the host id "#" contains +, # or /'],
    ["a\0", "the host id contains a NUL character"],
    ["\ud800", "the host id is no valid UTF-8"],
  ])("%j: %s", (id, problem) => {
    expect(idProblem("host id", id)).toBe(problem);
  });

  test("leaves room for the rest of a topic", () => {
    expect(idProblem("host id", "ü".repeat(32_760))).toBeNull();
    expect(idProblem("host id", "ü".repeat(32_761))).toBe("the host id is longer than 65521 bytes");
  });
});
