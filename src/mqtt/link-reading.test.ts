import { describe, expect, test } from "vitest";
import { mosquittoAvailable } from "../../test/support/mosquitto.js";
import {
  acknowledgementsArrived,
  broker,
  device,
  numbers,
  publishPacket,
  record,
  relay,
  scriptedBroker,
  send,
  subscribed,
  versionOf,
} from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";

const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0]);
const CONNACK_4 = Buffer.from([0x20, 2, 0, 0]);
const NO_PROPERTIES = Buffer.alloc(0);

/** A QoS 1 message of MQTT 5. */
const message = (payload: string, packetId = 1) =>
  publishPacket({ topic: "t/x", payload, qos: 1, packetId, properties: NO_PROPERTIES });

describe("what a link reads", () => {
  test("messages that come with the broker's consent are handed on when the link is connected", async () => {
    const scripted = await scriptedBroker(Buffer.concat([CONNACK_5, message("a"), message("b", 2)]));
    const phases: string[] = [];
    const server = record(scripted.url, { onMessage: () => phases.push(server.link.status.phase) });
    server.link.start();
    await waitFor(() => phases.length === 2);
    expect(phases).toEqual(["connected", "connected"]);
  });

  test("a message waits until the confirmation before it has arrived", async () => {
    const scripted = await scriptedBroker(CONNACK_5, (data) =>
      Buffer.concat([Buffer.from([0x40, 2]), data.subarray(7, 9), message("reply")]),
    );
    const events: string[] = [];
    const server = record(scripted.url, { onMessage: ({ payload }) => events.push(payload.toString()) });
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    const published = server.link.publish("t/y", "command", { qos: 1 });
    void published.then(() => events.push("confirmed"));
    await waitFor(() => events.length === 2);
    expect(events).toEqual(["confirmed", "reply"]);
  });

  test("a message that cannot be understood ends the connection with a reason", async () => {
    const heard: Buffer[] = [];
    const noTopic = publishPacket({ topic: Buffer.from([0xff]), qos: 1, properties: NO_PROPERTIES });
    const scripted = await scriptedBroker(
      Buffer.concat([CONNACK_5, message("good"), noTopic, message("unread")]),
      (data) => {
        heard.push(data);
        return [];
      },
    );
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.statuses.length >= 3);
    expect(server.statuses[2]).toMatchObject({
      phase: "connecting",
      problem: `the broker at ${scripted.url.slice(7)} sent a topic that is not UTF-8 text`,
    });
    await waitFor(() => Buffer.concat(heard).length >= 3);
    expect(Buffer.concat(heard).subarray(0, 3)).toEqual(Buffer.from([0xe0, 1, 0x81]));
    expect(server.texts()).toEqual(["good"]);
  });

  test.each([4, 5])(
    "on MQTT %i a message too large to keep is handed on without its payload",
    async (version) => {
      const heard: Buffer[] = [];
      const properties = version === 5 ? { properties: NO_PROPERTIES } : {};
      const packet = (payload: string | Buffer, packetId: number) =>
        publishPacket({ topic: "t/x", payload, qos: 1, packetId, ...properties });
      const large = packet(Buffer.alloc(17 * 1_048_576), 2);
      const scripted = await scriptedBroker(
        (connect) => {
          if (versionOf(connect) !== version) return "close";
          return Buffer.concat([
            version === 5 ? CONNACK_5 : CONNACK_4,
            packet("a", 1),
            large,
            packet("b", 3),
          ]);
        },
        (data) => {
          heard.push(data);
          return [];
        },
      );
      const server = record(scripted.url, {
        onMessage: (message) => {
          server.messages.push(message);
          message.ack();
        },
      });
      server.link.start();
      await waitFor(() => server.messages.length === 3);
      expect(server.texts()).toEqual(["a", "", "b"]);
      expect(server.messages.map(({ oversize }) => oversize)).toEqual([null, large.length, null]);
      await waitFor(() => Buffer.concat(heard).includes(Buffer.from([0x40, 2, 0, 3])));
      expect(Buffer.concat(heard).includes(Buffer.from([0x40, 2, 0, 2]))).toBe(true);
    },
  );

  test("on MQTT 5 the broker is told what is too large to read, and to use no aliases", async () => {
    const connects: Buffer[] = [];
    const scripted = await scriptedBroker((connect) => {
      connects.push(connect);
      return CONNACK_5;
    });
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    expect(connects[0]?.includes(Buffer.from([0x27, 1, 0, 0, 0]))).toBe(true);
    expect(connects[0]?.includes(Buffer.from([0x22, 0]))).toBe(false);
  });

  test("a link paused by a message's handler stops there, though more came with it", async () => {
    const all = numbers(100).map((text, i) => message(text, i + 1));
    const scripted = await scriptedBroker(Buffer.concat([CONNACK_5, ...all]), (data) =>
      data.includes("makes") ? message("later", 200) : [],
    );
    const seen: string[] = [];
    const server = record(scripted.url, {
      onMessage: ({ payload }) => {
        seen.push(payload.toString());
        if (seen.length === 40) server.link.pause();
        if (seen.length === 50) {
          server.link.pause();
          server.link.resume();
        }
      },
    });
    server.link.start();
    await waitFor(() => seen.length === 40);
    await server.link.publish("t/y", "makes the broker send more", { qos: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.length).toBe(40);
    server.link.resume();
    await waitFor(() => seen.length === 101);
    expect(seen).toEqual([...numbers(100), "later"]);
  });

  test("pings go out though reading stops and goes on again and again", async () => {
    let pings = 0;
    const unanswered = publishPacket({ topic: "t/x", payload: "again", properties: NO_PROPERTIES });
    const scripted = await scriptedBroker(CONNACK_5, (data) => {
      if (data.includes(Buffer.from([0xc0, 0]))) pings += 1;
      return data.includes("again") ? unanswered : [];
    });
    const server = record(scripted.url, { keepaliveS: 1 });
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    while (pings < 3) {
      const seen = server.messages.length;
      server.link.pause();
      await server.link.publish("t/y", "again", { qos: 0 });
      await waitFor(() => server.messages.length > seen);
      server.link.resume();
    }
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
  });
});

describe.skipIf(!mosquittoAvailable)("a link that reads and writes at a time", () => {
  test("acknowledges between large messages of its own, and the broker takes both", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url, { onMessage: (message) => message.ack() });
    let received = 0;
    const busy = record(path.url, {
      clientId: "busy",
      onMessage: (message) => {
        received += 1;
        message.ack();
      },
    });
    await subscribed(server, "own/#");
    await subscribed(busy, "t/#");
    const large = "x".repeat(100_000);
    const sending = send(device(`mqtt://127.0.0.1:${port}`), numbers(5_000));
    await Promise.all(numbers(200).map(() => busy.link.publish("own/x", large, { qos: 1 })));
    await sending;
    await waitFor(() => received === 5_000);
    await acknowledgementsArrived(busy);
    expect(busy.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
    path.cut();
    await waitFor(() => busy.statuses.length === 4);
    await acknowledgementsArrived(busy);
    expect(received).toBe(5_000);
  });

  test("while paused says goodbye when stopped, and gets everything when it is back", async () => {
    const { url } = await broker();
    const server = record(url, {
      will: { topic: "will/server", payload: "gone", qos: 1, retain: false },
    });
    const watcher = record(url, { clientId: "watcher" });
    await subscribed(watcher, "will/#");
    await subscribed(server, "t/#");
    server.link.pause();
    const sender = device(url);
    await send(sender, numbers(3_000));
    await waitFor(() => server.messages.length === 1);
    await server.link.stop();
    server.link.resume();
    expect(server.messages.length).toBe(1);
    server.link.start();
    await waitFor(() => server.messages.length === 3_001);
    expect(server.texts(1)).toEqual(numbers(3_000));
    await sender.publish("will/fence", "fence", { qos: 1 });
    await waitFor(() => watcher.messages.length > 0);
    expect(watcher.texts()).toEqual(["fence"]);
  });
});
