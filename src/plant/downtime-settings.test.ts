import { expect, test } from "vitest";
import { downtimeSettingsOf, reasonByCode } from "./downtime-settings.js";
import { parsePlantFile } from "./plant-file.js";

function typeOf(lines: string) {
  const text = `machineTypes:\n  - name: filler\n${lines.replaceAll(/^/gm, "    ")}`;
  const parsed = parsePlantFile(text, {});
  return parsed.ok ? (parsed.value.machineTypes[0] ?? null) : parsed.error;
}

const TREE = `
downtimeReasons:
  - code: technical
    name: Technical
    category: UNPLANNED
    reasons:
      - { code: jam, name: Bottle jam }
      - { code: oil, category: PLANNED }
  - code: other
faultReasons: { E17: jam, 4: other }`;

test("a reason has its own category, or that of the nearest above", () => {
  const settings = downtimeSettingsOf(typeOf(`${TREE}\nmicroStop: 2m`) as object);
  const reasons = settings.downtimeReasons ?? [];
  expect(["technical", "jam", "oil", "other"].map((code) => reasonByCode(reasons, code)?.category)).toEqual([
    "UNPLANNED",
    "UNPLANNED",
    "PLANNED",
    null,
  ]);
  expect(reasonByCode(reasons, "jam")?.name).toBe("Bottle jam");
  expect(reasonByCode(reasons, "other")?.name).toBe("other");
  expect(reasonByCode(reasons, "E17")).toBeNull();
  expect(settings.faultReasons?.get("E17")?.code).toBe("jam");
  expect(settings.faultReasons?.get("4")?.code).toBe("other");
  expect(settings.microStopMs).toBe(120_000);
});

test.each([
  ["1s", 1000],
  ["42.857ms", 42.857],
  ["2.5 m", 150_000],
  [12.25, 12.25],
])("the ideal cycle time %s is kept to the fraction of a millisecond", (written, ms) => {
  expect(downtimeSettingsOf(typeOf(`idealCycleTime: ${written}`) as object).idealCycleTimeMs).toBe(ms);
});

test.each([
  ["idealCycleTime: fast", "idealCycleTime"],
  ["idealCycleTime: 0s", "idealCycleTime"],
  ["idealCycleTime: 5parsec", "idealCycleTime"],
  ["microStop: -1", "microStop"],
  [
    "downtimeReasons: [{ code: a }, { code: b, reasons: [{ code: a }] }]",
    "downtimeReasons[1].reasons[0].code",
  ],
  ["downtimeReasons: [{ code: a, category: UNCLASSIFIED }]", "downtimeReasons[0].category"],
  ["downtimeReasons: [{ code: '' }]", "downtimeReasons[0].code"],
  ["downtimeReasons: [{ code: a }]\nfaultReasons: { E1: b }", "faultReasons.E1"],
  ["faultReasons: { E1: b }", "faultReasons.E1"],
])("a plant file with %s is refused at its field", (lines, field) => {
  expect(typeOf(lines)).toMatchObject([{ field: `machineTypes[0].${field}` }]);
});

test("a type that says nothing has no settings of its own", () => {
  expect(downtimeSettingsOf(typeOf("staleAfter: 5s") as object)).toEqual({});
});
