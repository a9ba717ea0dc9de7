import { expect, test } from "vitest";
import { LIMITS, live, makeTwin, sample, T0 } from "../../test/support/twins.js";
import { applySamples } from "./twin.js";
import { TwinJournal } from "./twin-journal.js";
import type { Twin, TwinChange } from "./twin-model.js";

function change(twin: Twin): TwinChange {
  const value = twin.view.revision;
  const { change } = applySamples(twin, [sample("a", value, T0 + value)], live(T0), LIMITS);
  if (!change) throw new Error("nothing changed");
  return change;
}

test("what came after a revision is given in order, until it is no longer kept", () => {
  const journal = new TwinJournal(5);
  const [one, other] = [makeTwin(), makeTwin()];
  const after = (twin: Twin, revision: number) =>
    journal.after(twin.machine, revision, twin.view.revision)?.map((kept) => kept.view.revision) ?? null;
  expect(after(one, 0)).toEqual([]);
  for (const twin of [one, other, one, one]) journal.add(change(twin));
  expect([after(one, 0), after(one, 2), after(one, 3), after(other, 0)]).toEqual([[1, 2, 3], [3], [], [1]]);
  journal.add(change(other));
  journal.add(change(one));
  // Six changes in five places: the first of `one` is gone.
  expect([after(one, 0), after(one, 1), after(other, 0)]).toEqual([null, [2, 3, 4], [1, 2]]);
});

test("a revision that is still to come has no changes after it", () => {
  const journal = new TwinJournal(5);
  const twin = makeTwin();
  journal.add(change(twin));
  expect(journal.after(twin.machine, 2, twin.view.revision)).toBeNull();
});
