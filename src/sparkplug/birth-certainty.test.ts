import { describe, expect, test } from "vitest";
import { LIMITS, live, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { Twin } from "../twin/machine-twin.js";
import { applyConnectivity, applySamples } from "../twin/twin.js";
import { applyBirth, applyDoubt, partsOf } from "./birth-certainty.js";

const NAMES = ["speed", "heat", "list", "list/0", "list/1", "list/1/deep", "other"];

/** A machine that has told all of these. */
function reporting(): Twin {
  const twin = makeTwin();
  applySamples(
    twin,
    NAMES.map((name, index) => sample(name, index, T0)),
    live(T0),
    LIMITS,
  );
  return twin;
}

const stale = (twin: Twin) =>
  twin
    .readings()
    .filter((reading) => reading.stale)
    .map(({ name }) => name);
const word = (present: string[], absent: string[]) => ({
  present: new Set(present),
  absent: new Set(absent),
  at: T0 + 1_000,
});

describe("a birth", () => {
  test("of a machine that was offline makes certain what it tells, and nothing else that is its own", () => {
    const twin = reporting();
    applyConnectivity(twin, false, new Date(T0 + 500), live(T0 + 500));
    expect(stale(twin)).toEqual(NAMES);
    const change = applyBirth(twin, word(["speed"], ["speed", "heat", "list"]));
    expect(twin.status).toBe("ONLINE");
    // Another source may have told what the birth knows nothing of.
    expect(stale(twin)).toEqual(["heat", "list", "list/0", "list/1", "list/1/deep"]);
    expect(change?.revision).toBe(twin.revision);
    expect(change?.metrics.find(({ name }) => name === "other")?.stale).toBe(false);
  });

  test("makes certain again what was in doubt, though value and time are what they were", () => {
    const twin = reporting();
    applyDoubt(twin, new Set(NAMES), T0 + 500);
    expect([twin.status, stale(twin)]).toEqual(["STALE", NAMES]);
    const change = applyBirth(twin, word(["speed", "list/0"], ["heat", "list"]));
    expect([twin.status, stale(twin)]).toEqual([
      "ONLINE",
      ["heat", "list", "list/1", "list/1/deep", "other"],
    ]);
    expect(change?.metrics.map(({ name }) => name)).toEqual(expect.arrayContaining(["speed", "list/0"]));
  });

  test("that tells what is known changes nothing", () => {
    const twin = reporting();
    const { revision } = twin;
    expect(applyBirth(twin, word(NAMES, NAMES))).toBeNull();
    expect(twin.revision).toBe(revision);
  });

  test("makes nothing stale that has never reported", () => {
    const twin = reporting();
    twin.addSeries("silent", null, "Double");
    expect(applyBirth(twin, word([], ["silent"]))).toBeNull();
  });
});

describe("doubt", () => {
  test("takes the parts of a metric with it", () => {
    const twin = reporting();
    expect(applyDoubt(twin, new Set(["list"]), null)?.metrics.map(({ name }) => name)).toEqual([
      "list",
      "list/0",
      "list/1",
      "list/1/deep",
    ]);
    expect(twin.status).toBe("ONLINE");
    expect(applyDoubt(twin, new Set(["list"]), null)).toBeNull();
  });
});

test("parts are spared with what they are a part of, and the nearest decides", () => {
  const twin = reporting();
  expect(partsOf(twin, new Set(["list"]), new Set(["list/0"]))).toEqual(["list", "list/1", "list/1/deep"]);
  expect(partsOf(twin, new Set(["list", "list/1/deep"]), new Set(["list/1"]))).toEqual([
    "list",
    "list/0",
    "list/1/deep",
  ]);
});
