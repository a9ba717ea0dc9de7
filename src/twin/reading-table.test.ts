import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadingTable, type TableReading } from "./reading-table.js";
import { QUALITIES, type Scalar } from "./sample.js";

function shown(table: ReadingTable, place: number) {
  return {
    value: table.value(place),
    quality: table.quality(place),
    stale: table.isStale(place),
    time: table.time(place),
    receivedAt: table.receivedAt(place),
  };
}

const reading: fc.Arbitrary<TableReading> = fc.record({
  value: fc.oneof(
    fc.double({ noNaN: true }),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.constant<Scalar>(null),
  ),
  quality: fc.constantFrom(...QUALITIES),
  stale: fc.boolean(),
  time: fc.integer({ min: 0, max: 3 }),
  receivedAt: fc.integer({ min: 0, max: 9 }),
});

test("every place holds what was last put there, and its ties, whatever others hold", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 39 }), reading), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (all) => {
      const table = new ReadingTable();
      const places = Array.from({ length: 40 }, () => table.add("Double"));
      const model = new Map<number, { last: TableReading; ties: Scalar[] }>();
      for (const [place, next] of all) {
        const { value, quality, stale, time, receivedAt } = next;
        table.put(place, value, quality, stale, time, receivedAt);
        const before = model.get(place);
        const tied = before?.last.time === time;
        model.set(place, { last: next, ties: tied ? [...before.ties, before.last.value] : [] });
      }
      for (const place of places) {
        const wanted = model.get(place);
        if (!wanted) {
          expect([table.value(place), table.time(place)]).toEqual([null, Number.NEGATIVE_INFINITY]);
          continue;
        }
        expect(shown(table, place)).toEqual(wanted.last);
        expect(table.holds(place, wanted.last.value)).toBe(true);
        expect(table.ties(place)).toEqual(wanted.ties);
      }
    }),
  );
});

test("what was restored has unknown ties, until a newer reading comes", () => {
  const table = new ReadingTable();
  const place = table.add("String");
  table.restore(place, { value: "x", quality: "GOOD", stale: false, time: 5, receivedAt: 6 });
  expect([table.value(place), table.ties(place)]).toEqual(["x", null]);
  table.put(place, "y", "GOOD", false, 7, 8);
  expect(table.ties(place)).toEqual([]);
});

test("what is cleared has not reported; its type stays what it is told", () => {
  const table = new ReadingTable();
  const place = table.add("Double");
  table.put(place, "x", "BAD", false, 5, 6);
  expect(table.dataType(place)).toBe("String");
  table.put(place, null, "BAD", false, 6, 6);
  expect(table.dataType(place)).toBe("String");
  table.clear(place, "Boolean");
  expect([table.dataType(place), table.value(place), table.isStale(place), table.quality(place)]).toEqual([
    "Boolean",
    null,
    true,
    "UNCERTAIN",
  ]);
});
