import { expect, test } from "vitest";
import { MeanWindow, ValueWindow } from "./sample-window.js";

test("growth is the difference from what held a window ago, and unknown before that", () => {
  const window = new ValueWindow(1_000);
  window.add(0, 10);
  expect(window.growth(0)).toBeNull();
  window.add(400, 12);
  expect(window.growth(999)).toBeNull();
  window.add(1_200, 20);
  // A second before 1,200 the 10 still held.
  expect(window.growth(1_200)).toBe(10);
  expect(window.growth(1_400)).toBe(8);
  expect(window.growth(2_200)).toBe(0);
  window.clear();
  expect(window.growth(2_300)).toBeNull();
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
