import fc from "fast-check";
import { expect, test } from "vitest";
import {
  areDisjoint,
  clipAll,
  durationOf,
  firstEndingAfter,
  flatten,
  type Span,
  SpanCursor,
  walk,
} from "./intervals.js";

const span = fc
  .record({ from: fc.integer({ min: 0, max: 40 }), length: fc.integer({ min: 0, max: 15 }) })
  .map(({ from, length }) => ({ from, to: from + length }));
const spans = fc
  .array(span, { maxLength: 12 })
  .map((list) => list.map((one, value): Span<number> => ({ ...one, value })));

/** The value of the first span that holds at a moment. */
function valueAt(list: readonly Span<number>[], moment: number): number | null {
  return list.find(({ from, to }) => from <= moment && moment < to)?.value ?? null;
}

const MOMENTS = Array.from({ length: 60 }, (_, moment) => moment);

test("flat spans are in order and apart, and at each moment the first one of the list holds", () => {
  fc.assert(
    fc.property(spans, (list) => {
      const flat = flatten(list);
      expect(areDisjoint(flat)).toBe(true);
      expect(MOMENTS.map((moment) => valueAt(flat, moment))).toEqual(
        MOMENTS.map((moment) => valueAt(list, moment)),
      );
    }),
  );
});

test("what is clipped lies within the bounds and loses nothing of them", () => {
  const list = [
    { from: 0, to: 10 },
    { from: 10, to: 12 },
    { from: 20, to: 30 },
  ];
  expect(clipAll(list, { from: 5, to: 25 })).toEqual([
    { from: 5, to: 10 },
    { from: 10, to: 12 },
    { from: 20, to: 25 },
  ]);
  expect(clipAll(list, { from: 12, to: 20 })).toEqual([]);
});

test.each([
  [-1, 0],
  [9, 0],
  [10, 1],
  [15, 1],
  [30, 2],
])("the first that ends after %i is number %i", (moment, index) => {
  const list = [
    { from: 0, to: 10 },
    { from: 20, to: 30 },
  ];
  expect(firstEndingAfter(list, moment)).toBe(index);
});

test("a walk tiles its range, and within a stretch nothing changes", () => {
  fc.assert(
    fc.property(
      spans,
      spans,
      fc.integer({ min: -5, max: 30 }),
      fc.integer({ min: 0, max: 40 }),
      (a, b, at, ms) => {
        const [one, other] = [flatten(a), flatten(b)];
        const cursors = [
          new SpanCursor<number | null>(one, null),
          new SpanCursor<number | null>(other, null),
        ];
        const range = { from: at, to: at + ms };
        const seen: (number | null)[][] = [];
        const stretches: Span<null>[] = [];
        walk(range, cursors, (from, to) => {
          stretches.push({ from, to, value: null });
          for (let moment = from; moment < to; moment += 1)
            seen.push([moment, ...cursors.map((cursor) => cursor.value)]);
        });
        const moments = Array.from({ length: ms }, (_, index) => at + index);
        expect(seen).toEqual(moments.map((moment) => [moment, valueAt(one, moment), valueAt(other, moment)]));
        expect(areDisjoint(stretches)).toBe(true);
        expect(durationOf(stretches)).toBe(ms);
      },
    ),
  );
});
