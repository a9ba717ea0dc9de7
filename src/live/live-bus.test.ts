import { describe, expect, test } from "vitest";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import { iterate, LiveBus } from "./live-bus.js";

const changed = (id: string) => ({ id, machines: [] });

test("an event reaches the listeners of its kind, in the order they came, until they stop", () => {
  const live = new LiveBus();
  const heard: string[] = [];
  const stop = live.listen("maintenanceOrderChanged", ({ id }) => heard.push(`first ${id}`));
  live.listen("maintenanceOrderChanged", ({ id }) => heard.push(`second ${id}`));
  live.publish("maintenanceOrderChanged", changed("1"));
  live.publish("orderChanged", { ...changed("2"), number: "2" });
  stop();
  stop();
  live.publish("maintenanceOrderChanged", changed("3"));
  expect(heard).toEqual(["first 1", "second 1", "second 3"]);
  expect([live.hasListeners("maintenanceOrderChanged"), live.hasListeners("orderChanged")]).toEqual([
    true,
    false,
  ]);
});

test("a listener that stops while an event is told does not keep others from it", () => {
  const live = new LiveBus();
  const heard: string[] = [];
  const stop = live.listen("maintenanceOrderChanged", () => stop());
  live.listen("maintenanceOrderChanged", ({ id }) => heard.push(id));
  live.publish("maintenanceOrderChanged", changed("1"));
  expect([heard, live.listenerCount]).toEqual([["1"], 1]);
});

describe("a stream", () => {
  test("maps events as they come and leaves out those mapped to null", async () => {
    const live = new LiveBus();
    const stream = live.stream("maintenanceOrderChanged", {
      max: 9,
      map: ({ id }) => (id === "2" ? null : id),
    });
    for (const id of ["1", "2", "3"]) live.publish("maintenanceOrderChanged", changed(id));
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual(["1", "3"]);
  });

  test("that is not read loses the oldest and never more than it must", async () => {
    const live = new LiveBus();
    const stream = live.stream("maintenanceOrderChanged", { max: 2, map: ({ id }) => id });
    for (const id of ["1", "2", "3"]) live.publish("maintenanceOrderChanged", changed(id));
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual(["2", "3"]);
  });

  test("hears from the moment it is made, and no more once it has ended, also while a read waits", async () => {
    const live = new LiveBus();
    const stream = live.stream("maintenanceOrderChanged", { max: 2, map: ({ id }) => id });
    live.publish("maintenanceOrderChanged", changed("1"));
    expect(await stream.next()).toEqual({ done: false, value: "1" });
    const waiting = stream.next();
    expect(live.listenerCount).toBe(1);
    await stream.return?.();
    expect([await waiting, live.listenerCount]).toEqual([{ done: true, value: undefined }, 0]);
    expect((await stream.next()).done).toBe(true);
  });
});

describe("iterate", () => {
  test("ends once, however it ends", async () => {
    const ways: ((reader: AsyncIterableIterator<number>) => Promise<unknown>)[] = [
      async (reader) => reader.return?.(),
      async (reader) => reader.throw?.(new Error("gone")).catch(() => undefined),
      async (reader) => {
        for await (const value of reader) if (value === 2) break;
      },
    ];
    for (const way of ways) {
      const queue = new BoundedQueue<number>({ max: 9, onFull: "drop-oldest" });
      for (const item of [1, 2, 3]) queue.push(item);
      let ends = 0;
      const reader = iterate(
        queue,
        (item) => item,
        () => {
          ends += 1;
        },
      );
      await way(reader);
      await reader.return?.();
      expect([ends, queue.size, queue.push(4)]).toEqual([1, 0, false]);
    }
  });

  test("gives what is left of a queue that was closed, then ends", async () => {
    const queue = new BoundedQueue<number>({ max: 9, onFull: "drop-oldest" });
    queue.push(1);
    queue.push(2);
    queue.close();
    const values: number[] = [];
    let ends = 0;
    for await (const value of iterate(
      queue,
      (item) => item * 10,
      () => {
        ends += 1;
      },
    ))
      values.push(value);
    expect([values, ends]).toEqual([[10, 20], 1]);
  });
});
