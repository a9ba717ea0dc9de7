import { expect, test } from "vitest";
import { LIMITS, live, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "./machine-twin.js";
import { applySamples } from "./twin.js";

function report(twin: Twin, value: number) {
  const samples = [sample("a", value, T0 + value), sample("b", value, T0 + value)];
  const { change } = applySamples(twin, samples, live(T0 + value), LIMITS);
  if (!change) throw new Error("nothing changed");
  return change;
}

test("a change that is kept tells the twin as it was, whatever came after it", () => {
  const twin = makeTwin();
  const first = report(twin, 1).keep();
  report(twin, 2);
  expect([first.view.revision, first.view.connectivity.lastSeen]).toEqual([1, new Date(T0 + 1)]);
  expect(first.metrics.map((one) => [one.name, one.value])).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
});

test("a change that was not kept says so rather than tell what came later", () => {
  const twin = makeTwin();
  const first = report(twin, 1);
  report(twin, 2);
  expect(() => first.metrics).toThrow("acme/filler-1 has changed since revision 1");
  expect(() => first.view).toThrow("acme/filler-1 has changed since revision 1");
});
