import { expect, test } from "vitest";
import type { Equipment } from "../plant/equipment.js";
import { withoutOverlaps } from "./machine-time.js";

function machine(name: string): Equipment {
  const at = { parent: null, machineType: null, discovered: false };
  return { id: name, path: name, name, level: "MACHINE", children: [], ...at };
}

test("what operations of one machine have in common counts once, of others apart", () => {
  const [press, saw] = [machine("press"), machine("saw")];
  const time = (of: Equipment, from: number, to: number) => ({ machine: of, range: { from, to } });
  expect(
    withoutOverlaps([time(press, 0, 10), time(saw, 5, 8), time(press, 5, 20), time(press, 30, 40)]),
  ).toEqual([time(press, 0, 10), time(press, 10, 20), time(press, 30, 40), time(saw, 5, 8)]);
});
