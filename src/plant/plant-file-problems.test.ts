import { expect, test } from "vitest";
import { parsePlantFile } from "./plant-file.js";

function problems(text: string): string[] {
  const parsed = parsePlantFile(text, {});
  return parsed.ok ? [] : parsed.error.map(({ field, message }) => `${field}: ${message}`);
}

const TYPE = "machineTypes:\n  - name: press\n    metrics: [{name: t, type: Double}]\n";
const CALENDAR =
  'calendars:\n  - {name: c, timeZone: Europe/Berlin, shifts: [{name: Early, start: "06:00", end: "14:00"}]';

test.each([
  ["machineTypes:\n  - metrics: []", "machineTypes[0].name: is required"],
  ["machineTypes: press", "machineTypes: must be a list"],
  ["machineTypes:\n  - press", "machineTypes[0]: must be a map of settings"],
  ["machineTypes:\n  - {name: 5}", "machineTypes[0].name: must be a text"],
  ["machineTypes:\n  - {name: ''}", "machineTypes[0].name: must not be empty"],
  [
    "machineTypes:\n  - {name: press, colour: red, size: 5}",
    'machineTypes[0]: there is no setting "colour", "size"',
  ],
  [
    "machineTypes:\n  - name: press\n    metrics: [{name: t, type: Float}]",
    "machineTypes[0].metrics[0].type: must be one of Double, Int64, Boolean, String",
  ],
  [
    "machineTypes:\n  - name: press\n    metrics: [{name: t, type: Double, writable: maybe}]",
    "machineTypes[0].metrics[0].writable: must be true or false",
  ],
  [
    "machineTypes:\n  - name: press\n    staleAfter: [1]",
    "machineTypes[0].staleAfter: must be a text or a number",
  ],
  [`${CALENDAR}, holidays: [{date: 2026-12-25}]}`, "calendars[0].holidays[0].name: is required"],
  [
    `${TYPE}    alarms: [{code: A, rate: {metric: t, above: 5}}]`,
    "machineTypes[0].alarms[0].rate.per: is required",
  ],
  [
    `${TYPE}    alarms: [{code: A, state: {in: [HELD, FOO], longerThan: 5s}}]`,
    /^machineTypes\[0\]\.alarms\[0\]\.state\.in: 1: must be one of .*HELD, /,
  ],
  [`${TYPE}    alarms: [{code: A, offline: false}]`, "machineTypes[0].alarms[0].offline: must be true"],
])("%j is refused by the setting that is wrong", (text, told) => {
  const found = problems(text);
  expect(found.find((line) => (typeof told === "string" ? line === told : told.test(line))) ?? found).toMatch(
    told,
  );
});
