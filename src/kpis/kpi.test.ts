import { expect, test } from "vitest";
import { addUp, type KpiSums, kpisOf, NO_OUTPUT, NO_TIME, producedQuantity, unitBusyMs } from "./kpi.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function sums(some: Partial<KpiSums>): KpiSums {
  return { ...NO_TIME, ...NO_OUTPUT, ...some };
}

/** 480 min shift, 60 min break, 47 min stop; 19,271 made at an ideal cycle of 1.0 s, 423 rejects. */
const FIRST = sums({
  calendarMs: 480 * MINUTE,
  notPlannedMs: 60 * MINUTE,
  plannedBusyMs: 420 * MINUTE,
  productionMs: 373 * MINUTE,
  downMs: 47 * MINUTE,
  good: "18848",
  scrap: "423",
  idealGoodMs: 18_848_000,
  idealScrapMs: 423_000,
});

/** 480 min shift with 60 min down; 400 made at an ideal cycle of 1 min, 380 good. */
const SECOND = sums({
  calendarMs: 480 * MINUTE,
  plannedBusyMs: 480 * MINUTE,
  productionMs: 420 * MINUTE,
  downMs: 60 * MINUTE,
  failureCount: 2,
  failureMs: 60 * MINUTE,
  executionMs: 480 * MINUTE,
  good: "380",
  scrap: "20",
  idealGoodMs: 380 * MINUTE,
  idealScrapMs: 20 * MINUTE,
});

test.each([
  ["with a break and a stop", FIRST, ["88.81", "86.11", "97.80", "74.79"]],
  ["with an hour down", SECOND, ["87.50", "95.24", "95.00", "79.17"]],
])("OEE and its factors of a shift %s", (_, given, expected) => {
  const { availability, effectiveness, qualityRatio, oee } = kpisOf(given);
  const percent = [availability, effectiveness, qualityRatio, oee].map((one) =>
    ((one ?? 0) * 100).toFixed(2),
  );
  expect(percent).toEqual(expected);
});

const WORKED = sums({
  plannedBusyMs: 100,
  productionMs: 50,
  setupMs: 10,
  delayMs: 5,
  downMs: 15,
  executionMs: 2 * HOUR,
  failureCount: 3,
  failureMs: 12,
  good: "80",
  scrap: "20",
  idealGoodMs: 36,
  idealScrapMs: 9,
});

test.each<[keyof ReturnType<typeof kpisOf>, string, number]>([
  ["availability", "APT / PBT", 0.5],
  ["effectiveness", "PRU x PQ / APT", 0.9],
  ["qualityRatio", "GQ / PQ", 0.8],
  ["oee", "the three multiplied", 0.36],
  ["netEquipmentEffectiveness", "AUPT / PBT x effectiveness x quality", 0.432],
  ["utilizationEfficiency", "APT / AUBT", 0.625],
  ["allocationEfficiency", "AUBT / PBT", 0.8],
  ["technicalEfficiency", "APT / (APT + ADET)", 50 / 55],
  ["setupRatio", "AUST / AUPT", 1 / 6],
  ["scrapRatio", "SQ / PQ", 0.2],
  ["firstPassYield", "GP / IP", 0.8],
  ["throughputPerHour", "PQ / order execution time", 50],
  ["mttfMs", "APT / failures", 50 / 3],
  ["mttrMs", "time to restore / failures", 4],
  ["mtbfMs", "MTTF + MTTR", 50 / 3 + 4],
])("%s is %s", (kpi, _, expected) => {
  expect(kpisOf(WORKED)[kpi]).toBeCloseTo(expected, 12);
});

test("without time, pieces or failures nothing is divided by zero", () => {
  for (const value of Object.values(kpisOf(sums({})))) expect(value).toBeNull();
});

test("a machine that stood still all day has an availability and no effectiveness", () => {
  const { availability, effectiveness, oee } = kpisOf(sums({ plannedBusyMs: HOUR, downMs: HOUR }));
  expect([availability, effectiveness, oee]).toEqual([0, null, null]);
});

test("factors above 1 are shown as they are", () => {
  const fast = sums({ plannedBusyMs: HOUR, productionMs: 2 * HOUR, good: "10", idealGoodMs: 3 * HOUR });
  expect(kpisOf(fast)).toMatchObject({ availability: 2, effectiveness: 1.5, oee: 3 });
  const corrected = sums({ good: "11", scrap: "-1" });
  expect(kpisOf(corrected)).toMatchObject({ qualityRatio: 1.1, scrapRatio: -0.1 });
});

test("what has no ideal cycle time takes effectiveness away, not the other factors", () => {
  const unrated = kpisOf({ ...FIRST, unrated: true });
  expect(unrated).toMatchObject({ effectiveness: null, oee: null, netEquipmentEffectiveness: null });
  expect(unrated.availability).toBeCloseTo(0.8881, 4);
  expect(unrated.qualityRatio).toBeCloseTo(0.978, 3);
});

test("a group's ratios are weighted by what they divide by", () => {
  const group = addUp([FIRST, SECOND]);
  expect(group).toMatchObject({
    plannedBusyMs: 900 * MINUTE,
    good: "19228",
    failureCount: 2,
    unrated: false,
  });
  const { availability, effectiveness, qualityRatio } = kpisOf(group);
  expect(availability).toBeCloseTo((373 + 420) / (420 + 480), 12);
  expect(effectiveness).toBeCloseTo((19_271 / 60 + 400) / (373 + 420), 12);
  expect(qualityRatio).toBeCloseTo((18_848 + 380) / (19_271 + 400), 12);
  expect(addUp([])).toEqual(sums({}));
  expect(addUp([FIRST, sums({ unrated: true })]).unrated).toBe(true);
});

test("quantities are added up as decimals", () => {
  const tenth = sums({ good: "0.1", scrap: "0.2" });
  expect(producedQuantity(tenth)).toBe("0.3");
  expect(addUp([tenth, tenth, tenth]).good).toBe("0.3");
});

test("unit busy time is processing, delay and down time", () => {
  expect(unitBusyMs(WORKED)).toBe(80);
});
