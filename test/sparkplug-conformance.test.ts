import { beforeAll, describe, expect, test } from "vitest";
import { REBIRTH_METRIC } from "../src/sparkplug/birth.js";
import { stateOf } from "../src/sparkplug/host-state.js";
import { DataType } from "../src/sparkplug/payload.js";
import { brokerAvailable } from "./support/broker.js";
import {
  conformanceStory,
  type Evidence,
  publishedOf,
  REORDER_MS,
  STATE,
} from "./support/conformance-story.js";
import { MQTT_VERSIONS } from "./support/sparkplug-plant.js";
import type { Sent } from "./support/wire-tap.js";

/** The first of a kind of packet, and its place. */
function packet<Kind extends Sent["packet"]>(session: readonly Sent[], kind: Kind) {
  const at = session.findIndex((sent) => sent.packet === kind);
  return { at, sent: session[at] as Extract<Sent, { packet: Kind }> };
}

const said = (payload: Buffer) => stateOf(payload) ?? { online: null, timestamp: Number.NaN };

const CLEAN: Readonly<Record<string, readonly [id: string, meaning: string, protocol: number]>> = {
  "3.1.1": ["tck-id-message-flow-phid-sparkplug-clean-session-311", "with a clean session", 4],
  "5": [
    "tck-id-message-flow-phid-sparkplug-clean-session-50",
    "with a clean start and a session that ends with it",
    5,
  ],
};

// What a host application does from its start to its end, seen on the wire and in its twins. Each statement of the
// specification about host applications that can be seen so has its test here.
describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("a host application over MQTT %s", (version) => {
  let seen: Evidence;

  beforeAll(async () => {
    seen = await conformanceStory(version);
  }, 60_000);

  const will = () => packet(seen.session, "CONNECT").sent.will;
  const states = () => publishedOf(seen.session, /\/STATE\//);
  const birth = () => states()[0];
  const willTime = () => said(will()?.payload ?? Buffer.alloc(0)).timestamp;

  describe("connects", () => {
    const [session, meaning, protocol] = CLEAN[version] ?? [];
    test(`${session}: ${meaning}`, () => {
      const { sent } = packet(seen.session, "CONNECT");
      expect(sent).toMatchObject({ version: protocol, clean: true });
      expect(sent.sessionExpiry ?? 0).toBe(0);
    });

    test.each([
      "tck-id-host-topic-phid-death-required",
      "tck-id-operational-behavior-host-application-connect-will",
      "tck-id-host-topic-phid-death-topic",
      "tck-id-operational-behavior-host-application-connect-will-topic",
      "tck-id-payloads-state-will-message",
    ])("%s: with a will on its STATE", () => {
      expect(will()?.topic).toBe(STATE);
    });

    test.each([
      "tck-id-host-topic-phid-death-qos",
      "tck-id-operational-behavior-host-application-connect-will-qos",
      "tck-id-payloads-state-will-message-qos",
    ])("%s: with a will of QoS 1", () => {
      expect(will()?.qos).toBe(1);
    });

    test.each([
      "tck-id-host-topic-phid-death-retain",
      "tck-id-operational-behavior-host-application-connect-will-retained",
      "tck-id-payloads-state-will-message-retain",
    ])("%s: with a will that is retained", () => {
      expect(will()?.retain).toBe(true);
    });

    test.each([
      "tck-id-host-topic-phid-death-payload",
      "tck-id-host-topic-phid-death-payload-timestamp-connect",
      "tck-id-operational-behavior-host-application-connect-will-payload",
      "tck-id-payloads-state-will-message-payload",
    ])("%s: with a will that says offline at the time of its CONNECT", () => {
      expect(said(will()?.payload ?? Buffer.alloc(0)).online).toBe(false);
      const late = (will()?.at ?? 0) - willTime();
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(1_000);
    });
  });

  describe("is born", () => {
    test.each([
      "tck-id-host-topic-phid-birth-message",
      "tck-id-host-topic-phid-birth-required",
      "tck-id-message-flow-phid-sparkplug-state-publish",
      "tck-id-operational-behavior-host-application-connect-birth",
      "tck-id-principles-birth-certificates-order",
    ])("%s: with the first message that it publishes", () => {
      expect(packet(seen.session, "PUBLISH").sent.topic).toBe(STATE);
      expect(said(packet(seen.session, "PUBLISH").sent.payload).online).toBe(true);
    });

    test.each([
      "tck-id-host-topic-phid-birth-sub-required",
      "tck-id-message-flow-phid-sparkplug-subscription",
      "tck-id-payloads-state-subscribe",
    ])("%s: after it has subscribed to its own STATE and to all of Sparkplug", () => {
      const subscribe = packet(seen.session, "SUBSCRIBE");
      expect(subscribe.sent.filters).toEqual([STATE, "spBv1.0/#"]);
      expect([packet(seen.session, "CONNECT").at, subscribe.at, packet(seen.session, "PUBLISH").at]).toEqual([
        0, 1, 2,
      ]);
    });

    test.each([
      "tck-id-host-topic-phid-birth-topic",
      "tck-id-operational-behavior-host-application-connect-birth-topic",
    ])("%s: on its STATE", () => {
      expect(birth()?.topic).toBe(STATE);
    });

    test.each([
      "tck-id-host-topic-phid-birth-qos",
      "tck-id-operational-behavior-host-application-connect-birth-qos",
    ])("%s: at QoS 1", () => {
      expect(birth()?.qos).toBe(1);
    });

    test.each([
      "tck-id-host-topic-phid-birth-retain",
      "tck-id-operational-behavior-host-application-connect-birth-retained",
    ])("%s: retained", () => {
      expect(birth()?.retain).toBe(true);
    });

    test("tck-id-payloads-state-birth: on its STATE, at QoS 1, retained", () => {
      expect(birth()).toMatchObject({ topic: STATE, qos: 1, retain: true });
    });

    test.each([
      "tck-id-host-topic-phid-birth-payload",
      "tck-id-host-topic-phid-birth-payload-timestamp",
      "tck-id-message-flow-phid-sparkplug-state-publish-payload",
      "tck-id-message-flow-phid-sparkplug-state-publish-payload-timestamp",
      "tck-id-operational-behavior-host-application-connect-birth-payload",
      "tck-id-payloads-state-birth-payload",
    ])("%s: saying online with the timestamp of its will", () => {
      expect(JSON.parse(birth()?.payload.toString() ?? "")).toEqual({ online: true, timestamp: willTime() });
    });

    test.each([
      "tck-id-operational-behavior-primary-application-state-with-multiple-servers-state",
      "tck-id-operational-behavior-primary-application-state-with-multiple-servers-state-subs",
    ])("%s: at every broker", () => {
      const { otherSession } = seen;
      expect(packet(otherSession, "SUBSCRIBE").sent.filters).toContain(STATE);
      expect(packet(otherSession, "CONNECT").sent.will?.topic).toBe(STATE);
      expect(packet(otherSession, "PUBLISH").sent).toMatchObject({ topic: STATE, qos: 1, retain: true });
    });

    test("tck-id-operational-behavior-host-application-multi-server-timestamp: with a timestamp for each broker", () => {
      const other = said(packet(seen.otherSession, "PUBLISH").sent.payload).timestamp;
      const own = said(packet(seen.otherSession, "CONNECT").sent.will?.payload ?? Buffer.alloc(0)).timestamp;
      expect(other).toBe(own);
      expect(other).not.toBe(willTime());
    });

    test("tck-id-message-flow-hid-sparkplug-state-message-delivered: again when its STATE says that it is away", () => {
      const { before, after } = seen.births;
      expect(before).toHaveLength(1);
      // A broker may hand one message over for each filter that takes it.
      expect(new Set(after)).toEqual(new Set(before));
      expect(after.length).toBeGreaterThan(1);
    });

    test.each(["tck-id-components-ph-state", "tck-id-intro-sparkplug-host-state"])(
      "%s: so that whoever comes is told whether it is there",
      () => {
        expect(said(Buffer.from(seen.told.during)).online).toBe(true);
        expect(said(Buffer.from(seen.told.after)).online).toBe(false);
      },
    );

    test("tck-id-conformance-primary-host: and its STATE are birth and death", () => {
      const all = states().map(({ payload }) => said(payload).online);
      expect([all[0], all.at(-1), new Set(all.slice(0, -1))]).toEqual([true, false, new Set([true])]);
    });
  });

  describe("leaves", () => {
    const last = () => seen.session.at(-1)?.packet;
    const death = () => states().at(-1);

    test.each([
      "tck-id-operational-behavior-host-application-disconnect-intentional",
      "tck-id-operational-behavior-host-application-termination",
    ])("%s: with its death, and DISCONNECT right after it", () => {
      expect(last()).toBe("DISCONNECT");
      expect(seen.session.at(-2)).toMatchObject({ packet: "PUBLISH", topic: STATE });
    });

    test.each([
      "tck-id-operational-behavior-host-application-death-topic",
      "tck-id-operational-behavior-host-application-death-qos",
      "tck-id-operational-behavior-host-application-death-retained",
    ])("%s: with a death on its STATE, at QoS 1, retained", () => {
      expect(death()).toMatchObject({ topic: STATE, qos: 1, retain: true });
    });

    test.each([
      "tck-id-operational-behavior-host-application-death-payload",
      "tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean",
    ])("%s: with a death that says offline at the time of leaving", () => {
      const { online, timestamp } = said(death()?.payload ?? Buffer.alloc(0));
      expect(online).toBe(false);
      expect(timestamp).toBeGreaterThanOrEqual(seen.stopped[0]);
      expect(timestamp).toBeLessThanOrEqual(seen.stopped[1]);
    });
  });

  describe("writes to edge nodes and devices", () => {
    const both = () => [seen.writes.node, seen.writes.device];
    const aliases = (command: Evidence["writes"]["node"]) =>
      command.payload.metrics.map(({ name, alias }) => [name, alias]);

    test.each(["tck-id-operational-behavior-data-commands-ncmd-verb", "tck-id-topics-ncmd-topic"])(
      "%s: by NCMD",
      () => {
        expect(seen.writes.node.topic).toBe("spBv1.0/g/NCMD/line");
      },
    );

    test.each(["tck-id-operational-behavior-data-commands-dcmd-verb", "tck-id-topics-dcmd-topic"])(
      "%s: by DCMD",
      () => {
        expect(seen.writes.device.topic).toBe("spBv1.0/g/DCMD/line/press");
      },
    );

    test.each([
      "tck-id-payloads-ncmd-qos",
      "tck-id-payloads-dcmd-qos",
      "tck-id-payloads-ncmd-retain",
      "tck-id-payloads-dcmd-retain",
      "tck-id-topics-ncmd-mqtt",
      "tck-id-topics-dcmd-mqtt",
    ])("%s: at QoS 0, not retained", () => {
      for (const command of both()) expect(command).toMatchObject({ qos: 0, retain: false });
    });

    test.each([
      "tck-id-payloads-ncmd-timestamp",
      "tck-id-payloads-dcmd-timestamp",
      "tck-id-topics-ncmd-timestamp",
      "tck-id-topics-dcmd-timestamp",
    ])("%s: with the time of sending", () => {
      for (const { payload, at } of both()) {
        const age = at - (payload.timestamp ?? 0);
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(1_000);
      }
    });

    test.each(["tck-id-payloads-ncmd-seq", "tck-id-payloads-dcmd-seq"])("%s: without a number", () => {
      for (const { payload } of both()) expect(payload.seq).toBeNull();
    });

    test.each([
      "tck-id-operational-behavior-data-commands-ncmd-metric-name",
      "tck-id-operational-behavior-data-commands-dcmd-metric-name",
      "tck-id-payloads-alias-data-cmd-requirement",
      "tck-id-payloads-name-cmd-requirement",
    ])("%s: the metrics of the birth, by alias where it gave one, else by name", () => {
      expect(aliases(seen.writes.node)).toEqual([
        [null, 11],
        ["title", null],
      ]);
      expect(aliases(seen.writes.device)).toEqual([
        [null, 1],
        ["title", null],
      ]);
    });

    test.each([
      "tck-id-operational-behavior-data-commands-ncmd-metric-value",
      "tck-id-operational-behavior-data-commands-dcmd-metric-value",
      "tck-id-topics-ncmd-payload",
      "tck-id-topics-dcmd-payload",
    ])("%s: with values of their types", () => {
      for (const { payload } of both())
        expect(payload.metrics).toMatchObject([
          { dataType: DataType.Int32, wire: { field: "int", value: 5 } },
          { dataType: DataType.String, wire: { field: "string", value: "b" } },
        ]);
    });

    test("tck-id-payloads-metric-datatype-not-req: without data types where a source says so", () => {
      const { topic, payload } = seen.writes.untyped;
      expect(topic).toBe("spBv1.0/g/DCMD/line/press");
      expect(payload.metrics.map(({ dataType }) => dataType)).toEqual([DataType.Unknown, DataType.Unknown]);
    });
  });

  describe("misses a message", () => {
    test.each([
      "tck-id-operational-behavior-host-reordering-param",
      "tck-id-operational-behavior-host-reordering-start",
    ])("%s: and waits for it as long as its source says", () => {
      expect(seen.loss.afterMs).toBeGreaterThanOrEqual(REORDER_MS - 20);
      expect(seen.loss.afterMs).toBeLessThan(REORDER_MS + 1_000);
    });

    test.each([
      "tck-id-operational-behavior-host-reordering-rebirth",
      "tck-id-operational-behavior-data-commands-ncmd-rebirth-verb",
      "tck-id-operational-behavior-data-commands-ncmd-rebirth-name",
      "tck-id-operational-behavior-data-commands-ncmd-rebirth-value",
    ])("%s: and asks for a rebirth, by NCMD, once", () => {
      expect(seen.loss.commands).toHaveLength(1);
      const [command] = seen.loss.commands;
      expect(command).toMatchObject({ topic: "spBv1.0/g/NCMD/line", qos: 0, retain: false });
      expect(command?.payload.metrics).toMatchObject([
        {
          name: REBIRTH_METRIC,
          alias: null,
          dataType: DataType.Boolean,
          wire: { field: "boolean", value: true },
        },
      ]);
    });

    test("tck-id-operational-behavior-host-reordering-success: and goes on as before when it comes in time", () => {
      expect(seen.late).toEqual({ commands: 0, shown: [9, "GOOD"] });
    });
  });

  describe("sees deaths", () => {
    test.each([
      "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline",
      "tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale",
    ])("%s: a device is offline at the time that its death tells, and its metrics are stale", () => {
      const { device, toldAt } = seen.deaths;
      expect(device).toEqual({ status: "OFFLINE", since: toldAt, stale: ["speed", "title"] });
    });

    test.each([
      "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
      "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale",
    ])("%s: an edge node is offline at the host's time, and its metrics are stale", () => {
      const { node, between } = seen.deaths;
      expect(node).toMatchObject({ status: "OFFLINE", stale: ["speed", "title"] });
      expect(node.since).toBeGreaterThanOrEqual(between[0]);
      expect(node.since).toBeLessThanOrEqual(between[1]);
    });

    test.each([
      "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
      "tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale",
    ])("%s: so are its devices", () => {
      const { node, nodesDevice } = seen.deaths;
      expect(nodesDevice).toEqual({ status: "OFFLINE", since: node.since, stale: ["speed", "title"] });
    });
  });
});
