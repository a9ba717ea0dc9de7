import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LiveBus } from "../live/live-bus.js";
import type { TelemetryReceived } from "../live/live-events.js";
import { telemetryFeed } from "./telemetry-feed.js";

let live: LiveBus;

beforeEach(() => {
  live = new LiveBus();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

function publish(topic: string, value: number, at = value): void {
  const time = new Date(at);
  const event: TelemetryReceived = {
    topic,
    machine: "m",
    metric: "a",
    value,
    quality: "GOOD",
    sourceTime: time,
    receivedTime: time,
  };
  live.publish("telemetryReceived", event);
}

/** What waits for the reader now; the feed is of no use after it. */
async function read(feed: AsyncIterableIterator<TelemetryReceived>, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let index = 0; index < count; index += 1) values.push((await feed.next()).value?.value);
  const more = feed.next();
  await feed.return?.();
  expect((await more).done).toBe(true);
  return values;
}

test("brings the samples whose topic matches, in order", async () => {
  const feed = telemetryFeed(live, "acme/+/temp", null);
  publish("acme/m1/temp", 1);
  publish("acme/m1/speed", 2);
  publish("acme/m2/temp", 3);
  publish("acme/m2/temp/x", 4);
  publish("acme/m1/temp", 5);
  expect(await read(feed, 3)).toEqual([1, 3, 5]);
});

test("who falls behind loses the oldest", async () => {
  const feed = telemetryFeed(live, "#", null);
  for (let value = 0; value < 10_001; value += 1) publish("a", value);
  expect((await feed.next()).value?.value).toBe(1);
  await feed.return?.();
});

describe("with a rate", () => {
  test("the first of each metric comes at once, then the latest when the interval is over", async () => {
    const feed = telemetryFeed(live, "#", 10);
    for (const value of [1, 2, 3]) publish("a", value);
    publish("b", 10);
    vi.advanceTimersByTime(99);
    publish("a", 4);
    vi.advanceTimersByTime(1);
    publish("a", 5);
    vi.advanceTimersByTime(100);
    expect(await read(feed, 4)).toEqual([1, 10, 4, 5]);
  });

  test("a late sample does not win over a newer one that waits", async () => {
    const feed = telemetryFeed(live, "#", 10);
    publish("a", 1, 1_000);
    publish("a", 2, 3_000);
    publish("a", 3, 2_000);
    vi.advanceTimersByTime(100);
    expect(await read(feed, 2)).toEqual([1, 2]);
  });

  test("a metric that pauses begins anew, and no timer is left behind", async () => {
    const feed = telemetryFeed(live, "#", 10);
    publish("a", 1);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    publish("a", 2);
    expect(vi.getTimerCount()).toBe(1);
    expect(await read(feed, 2)).toEqual([1, 2]);
    expect([vi.getTimerCount(), live.listenerCount]).toEqual([0, 0]);
  });

  test("so low that no timer can hold it is not a high one", async () => {
    const feed = telemetryFeed(live, "#", 1e-9);
    publish("a", 1);
    publish("a", 2);
    vi.advanceTimersByTime(86_400_000);
    expect(await read(feed, 1)).toEqual([1]);
  });
});
