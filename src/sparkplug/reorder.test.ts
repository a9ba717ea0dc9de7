import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reorder, type ReorderLimits } from "./reorder.js";

interface Message {
  readonly seq: number;
  readonly time: number;
}

const LIMITS: ReorderLimits = { timeoutMs: 2_000, messages: 100, bytes: 1_000 };

const waiting = (seq: number, bytes: number) => ({ seq, stamp: null, bytes });

/** Takes messages numbered so, one each ms; what is handed on, in order. */
function taken(order: Reorder<Message>, numbers: readonly number[], from = 0): number[] {
  const out: number[] = [];
  for (const [index, seq] of numbers.entries()) {
    const message = { seq, time: 1_000_000 + seq };
    const place = order.place(seq, message.time);
    if (place === "next") out.push(seq);
    else if (place === "ahead")
      expect(order.hold({ seq, stamp: message.time, bytes: 10 }, message, from + index)).toBe(true);
    for (let next = order.shift(); next !== undefined; next = order.shift()) out.push(next.seq);
  }
  return out;
}

function begun(limits: ReorderLimits = LIMITS): Reorder<Message> {
  const order = new Reorder<Message>(limits);
  order.begin(0);
  return order;
}

describe("messages of an edge node", () => {
  test("in order go through", () => {
    const order = begun();
    expect(taken(order, [1, 2, 3])).toEqual([1, 2, 3]);
    expect([order.held, order.deadline]).toEqual([0, null]);
  });

  test("are numbered to 255 and then 0 again", () => {
    const numbers = Array.from({ length: 600 }, (_, index) => (index + 1) % 256);
    expect(taken(begun(), numbers)).toEqual(numbers);
  });

  test("after a gap wait for what is missing, and follow it in order", () => {
    const order = begun();
    expect(taken(order, [1, 2, 4, 6, 5])).toEqual([1, 2]);
    expect(order.held).toBe(3);
    expect(taken(order, [3], 10)).toEqual([3, 4, 5, 6]);
    expect([order.held, order.deadline]).toEqual([0, null]);
  });

  test("wait from when the first of them came, for each gap", () => {
    const order = begun();
    taken(order, [1, 3], 100);
    expect(order.deadline).toBe(2_101);
    taken(order, [5], 900);
    expect(order.deadline).toBe(2_101);
    taken(order, [2], 1_000);
    expect(order.deadline).toBe(2_900);
  });

  test("across the wrap", () => {
    const order = new Reorder<Message>(LIMITS);
    order.begin(253);
    expect(taken(order, [0, 255, 254, 1])).toEqual([254, 255, 0, 1]);
  });

  test("that came before are told from those that nobody has seen", () => {
    const order = begun();
    taken(order, [1, 2, 3, 5]);
    expect(order.place(2, 1_000_002)).toBe("again");
    expect(order.place(5, 1_000_005)).toBe("again");
    expect(order.place(5, 7)).toBe("ahead");
    expect(order.hold(waiting(5, 1), { seq: 5, time: 7 }, 0)).toBe(false);
    expect(order.place(2, 7)).toBe("behind");
    expect(order.place(2, null)).toBe("behind");
    expect(order.place(0, null)).toBe("behind");
  });

  test("given up go out in order, and the one after them is next", () => {
    const order = new Reorder<Message>(LIMITS);
    order.begin(250);
    taken(order, [1, 254, 0]);
    expect(order.giveUp().map(({ seq }) => seq)).toEqual([254, 0, 1]);
    expect([order.held, order.deadline]).toEqual([0, null]);
    expect(order.place(2, null)).toBe("next");
  });

  test("are kept back within the bounds only", () => {
    const bytes = begun({ ...LIMITS, bytes: 100 });
    expect(bytes.hold(waiting(5, 60), { seq: 5, time: 0 }, 0)).toBe(true);
    expect(bytes.hold(waiting(6, 60), { seq: 6, time: 0 }, 0)).toBe(false);
    const count = begun({ ...LIMITS, messages: 2 });
    expect([5, 6, 7].map((seq) => count.hold(waiting(seq, 1), { seq: seq, time: 0 }, 0))).toEqual([
      true,
      true,
      false,
    ]);
    const none = begun({ ...LIMITS, timeoutMs: 0 });
    expect(none.hold(waiting(5, 1), { seq: 5, time: 0 }, 0)).toBe(false);
  });

  test("have room again when those before have gone", () => {
    const order = begun({ ...LIMITS, bytes: 100 });
    order.hold(waiting(2, 100), { seq: 2, time: 0 }, 0);
    expect(taken(order, [1])).toEqual([1, 2]);
    expect(order.hold(waiting(9, 100), { seq: 9, time: 0 }, 0)).toBe(true);
    order.giveUp();
    expect(order.hold(waiting(19, 100), { seq: 19, time: 0 }, 0)).toBe(true);
    order.clear();
    expect(order.hold(waiting(29, 100), { seq: 29, time: 0 }, 0)).toBe(true);
  });

  test("of an unknown place are taken as they come, the first after clearing", () => {
    const order = begun();
    taken(order, [1, 2]);
    order.clear();
    expect(order.place(77, null)).toBe("next");
    expect(order.place(78, null)).toBe("next");
  });

  test("however they are shuffled within reach, come out in order", () => {
    const keys = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { minLength: 300, maxLength: 300 });
    fc.assert(
      fc.property(keys, (delays) => {
        const sent = delays.map((delay, index) => ({ seq: (index + 1) % 256, at: index + delay }));
        const arrived = [...sent].sort((a, b) => a.at - b.at).map(({ seq }) => seq);
        expect(taken(begun(), arrived)).toEqual(sent.map(({ seq }) => seq));
      }),
      { numRuns: 50 },
    );
  });
});
