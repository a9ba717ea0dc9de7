import { afterEach, describe, expect, test } from "vitest";
import { live as arriving, LIMITS, makeTwin, sample, T0 } from "../../test/support/twins.js";
import { LiveBus } from "../live/live-bus.js";
import { type MachineEventValue, machineFeed } from "./machine-feed.js";
import type { Twin } from "./machine-twin.js";
import { applySamples } from "./twin.js";
import { TwinJournal } from "./twin-journal.js";

const live = new LiveBus();
const feeds: AsyncIterableIterator<MachineEventValue>[] = [];

function setUp(epoch = "epoch") {
  const journal = new TwinJournal(2_000, Date.now);
  const stop = live.listen("twinChanged", (change) => journal.add(change));
  const twin = makeTwin();
  const follow = (resumeAfter: string | null = null, as = epoch) => {
    const feed = machineFeed({ live, journal, epoch: () => as }, twin, resumeAfter);
    feeds.push(feed);
    return feed;
  };
  return { twin, follow, stop };
}

/** Makes the twin change so many times. */
function change(twin: Twin, times = 1): void {
  for (let index = 0; index < times; index += 1) {
    const value = twin.revision + 1;
    const applied = applySamples(twin, [sample("a", value, T0 + value)], arriving(T0 + value), LIMITS);
    if (applied.change) live.publish("twinChanged", applied.change);
  }
}

async function next(feed: AsyncIterableIterator<MachineEventValue>): Promise<MachineEventValue> {
  const { value, done } = await feed.next();
  if (done) throw new Error("the feed ended");
  return value;
}

const inShort = ({ kind, revision, metrics }: MachineEventValue) => [kind, revision, metrics[0]?.value];

afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.return?.();
});

test("begins with a snapshot of all metrics and goes on with every change", async () => {
  const { twin, follow } = setUp();
  change(twin, 3);
  const feed = follow();
  expect(inShort(await next(feed))).toEqual(["SNAPSHOT", 3, 3]);
  change(twin, 2);
  expect([inShort(await next(feed)), inShort(await next(feed))]).toEqual([
    ["DELTA", 4, 4],
    ["DELTA", 5, 5],
  ]);
});

test("a change before the snapshot is read stands in the snapshot and does not come again", async () => {
  const { twin, follow } = setUp();
  const feed = follow();
  change(twin, 2);
  expect(inShort(await next(feed))).toEqual(["SNAPSHOT", 2, 2]);
  change(twin);
  expect(inShort(await next(feed))).toEqual(["DELTA", 3, 3]);
});

test("changes of other machines do not come", async () => {
  const { twin, follow } = setUp();
  const feed = follow();
  await next(feed);
  change(makeTwin(), 3);
  change(twin);
  expect(inShort(await next(feed))).toEqual(["DELTA", 1, 1]);
});

test("who falls behind gets one new snapshot and no hole after it", async () => {
  const { twin, follow } = setUp();
  const feed = follow();
  await next(feed);
  change(twin, 1_500);
  expect(inShort(await next(feed))).toEqual(["SNAPSHOT", 1_500, 1_500]);
  change(twin);
  expect(inShort(await next(feed))).toEqual(["DELTA", 1_501, 1_501]);
});

describe("with a cursor", () => {
  test("goes on after it, without a snapshot, also when nothing was missed", async () => {
    const { twin, follow } = setUp();
    change(twin, 2);
    const { cursor } = await next(follow());
    const resumed = follow(cursor);
    change(twin, 2);
    expect([inShort(await next(resumed)), inShort(await next(resumed))]).toEqual([
      ["DELTA", 3, 3],
      ["DELTA", 4, 4],
    ]);
    const later = follow(cursor);
    expect(inShort(await next(later))).toEqual(["DELTA", 3, 3]);
  });

  test("of a run that ended, of what is no longer kept, of the future or of nonsense begins with a snapshot", async () => {
    const { twin, follow, stop } = setUp();
    change(twin);
    const { cursor } = await next(follow());
    expect(inShort(await next(follow(cursor, "another run")))[0]).toBe("SNAPSHOT");
    const future = Buffer.from("epoch.99").toString("base64url");
    for (const text of ["", "nonsense", future, Buffer.from("epoch.-1").toString("base64url")])
      expect(inShort(await next(follow(text)))[0]).toBe("SNAPSHOT");
    // Nobody writes the journal any more.
    stop();
    change(twin);
    expect(inShort(await next(follow(cursor)))).toEqual(["SNAPSHOT", 2, 2]);
  });
});

test("a feed that ends leaves no listener behind", async () => {
  const { follow } = setUp();
  const before = live.listenerCount;
  const feed = follow();
  await next(feed);
  expect(live.listenerCount).toBe(before + 1);
  const waiting = feed.next();
  await feed.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(live.listenerCount).toBe(before);
});
