import { describe, expect, test } from "vitest";
import { brokerAvailable, speaksMqtt5 } from "../../test/support/broker.js";
import {
  acknowledgementsArrived,
  anyBroker,
  device,
  numbers,
  record,
  relay,
  send,
  subscribed,
} from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";

describe.skipIf(!brokerAvailable)("messages of a link", () => {
  test("hands on 2000 messages while none is acknowledged", async () => {
    const { url } = await anyBroker();
    const server = record(url);
    await subscribed(server, "t/#");
    expect(server.link.status).toMatchObject({
      phase: "connected",
      protocolVersion: speaksMqtt5 ? 5 : 4,
      problem: null,
    });
    await send(device(url), numbers(2000));
    await waitFor(() => server.messages.length === 2000);
    expect(server.texts()).toEqual(numbers(2000));
  });

  test.skipIf(!speaksMqtt5)(
    "never gets more than it allows in flight, and the rest after acknowledging",
    async () => {
      const { url } = await anyBroker();
      const server = record(url, { inFlight: 10 });
      await subscribed(server, "t/#");
      await send(device(url), numbers(50));
      await waitFor(() => server.messages.length === 10);
      for (let seen = 0; seen < 50; ) {
        expect(server.messages.length).toBeLessThanOrEqual(seen + 10);
        const batch = await waitFor(() => server.messages.length > seen && server.messages.slice(seen));
        for (const message of batch) message.ack();
        seen += batch.length;
      }
      expect(server.texts()).toEqual(numbers(50));
    },
  );

  test("stops reading beyond 64 MiB of unacknowledged messages, and goes on when they are acknowledged", async () => {
    const { url } = await anyBroker();
    const server = record(url);
    await subscribed(server, "t/#");
    const megabyte = "x".repeat(1_048_576);
    await send(
      device(url),
      numbers(80).map((number) => number + megabyte),
    );
    await waitFor(() => server.messages.length >= 64);
    // All are with the broker by now, and what could be read has been.
    const held = server.messages.length;
    expect(held).toBeLessThanOrEqual(66);
    for (const message of server.messages.slice(0, 40)) message.ack();
    await waitFor(() => server.messages.length === 80);
    for (const message of server.messages) message.ack();
  });

  test("after a cut exactly the unacknowledged messages come again, marked as repeated", async () => {
    const { port } = await anyBroker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    const sender = device(`mqtt://127.0.0.1:${port}`);
    await send(sender, numbers(500));
    await waitFor(() => server.messages.length === 500);
    for (const message of server.messages.slice(0, 200)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 800);
    expect(server.texts(500)).toEqual(numbers(300, 200));
    expect(server.messages.slice(500).every((message) => message.dup)).toBe(true);
    await send(sender, ["last"]);
    await waitFor(() => server.texts().includes("last"));
    expect(server.messages.length).toBe(801);
  });

  test("a later acknowledgement waits for the earlier ones", async () => {
    const { port } = await anyBroker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    await send(device(`mqtt://127.0.0.1:${port}`), numbers(10));
    await waitFor(() => server.messages.length === 10);
    for (const index of [9, 8, 5, 2, 1]) server.messages[index]?.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 20);
    expect(server.texts(10)).toEqual(numbers(10));
    for (const index of [12, 10, 11]) server.messages[index]?.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 27);
    expect(server.texts(20)).toEqual(numbers(7, 3));
  });

  test("acknowledgements of a lost connection are dropped", async () => {
    const { port } = await anyBroker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    await send(device(`mqtt://127.0.0.1:${port}`), numbers(20));
    await waitFor(() => server.messages.length === 20);
    path.cut();
    await waitFor(() => server.messages.length === 40);
    for (const message of server.messages.slice(0, 20)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 60);
    expect(server.texts(40)).toEqual(numbers(20));
  });

  test("acknowledging twice is acknowledging once", async () => {
    const { url } = await anyBroker();
    const server = record(url, { inFlight: 1 });
    await subscribed(server, "t/#");
    await send(device(url), numbers(5));
    for (let i = 0; i < 5; i++) {
      const message = await waitFor(() => server.messages[i]);
      message.ack();
      message.ack();
    }
    expect(server.texts()).toEqual(numbers(5));
  });

  test("QoS 2 messages are held and come again until acknowledged, then never", async () => {
    const { port } = await anyBroker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#", 2);
    const sender = device(`mqtt://127.0.0.1:${port}`);
    await send(sender, numbers(100), 2);
    await waitFor(() => server.messages.length === 100);
    expect(server.messages.every((message) => message.qos === 2)).toBe(true);
    for (const message of server.messages.slice(0, 40)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 160);
    expect(server.texts(100)).toEqual(numbers(60, 40));
    for (const message of server.messages.slice(100)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await send(sender, ["last"], 2);
    await waitFor(() => server.texts().includes("last"));
    expect(server.messages.length).toBe(161);
  });

  test("QoS 0 messages come in order among the others and need no acknowledgement", async () => {
    const { url } = await anyBroker();
    const server = record(url);
    await subscribed(server, "t/#");
    const sender = device(url);
    await send(sender, ["a"], 0);
    await send(sender, ["b"], 1);
    await waitFor(() => server.messages.length === 2);
    const [first] = server.messages;
    expect(first?.qos).toBe(0);
    first?.ack();
  });

  test("the connection stays up while acknowledgements are withheld for longer than the keepalive time", async () => {
    const { url } = await anyBroker();
    const server = record(url, { keepaliveS: 1 });
    await subscribed(server, "t/#");
    await send(device(url), numbers(100));
    await waitFor(() => server.messages.length === 100);
    const until = Date.now() + 3_000;
    await waitFor(() => Date.now() > until);
    for (const message of server.messages) message.ack();
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
    expect(server.messages.length).toBe(100);
  });

  test("a paused link reads nothing, stays connected, and reads on when resumed", async () => {
    const { url } = await anyBroker();
    const server = record(url, { keepaliveS: 1 });
    await subscribed(server, "t/#");
    server.link.pause();
    const sender = device(url);
    await send(sender, numbers(200), 0);
    const until = Date.now() + 2_500;
    await waitFor(() => Date.now() > until);
    expect(server.messages.length).toBeLessThanOrEqual(1);
    server.link.resume();
    await waitFor(() => server.messages.length === 200);
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
  });
});
