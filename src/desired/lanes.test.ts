import { expect, test } from "vitest";
import { waitFor } from "../../test/support/wait-for.js";
import { systemClock } from "../kernel/clock.js";
import { Lanes } from "./lanes.js";
import { WakeUps } from "./wake-ups.js";

/** Work that ends when it is told to. */
function desk() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (key: string) => {
    begun.push(key);
    return new Promise<void>((resolve) => ends.set(key, resolve));
  };
  return { begun, work, end: (key: string) => ends.get(key)?.() };
}

test("a lane that is full does not hold up another", async () => {
  const { begun, work, end } = desk();
  const lanes = new Lanes({ max: 2, work });
  for (const key of ["a", "b", "c"]) lanes.add("slow", key);
  lanes.add("other", "d");
  await waitFor(() => begun.length === 3);
  expect(begun).toEqual(["a", "b", "d"]);
  end("b");
  await waitFor(() => begun.includes("c"));
});

test("a key that is added while it runs is run again, and never twice at a time", async () => {
  const { begun, work, end } = desk();
  const lanes = new Lanes({ max: 2, work });
  lanes.add("lane", "a");
  await waitFor(() => begun.length === 1);
  lanes.add("lane", "a");
  lanes.add("lane", "a");
  lanes.add("lane", "b");
  await waitFor(() => begun.length === 2);
  expect(begun).toEqual(["a", "b"]);
  end("a");
  await waitFor(() => begun.length === 3);
  expect(begun).toEqual(["a", "b", "a"]);
  const stopped = lanes.stop();
  end("a");
  end("b");
  await stopped;
  expect(begun).toHaveLength(3);
});

test("who is to be woken is woken at the last time that was said, and those who have none are not", async () => {
  const woken: [string, number][] = [];
  const wakeUps = new WakeUps({ clock: systemClock, wake: (key) => woken.push([key, Date.now()]) });
  const now = Date.now();
  wakeUps.set("late", now + 60);
  wakeUps.set("never", now + 20);
  wakeUps.set("early", now + 30);
  wakeUps.set("never", Number.POSITIVE_INFINITY);
  wakeUps.set("moved", now + 10);
  wakeUps.set("moved", now + 90);
  await waitFor(() => woken.length === 3);
  expect(woken.map(([key]) => key)).toEqual(["early", "late", "moved"]);
  for (const [index, at] of [30, 60, 90].entries())
    expect(woken[index]?.[1]).toBeGreaterThanOrEqual(now + at);
  wakeUps.clear();
});
