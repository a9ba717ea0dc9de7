import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../demo/random.js";
import { MeanWindow, ValueWindow } from "./sample-window.js";

test("growth is the difference from what was so a window ago, and unknown before that", () => {
  const window = new ValueWindow(1_000);
  window.add(0, 10);
  expect(window.growth(0)).toBeNull();
  window.add(400, 12);
  expect(window.growth(999)).toBeNull();
  window.add(1_200, 20);
  // A second before 1,200 it was halfway between 10 and 12.
  expect(window.growth(1_200)).toBe(9);
  expect(window.growth(1_400)).toBe(8);
  expect(window.growth(2_200)).toBe(0);
  window.clear();
  expect(window.growth(2_300)).toBeNull();
});

test("a straight line has its slope, however often and however irregularly it is sampled", () => {
  const gaps = fc.array(fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 600_000 })), {
    minLength: 2,
    maxLength: 200,
  });
  fc.assert(
    fc.property(gaps, fc.integer({ min: -100, max: 100 }), (steps, slope) => {
      const window = new ValueWindow(10_000);
      let time = 1_700_000_000_000;
      const begin = time;
      window.add(time, 0);
      for (const step of steps) {
        time += step;
        window.add(time, ((time - begin) * slope) / 10_000);
        if (time < begin + 10_000) expect(window.growth(time)).toBeNull();
        else expect(window.growth(time)).toBeCloseTo(slope, 6);
      }
    }),
  );
});

test("a window of many samples stays small, and tells the growth as exactly as its parts are long", () => {
  const window = new ValueWindow(60_000);
  for (let time = 0; time <= 200_000; time += 10) {
    window.add(time, time / 1_000);
    const growth = window.growth(time);
    if (time < 60_000) expect(growth).toBeNull();
    else expect(Math.abs((growth ?? 0) - 60)).toBeLessThanOrEqual(1.02);
  }
});

test("the mean is of the window before, once it has been full, and forgets over a gap", () => {
  const window = new MeanWindow(10_000);
  for (let time = 0; time <= 20_000; time += 100) {
    const mean = window.mean(time);
    if (time < 10_000) expect(mean).toBeNull();
    window.add(time, time < 10_000 ? 4 : 8);
  }
  expect(window.mean(20_000)).toBeCloseTo(8, 1);
  expect(window.mean(15_000)).not.toBeNull();
  expect(window.mean(40_000)).toBeNull();
  window.add(40_000, 100);
  expect(window.mean(41_000)).toBeNull();
});

/** Samples of a value that wanders, dense with rare gaps. */
function wandering(count: number, seed: number): [number, number][] {
  const random = seededRandom(seed);
  let time = Math.floor(random() * 5_000);
  let value = 50;
  return Array.from({ length: count }, () => {
    time += Math.ceil(random() * (random() < 0.002 ? 15_000 : 60));
    value += random() - 0.5;
    return [time, value];
  });
}

test.each([1, 2, 3, 4, 5])(
  "windows that see what held twice their length ago, and all since, tell what those tell that saw more (%i)",
  (seed) => {
    const samples = wandering(4_000, seed);
    const all = { growth: new ValueWindow(10_000), mean: new MeanWindow(10_000) };
    for (const [index, [time, value]] of samples.entries()) {
      if (index % 20 === 19) {
        const begin = (samples[index - 1]?.[0] ?? 0) - 20_000;
        const late = { growth: new ValueWindow(10_000), mean: new MeanWindow(10_000) };
        const held = Math.max(samples.findIndex(([at]) => at >= begin) - 1, 0);
        for (const [at, one] of samples.slice(held, index)) {
          late.growth.add(at, one);
          late.mean.add(at, one);
        }
        const expected = all.mean.mean(time);
        if (expected === null) expect(late.mean.mean(time)).toBeNull();
        else expect(late.mean.mean(time)).toBeCloseTo(expected, 9);
        const until = Array.from({ length: 12 }, (_, second) => time + second * 1_000);
        expect(until.map((at) => late.growth.growth(at))).toEqual(until.map((at) => all.growth.growth(at)));
      }
      all.growth.add(time, value);
      all.mean.add(time, value);
    }
  },
);
