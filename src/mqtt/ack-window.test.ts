import { expect, test } from "vitest";
import { AckWindow } from "./ack-window.js";
import { InboundMessage, type Qos } from "./inbound-message.js";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function opened() {
  const written: string[] = [];
  const window = new AckWindow((packets) => written.push(packets.toString("hex")));
  const chunk = Buffer.alloc(1_000);
  const add = (packetId: number, qos: Qos = 1, source = chunk) => {
    const payload = source.subarray(0, 10);
    const delivery = { topic: "t", payload, qos, retain: false, dup: false, packetId, properties: null };
    const message = new InboundMessage(delivery, 0, window);
    window.add(message, source);
    return message;
  };
  return { window, written, add };
}

test("acknowledgements of one turn leave together, in the order the messages came", async () => {
  const { written, add } = opened();
  const [first, second, third] = [add(1), add(0x1234, 2), add(65_535)];
  second.ack();
  first.ack();
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual(["4002000150021234"]);
  third.ack();
  await turn();
  expect(written[1]).toBe("4002ffff");
});

test("a hundred thousand acknowledgements leave in order, whatever order they are given in", async () => {
  const { window, written, add } = opened();
  const messages = Array.from({ length: 100_000 }, (_, i) => add((i % 65_535) + 1));
  for (const message of messages.slice(1).reverse()) message.ack();
  expect(window.size).toBe(100_000);
  messages[0]?.ack();
  expect(window.size).toBe(0);
  await turn();
  const ids = messages.map(({ packetId }) => packetId.toString(16).padStart(4, "0"));
  expect(written.join("")).toBe(ids.map((id) => `4002${id}`).join(""));
});

test("a chunk counts as held as long as messages in it are, but for the one being released", () => {
  const { window, add } = opened();
  const chunks = [Buffer.alloc(100), Buffer.alloc(20), Buffer.alloc(3)];
  const messages = chunks.flatMap((chunk, i) => [add(i * 2 + 1, 1, chunk), add(i * 2 + 2, 1, chunk)]);
  const held = [window.bytes];
  for (const message of messages) {
    message.ack();
    held.push(window.bytes);
  }
  expect(held).toEqual([123, 23, 23, 3, 3, 0, 0]);
});

test("after closing nothing is written and nothing held", async () => {
  const { window, written, add } = opened();
  const [first, second] = [add(1), add(2)];
  first.ack();
  window.close();
  second.ack();
  await turn();
  expect({ written, size: window.size, bytes: window.bytes }).toEqual({ written: [], size: 0, bytes: 0 });
});
