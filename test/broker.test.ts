import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDevice, type DeviceOptions } from "../src/mqtt/device-client.js";
import { partOf, type TestBroker } from "./support/broker.js";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { waitFor } from "./support/wait-for.js";

// Its own, whatever broker the others use. Without Mosquitto the file says so on stderr, and these skip.
describe.skipIf(!mosquittoAvailable).each(["5", "3.1.1"])(
  "tests that share a broker over MQTT %s",
  (version) => {
    let mosquitto: Mosquitto;
    let parts: TestBroker[];
    let cleanups: (() => Promise<unknown>)[];

    beforeEach(async () => {
      mosquitto = await startMosquitto();
      cleanups = [() => mosquitto.stop()];
      parts = [
        await partOf(mosquitto.url, version === "3.1.1"),
        await partOf(mosquitto.url, version === "3.1.1"),
      ];
      for (const part of parts) cleanups.push(() => part.stop());
    });

    afterEach(async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    });

    /** A client, and what it hears. */
    async function client(url: string | undefined, filters: string[], options: Partial<DeviceOptions> = {}) {
      const device = connectDevice({ url: url ?? "", clientId: "device", ...options });
      cleanups.push(() => device.end());
      const heard: string[] = [];
      // Before it connects, so that nothing comes that it does not listen to yet.
      for (const filter of filters)
        await device.subscribe(filter, 1, (topic, payload, { responseTopic }) => {
          heard.push(
            [topic, payload.toString(), ...(responseTopic === undefined ? [] : [responseTopic])].join(" "),
          );
        });
      await device.ready();
      return { device, heard };
    }

    test("do not hear each other, though client ids and topics are the same", async () => {
      const here = await client(parts[0]?.url, ["a/+", "b/#"]);
      const there = await client(parts[1]?.url, ["a/+", "b/#"]);
      // On MQTT 5 a client of ours does not hear itself.
      const sender = (part: number) => client(parts[part]?.url, [], { clientId: "sender" });
      const [from, others] = [(await sender(0)).device, (await sender(1)).device];
      const properties = { responseTopic: "a/reply", correlationData: Buffer.from("1") };
      await from.publish("a/x", "é", { qos: 1, properties });
      await from.publish("b/c/d", "x".repeat(300_000), { qos: 2, retain: true });
      await others.publish("b", "2", { qos: 0 });
      await waitFor(() => here.heard.length === 2 && there.heard.length === 1);
      expect(here.heard[0]).toBe(version === "5" ? "a/x é a/reply" : "a/x é");
      expect(here.heard[1]).toBe(`b/c/d ${"x".repeat(300_000)}`);
      expect(there.heard).toEqual(["b 2"]);
    });

    test("have wills and sessions as at a broker of their own", async () => {
      const will = { topic: "left", payload: "gone", qos: 1, retain: false } as const;
      const dying = await client(parts[0]?.url, [], { clientId: "dying", will });
      const away = await client(parts[0]?.url, ["left"], { clientId: "away", persistent: true });
      await away.device.end();
      await dying.device.destroy();
      const back = await client(parts[0]?.url, ["left"], { clientId: "away", persistent: true });
      await waitFor(() => back.heard.includes("left gone"));
    });

    test("leave nothing behind", async () => {
      const session = await client(parts[0]?.url, ["kept"], { clientId: "session", persistent: true });
      await session.device.publish("kept", "1", { qos: 1, retain: true });
      await session.device.end();
      const all = await client(mosquitto.url, ["#"], { clientId: "all" });
      await waitFor(() => all.heard.length === 1);
      expect(all.heard[0]).toMatch(/^t-[0-9a-f]{8}\/kept 1$/);
      await parts[0]?.stop();
      // The empty message that takes the retained one back.
      await waitFor(() => all.heard.length === 2);
      const late = await client(mosquitto.url, ["#", "$SYS/broker/clients/disconnected"], {
        clientId: "late",
      });
      await waitFor(() => late.heard.length > 0);
      expect(late.heard).toEqual(["$SYS/broker/clients/disconnected 0"]);
    });
  },
);
