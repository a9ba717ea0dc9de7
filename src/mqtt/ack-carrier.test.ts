import { connect, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { mosquittoAvailable } from "../../test/support/mosquitto.js";
import {
  acknowledgementsArrived,
  broker,
  cleanUp,
  device,
  numbers,
  publishPacket,
  record,
  relay,
  scriptedBroker,
  send,
  subscribed,
} from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";
import { AckCarrier } from "./ack-carrier.js";
import { PacketStream } from "./packet-stream.js";

const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);
const PINGREQ = Buffer.from([0xc0, 0]);
const PINGRESP = Buffer.from([0xd0, 0]);
const message = (packetId: number, qos: 0 | 1 = 1) =>
  publishPacket({ topic: "t/x", payload: String(packetId), qos, packetId, properties: Buffer.alloc(0) });

/** A stream as mqtt.js has it, the broker's end of its socket, and what either got. */
async function connected() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  let held = false;
  const messages: number[] = [];
  const stream = new PacketStream({
    socket: connect({ port: address.port, host: "127.0.0.1", noDelay: true }),
    protocolVersion: 5,
    onPublish: ({ packetId }) => {
      messages.push(packetId);
      return !held;
    },
    onMalformed: () => {},
  });
  const end = await accepted;
  cleanUp(async () => {
    stream.destroy();
    end.destroy();
    server.close();
  });
  const heard = { broker: "", mqttJs: "" };
  end.on("data", (data) => {
    heard.broker += data.toString("hex");
  });
  stream.on("data", (data: Buffer) => {
    heard.mqttJs += data.toString("hex");
    for (let at = 0; at < data.length; at += 2 + (data[at + 1] ?? 0)) stream.handled();
  });
  stream.accept();
  const hold = () => {
    held = true;
  };
  return { stream, end, messages, heard, hold };
}

describe("what the carrier sends", () => {
  test("is one byte at a time, and whole pings whatever else is sent", () => {
    const carrier = new AckCarrier();
    expect([carrier.end(), carrier.next(), carrier.next(), carrier.end()]).toEqual([
      null,
      PINGREQ.subarray(0, 1),
      PINGREQ.subarray(1),
      null,
    ]);
    carrier.next();
    expect(carrier.end()).toEqual(PINGREQ.subarray(1));
    expect(carrier.end()).toBeNull();
  });

  test("ends when the broker answers nothing, and goes on when it does", () => {
    const carrier = new AckCarrier();
    let sent = 0;
    while (carrier.next() !== null) sent += 1;
    expect(sent).toBe(9);
    expect(carrier.next()).toBeNull();
    expect(carrier.answered()).toBe(true);
    expect(carrier.next()).toEqual(PINGREQ.subarray(1));
  });

  test("is told from the pings of others by their order", () => {
    const carrier = new AckCarrier();
    carrier.next();
    carrier.pinged();
    carrier.end();
    carrier.next();
    expect([carrier.answered(), carrier.answered(), carrier.answered(), carrier.answered()]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("a stream that reads messages", () => {
  test("sends half a ping for each, and its answers never reach mqtt.js", async () => {
    const { end, messages, heard } = await connected();
    end.write(message(1));
    await waitFor(() => heard.broker === "c0");
    end.write(message(2));
    await waitFor(() => heard.broker === "c000");
    // The answer must be acknowledged as well, or it would hold back the next message.
    end.write(PINGRESP);
    await waitFor(() => heard.broker === "c000c0");
    end.write(message(3));
    await waitFor(() => heard.broker === "c000c000");
    expect(messages).toEqual([1, 2, 3]);
    expect(heard.mqttJs).toBe("");
  });

  test("ends its ping before anything else is written, and mqtt.js gets the answer to its own", async () => {
    const { stream, end, heard } = await connected();
    end.write(message(1));
    await waitFor(() => heard.broker === "c0");
    stream.pinging();
    stream.write(PINGREQ);
    await waitFor(() => heard.broker === "c000c000");
    end.write(PINGRESP);
    await waitFor(() => heard.broker === "c000c000c0");
    expect(heard.mqttJs).toBe("");
    end.write(PINGRESP);
    await waitFor(() => heard.mqttJs === "d000");
  });

  test("sends nothing where reading stops, nor for what needs no acknowledgement", async () => {
    const { stream, end, messages, heard, hold } = await connected();
    end.write(message(1, 0));
    await waitFor(() => messages.length === 1);
    hold();
    end.write(Buffer.concat([message(2), message(3)]));
    await waitFor(() => messages.length === 2);
    stream.write(Buffer.from([0xe0, 0]));
    await waitFor(() => heard.broker === "e000");
  });
});

describe("a link", () => {
  test("that only publishes sends nothing else", async () => {
    const heard: Buffer[] = [];
    let published = 0;
    const scripted = await scriptedBroker(CONNACK, (data) => {
      heard.push(data);
      published += 1;
      return Buffer.concat([Buffer.from([0x40, 2]), data.subarray(7, 9)]);
    });
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    for (const text of numbers(5)) await server.link.publish("t/y", text, { qos: 1 });
    expect(published).toBe(5);
    expect(heard.every((packet) => packet[0] === 0x32 && packet.length === 11)).toBe(true);
  });
});

test("a link gets the answer to its own ping among those of the carrier", async () => {
  let heard = "";
  const scripted = await scriptedBroker(Buffer.concat([CONNACK, message(1)]), (data) => {
    heard += data.toString("hex");
    // The link's ping is the second one, and the third stays without an answer.
    if (heard === "c000c000") return message(2);
    if (heard === "c000c000c0") return message(3);
    return heard === "c000c000c000" ? Buffer.concat([PINGRESP, PINGRESP]) : [];
  });
  const server = record(scripted.url, { keepaliveS: 1 });
  server.link.start();
  await waitFor(() => heard === "c000c000c000c000c000");
  expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
});

describe.skipIf(!mosquittoAvailable)("a link to Mosquitto", () => {
  test("stays up while messages come and go, and notices a broker that hears nothing", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url, { keepaliveS: 1, onMessage: (one) => server.messages.push(one) });
    await subscribed(server, "t/#");
    const sender = device(`mqtt://127.0.0.1:${port}`);
    const until = Date.now() + 3_000;
    for (let sent = 0; Date.now() < until; sent += 1) {
      await send(sender, [String(sent)]);
      if (sent % 10 === 0) {
        for (const one of server.messages) one.ack();
        await acknowledgementsArrived(server);
      }
    }
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
    path.hold();
    await waitFor(async () => {
      await send(sender, ["still comes"]);
      return server.statuses.length > 2;
    });
    expect(server.statuses[2]).toMatchObject({
      phase: "connecting",
      problem: expect.stringContaining("eepalive"),
    });
  });
});
