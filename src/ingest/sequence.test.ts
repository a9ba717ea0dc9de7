import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SequenceTracker } from "./sequence.js";

/** `5`: a number; `"5"`: one that the broker may have delivered before; null: a message that could not be read. */
type Came = number | string | null;

/** What is missed, all together. */
function missed(came: readonly Came[], tracker = new SequenceTracker(10)): number {
  let sum = 0;
  for (const one of came) {
    if (one === null) tracker.skip("d");
    else sum += tracker.take("d", Number(one), typeof one === "string")?.missed ?? 0;
  }
  return sum;
}

describe("messages that are missing", () => {
  test.each<[string, Came[], number]>([
    ["none, one after the other", [7, 8, 9], 0],
    ["what came before the first that is seen", [1_000], 0],
    ["a jump", [1, 2, 6, 7], 3],
    ["two jumps", [1, 3, 6], 3],
    ["a jump to what was delivered before, and is new here", [1, "4"], 2],
    ["the same again", [1, 2, 2, "2", 3], 0],
    ["older ones late", [500, 510, 505, 506, 511], 9],
    ["delivered again from far back", [0, 1, 2, 5, "0", "1", "2", "5", 6], 2],
    ["the device begins anew", [900, 901, 0, 1, 2], 0],
    ["the device begins anew, and its first ones are lost", [100_000, 40, 41, 43], 1],
    ["the device begins anew, and loses some", [900, 0, 3], 2],
    ["old ones of long ago, and then the present again", [5_000, 3, 4, 5_001, 5_003], 1],
    ["begun anew, it grows past where it stood", [20, 0, ...Array.from({ length: 25 }, (_, n) => n + 1)], 0],
    ["wrap of 8 bits", [254, 255, 0, 1], 0],
    ["wrap of 8 bits with loss", [254, 1, 2], 2],
    ["wrap of 16 bits", [65_534, 65_535, 0], 0],
    ["wrap of 16 bits with loss", [65_530, 4], 9],
    ["wrap of 32 bits", [2 ** 32 - 1, 0, 1], 0],
    ["wrap of 32 bits with loss", [2 ** 32 - 2, 1], 2],
    ["late ones from before the wrap", [255, 0, 1, 253, 2], 0],
    ["255 is no end of a count that went beyond", [250, 256, 250, 0, 2], 6],
    ["a wrap that turns out to be none", [254, 255, 0, 100, 200, 300], 297],
    ["begun anew though it wraps", [65_535, 0, 20_000, 30_000, 50_000, 0, 1], 49_997],
    ["another count", [5, 5 + 2 ** 24 + 1, 5 + 2 ** 24 + 3], 1],
    ["what could not be read is not missing", [1, null, 3, null, null, 7, 9], 2],
    ["what could not be read, before one that does not miss it", [1, null, 2, 4], 1],
  ])("%s", (_, came, wanted) => {
    expect(missed(came)).toBe(wanted);
  });

  test("are told with the numbers around them, and of each device alone", () => {
    const tracker = new SequenceTracker(10);
    tracker.take("a", 1, false);
    expect(tracker.take("b", 9, false)).toBeNull();
    expect(tracker.take("a", 5, false)).toEqual({ missed: 3, after: 1, number: 5 });
  });

  test("are not told when nobody knows what came meanwhile", () => {
    const tracker = new SequenceTracker(10);
    missed([1, 2], tracker);
    tracker.clear();
    expect(missed([50, 52], tracker)).toBe(1);
  });

  test("are told of so many devices as are remembered", () => {
    const tracker = new SequenceTracker(2);
    for (const device of ["a", "b", "c"]) tracker.take(device, 1, false);
    expect(tracker.take("c", 3, false)).toMatchObject({ missed: 1 });
    expect(tracker.take("a", 3, false)).toBeNull();
  });
});

describe("whatever comes", () => {
  const losses = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 200 });

  /** Numbers of a count from `start` of which so many are lost before each. */
  const countFrom = (start: number, lost: readonly number[]) => {
    let number = start;
    return lost.map((some) => {
      number += some + 1;
      return number;
    });
  };
  const sum = (lost: readonly number[]) => lost.slice(1).reduce((all, some) => all + some, 0);

  test("what is lost between the first and the last is counted", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), losses, (start, lost) => {
        expect(missed(countFrom(start, lost))).toBe(sum(lost));
      }),
    );
  });

  test("also where the count wraps", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2 ** 8, 2 ** 16, 2 ** 32),
        fc.nat({ max: 300 }),
        losses,
        (span, back, lost) => {
          const numbers = countFrom(span + Math.max(span - back, 0), lost);
          // Before the count is known to wrap, only a number of the upper half tells how many bits it has.
          fc.pre((numbers[0] ?? 0) % span >= span / 2);
          expect(missed(numbers.map((number) => number % span))).toBe(sum(lost));
        },
      ),
    );
  });

  test("what the broker delivers again, from anywhere on, changes nothing", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000 }), losses, fc.nat(), fc.nat(), (start, lost, at, from) => {
        const numbers: Came[] = countFrom(start, lost);
        const end = (at % numbers.length) + 1;
        const again = numbers.slice(from % end, end).map(String);
        expect(missed([...numbers.slice(0, end), ...again, ...numbers.slice(end)])).toBe(sum(lost));
      }),
    );
  });

  test("late ones of less than half the way back change nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 2 ** 40 }), losses, fc.array(fc.nat()), (start, lost, late) => {
        const numbers = countFrom(start, lost);
        const mixed = numbers.flatMap((number, at) => [number, number - ((late[at] ?? 0) % 150)]);
        expect(missed(mixed)).toBe(sum(lost));
      }),
    );
  });

  test("never is a negative or a broken number missed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.maxSafeNat(), fc.nat({ max: 300 }), fc.boolean(), fc.boolean())),
        (all) => {
          const tracker = new SequenceTracker(3);
          for (const [large, small, isSmall, again] of all) {
            const gap = tracker.take("d", isSmall ? small : large, again);
            if (gap !== null) expect(gap.missed > 0 && gap.missed <= 2 ** 24).toBe(true);
          }
        },
      ),
    );
  });
});
