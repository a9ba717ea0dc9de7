import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedQueue } from "./bounded-queue.js";

describe("BoundedQueue", () => {
  test.each([
    { onFull: "drop-oldest" as const, taken: [true, true, true], left: [2, 3] },
    { onFull: "drop-newest" as const, taken: [true, true, false], left: [1, 2] },
  ])("$onFull keeps $left of 1, 2, 3 where two fit, and counts the one lost", ({ onFull, taken, left }) => {
    const queue = new BoundedQueue<number>({ max: 2, onFull });
    expect([1, 2, 3].map((item) => queue.push(item))).toEqual(taken);
    expect(queue.take(9)).toEqual(left);
    expect(queue.dropped).toBe(1);
  });

  test("behaves like a plain list, however pushes, shifts and takes alternate", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("push" as const), count: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ do: fc.constant("shift" as const), count: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ do: fc.constant("take" as const), count: fc.integer({ min: 0, max: 3_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const max = 5_000;
        const queue = new BoundedQueue<number>({ max, onFull: "drop-oldest" });
        const model: number[] = [];
        let next = 0;
        let dropped = 0;
        for (const { do: kind, count } of steps) {
          if (kind === "take") expect(queue.take(count)).toEqual(model.splice(0, count));
          else
            for (let index = 0; index < count; index += 1) {
              if (kind === "shift") expect(queue.shift()).toBe(model.shift());
              else {
                next += 1;
                queue.push(next);
                model.push(next);
                if (model.length > max) {
                  model.shift();
                  dropped += 1;
                }
              }
            }
          expect(queue.size).toBe(model.length);
        }
        expect(queue.dropped).toBe(dropped);
        expect(queue.take(max)).toEqual(model);
      }),
      { numRuns: 30 },
    );
  });

  test("a waiting reader wakes when an item comes", async () => {
    const queue = new BoundedQueue<string>({ max: 1, onFull: "drop-oldest" });
    let woken = false;
    const waiting = queue.ready().then(() => {
      woken = true;
    });
    await Promise.resolve();
    expect(woken).toBe(false);
    queue.push("a");
    await waiting;
    expect(queue.shift()).toBe("a");
  });

  test("closing wakes the reader, refuses new items and leaves those inside", async () => {
    const queue = new BoundedQueue<string>({ max: 2, onFull: "drop-oldest" });
    queue.push("a");
    queue.close();
    expect(queue.push("b")).toBe(false);
    await queue.ready();
    expect([queue.shift(), queue.shift()]).toEqual(["a", undefined]);
    await queue.ready();
    const other = new BoundedQueue<string>({ max: 2, onFull: "drop-oldest" });
    const waiting = other.ready();
    other.close();
    await waiting;
    expect(other.closed).toBe(true);
  });

  test("clear forgets the items without counting them as dropped", () => {
    const queue = new BoundedQueue<number>({ max: 3, onFull: "drop-oldest" });
    queue.push(1);
    queue.clear();
    expect([queue.size, queue.dropped, queue.shift()]).toEqual([0, 0, undefined]);
  });
});
