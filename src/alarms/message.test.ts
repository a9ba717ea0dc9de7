import { expect, test } from "vitest";
import { messageOf } from "./message.js";

const FIELDS = {
  machine: "Filler 1",
  path: "acme/filler-1",
  code: "HOT",
  metric: "temperature",
  value: 91.23456789,
  limit: 90,
  unit: "°C",
  state: "EXECUTE",
};

test("a message is its template filled in", () => {
  expect(messageOf("{machine}: {metric} is {value} {unit}, above {limit} {unit}", FIELDS)).toBe(
    "Filler 1: temperature is 91.2346 °C, above 90 °C",
  );
});

test("what is not known leaves no gap", () => {
  const fields = { ...FIELDS, unit: null, value: 1_234_567_890 };
  expect(messageOf("{value} {unit}, of {limit} {unit}.", fields)).toBe("1234567890, of 90.");
});

test("a text of thousands of characters is cut between characters", () => {
  const message = messageOf("fault {value}", { ...FIELDS, value: "😀".repeat(5_000) });
  expect(message).toBe(`fault ${"😀".repeat(200)}…`);
});
