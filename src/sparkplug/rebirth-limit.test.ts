import { describe, expect, test } from "vitest";
import { RebirthLimit } from "./rebirth-limit.js";

const S = 1_000;
const limit = () => new RebirthLimit({ minIntervalMs: 10 * S, maxIntervalMs: 60 * S, unheardRequests: 3 });

/** The seconds at which an edge node that sends every second what cannot be understood is asked. */
function asked(seconds: number, answers: (second: number) => boolean): number[] {
  const limited = limit();
  const times: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    if (limited.want(second * S)) times.push(second);
    if (answers(second)) limited.answered();
  }
  return times;
}

describe("an edge node is asked for a rebirth", () => {
  test("at once, and once for all that cannot be understood until the answer comes", () => {
    const limited = limit();
    expect([limited.want(0), limited.want(1), limited.want(2 * S)]).toEqual([true, false, false]);
    expect(limited.wanted).toBe(true);
    limited.answered();
    expect([limited.wanted, limited.deadline]).toEqual([false, null]);
  });

  test("ever less often while it does not answer", () => {
    expect(asked(300, () => false)).toEqual([0, 10, 30, 70, 130, 190, 250]);
  });

  test("ever less often while its answers do not help", () => {
    expect(asked(300, () => true)).toEqual([0, 10, 30, 70, 130, 190, 250]);
  });

  test("soon again after a calm time", () => {
    const limited = limit();
    limited.want(0);
    limited.want(10 * S);
    limited.answered();
    expect(limited.want(60 * S)).toBe(true);
    expect(limited.want(69 * S)).toBe(false);
    expect(limited.want(70 * S)).toBe(true);
  });

  test("again when it is silent, but not for ever", () => {
    const limited = limit();
    limited.want(0);
    const times: number[] = [0];
    for (let deadline = limited.deadline; deadline !== null; deadline = limited.deadline) {
      expect(limited.due(deadline - 1)).toBe(false);
      expect(limited.due(deadline)).toBe(true);
      times.push(deadline / S);
    }
    expect(times).toEqual([0, 10, 30]);
    expect(limited.want(1_000 * S)).toBe(true);
  });

  test("later, when the interval has passed, if it was not allowed at once", () => {
    const limited = limit();
    limited.want(0);
    limited.answered();
    expect(limited.want(1 * S)).toBe(false);
    expect(limited.deadline).toBe(10 * S);
    expect(limited.due(10 * S)).toBe(true);
  });

  test("at a given time, unless a birth comes before", () => {
    const limited = limit();
    limited.wantAt(5 * S);
    expect(limited.deadline).toBe(5 * S);
    expect(limited.due(5 * S - 1)).toBe(false);
    limited.answered();
    expect(limited.due(5 * S)).toBe(false);
    limited.wantAt(8 * S);
    expect(limited.due(8 * S)).toBe(true);
  });

  test("not any more when it is dead", () => {
    const limited = limit();
    limited.want(0);
    limited.cancel();
    expect([limited.wanted, limited.deadline, limited.due(20 * S)]).toEqual([false, null, false]);
  });

  test("though the clock was set back", () => {
    const limited = limit();
    limited.want(3_600 * S);
    expect(limited.want(0)).toBe(true);
    expect(limited.want(1 * S)).toBe(false);
  });
});
