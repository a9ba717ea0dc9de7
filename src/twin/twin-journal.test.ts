import { expect, test } from "vitest";
import { LIMITS, live, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "./machine-twin.js";
import { applySamples } from "./twin.js";
import type { TwinChange } from "./twin-change.js";
import { TwinJournal } from "./twin-journal.js";

const MINUTE = 60_000;

function change(twin: Twin): TwinChange {
  const value = twin.revision;
  const { change } = applySamples(twin, [sample("a", value, T0 + value)], live(T0), LIMITS);
  if (!change) throw new Error("nothing changed");
  return change;
}

function setUp() {
  const clock = { now: 0 };
  const journal = new TwinJournal(5, () => clock.now);
  const after = (twin: Twin, revision: number) =>
    journal
      .after(twin.machine, revision, twin.revision)
      ?.map((kept) => [kept.revision, kept.metrics[0]?.value]) ?? null;
  return { journal, clock, after };
}

test("what came after a revision is given in order and as it was, until it is no longer kept", () => {
  const { journal, after } = setUp();
  const [one, other] = [makeTwin(), makeTwin()];
  for (const twin of [one, other]) journal.follow(twin.machine);
  expect(after(one, 0)).toEqual([]);
  for (const twin of [one, other, one, one]) journal.add(change(twin));
  expect(after(one, 0)).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
  expect([after(one, 2), after(one, 3), after(other, 0)]).toEqual([[[3, 2]], [], [[1, 0]]]);
  journal.add(change(other));
  journal.add(change(one));
  // Six changes in five places: the first of `one` is gone.
  expect([after(one, 0), after(one, 1)?.length, after(other, 0)?.length]).toEqual([null, 3, 2]);
});

test("a revision that is still to come has no changes after it", () => {
  const { journal, after } = setUp();
  const twin = makeTwin();
  journal.follow(twin.machine);
  journal.add(change(twin));
  expect(after(twin, 2)).toBeNull();
});

test("the changes of machines that nobody follows are not kept", () => {
  const { journal, after } = setUp();
  const [one, other] = [makeTwin(), makeTwin()];
  journal.follow(other.machine);
  journal.add(change(one));
  expect(after(one, 0)).toBeNull();
  journal.follow(one.machine);
  journal.add(change(one));
  expect([after(one, 0), after(one, 1)?.length]).toEqual([null, 1]);
});

test("a machine's changes are kept for five minutes after its last follower has gone, then no longer", () => {
  const { journal, clock, after } = setUp();
  const twin = makeTwin();
  const [first, second] = [journal.follow(twin.machine), journal.follow(twin.machine)];
  first();
  first();
  clock.now = 10 * MINUTE;
  journal.add(change(twin));
  second();
  clock.now = 15 * MINUTE;
  journal.add(change(twin));
  expect(after(twin, 0)?.length).toBe(2);
  clock.now = 15 * MINUTE + 1;
  journal.add(change(twin));
  expect([after(twin, 0), after(twin, 2)]).toEqual([null, null]);
});
