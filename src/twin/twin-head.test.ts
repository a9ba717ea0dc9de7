import { expect, test } from "vitest";
import { live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "./machine-twin.js";
import { applyConnectivity, applySamples, applyTime } from "./twin.js";
import { headCommitted, headOf } from "./twin-head.js";

const S = 1_000;
const LIMITS = { maxAheadMs: 300_000, maxMetrics: 100, discovery: true };

/** A twin that has reported once and was stored then. */
function known(): Twin {
  const twin = makeTwin(machineType([{ name: "state", dataType: "String", role: "STATE" }]));
  applySamples(twin, [sample("state", "Execute", T0)], live(T0), LIMITS);
  const head = headOf(twin, true);
  if (head) headCommitted(head);
  return twin;
}

function isStored(twin: Twin, framed: boolean): boolean {
  return headOf(twin, framed) !== null;
}

test("a twin that was never stored is, and then only what its frames do not tell", () => {
  const twin = makeTwin();
  expect(isStored(twin, true)).toBe(true);
  expect(isStored(known(), true)).toBe(false);
});

test("values alone are told by the frames, however long they come", () => {
  const twin = known();
  applySamples(twin, [sample("a", 1, T0 + 90 * S)], live(T0 + 90 * S), LIMITS);
  expect(isStored(twin, true)).toBe(false);
});

test("a machine that only says that it is there is stored once a minute", () => {
  const twin = known();
  applyConnectivity(twin, true, new Date(T0 + 59 * S), live(T0 + 59 * S));
  expect(isStored(twin, false)).toBe(false);
  applyConnectivity(twin, true, new Date(T0 + 60 * S), live(T0 + 60 * S));
  expect(isStored(twin, false)).toBe(true);
});

test.each<[string, (twin: Twin) => void]>([
  ["state", (twin) => applySamples(twin, [sample("state", "Held", T0 + 1)], live(T0 + 1), LIMITS)],
  ["connectivity", (twin) => applyConnectivity(twin, false, new Date(T0 + 1), live(T0 + 1))],
  ["silence", (twin) => applyTime(twin, T0 + 60 * S)],
  [
    "route",
    (twin) => {
      twin.setRoute("other", "acme");
    },
  ],
])("a change of %s is stored", (_, change) => {
  const twin = known();
  change(twin);
  expect(isStored(twin, true)).toBe(true);
});
