import { describe, expect, test } from "vitest";
import { parseRecordedTime } from "./recorded-time.js";
import { jsonValue, Recording } from "./recording.js";

const T = Date.UTC(2014, 1, 3, 4, 5, 6);

describe("the time of a row", () => {
  test.each<[string, number | null]>([
    ["2014-02-03T04:05:06Z", T],
    ["2014-02-03 04:05:06", T],
    ["2014-02-03T04:05:06", T],
    ["  2014-02-03 04:05:06 ", T],
    ["2014-02-03 04:05:06.5", T + 500],
    ["2014-02-03T04:05:06.123456Z", T + 123],
    ["2014-02-03T04:05:06,12Z", T + 120],
    ["2014-02-03T05:05:06+01:00", T],
    ["2014-02-03T05:05:06+0100", T],
    ["2014-02-03T01:35:06-02:30", T],
    ["2014-02-03 05:05:06 +01", T],
    ["2014-02-03 04:05", T - 6000],
    ["2014-02-03", T - 6000 - 5 * 60_000 - 4 * 3_600_000],
    [String(T / 1000), T],
    [`${T / 1000}.25`, T + 250],
    [String(T), T],
    [String(T * 1000), T],
    [`${T}000000`, T],
    ["0", 0],
    ["", null],
    ["yesterday", null],
    ["NaN", null],
    ["2014-02-30 00:00:00", null],
    ["2014-13-01 00:00:00", null],
    ["2014-02-03 24:00:00", null],
    ["2014-02-03 04:60:00", null],
    ["03.02.2014 04:05:06", null],
    ["02/03/2014", null],
    ["2014-02-03T04:05:06+99:00", null],
    ["1e12", null],
  ])("%j is %j", (text, expected) => {
    expect(parseRecordedTime(text)).toBe(expected);
  });
});

describe("the value of a field", () => {
  test.each<[string, string | null]>([
    ["73.96732207", "73.96732207"],
    ["74.93588199999998", "74.93588199999998"],
    ["9007199254740993", "9007199254740993"],
    [" -1.5e-3 ", "-1.5e-3"],
    ["+5", "5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["0", "0"],
    ["1.0", "1.0"],
    ["007", '"007"'],
    ["RUN", '"RUN"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["true", '"true"'],
    ["1e999", null],
    ["", null],
    ["  ", null],
    ["NaN", null],
    ["-inf", null],
    ["null", null],
  ])("%j is %j in JSON", (field, expected) => {
    expect(jsonValue(field)).toBe(expected);
  });
});

describe("a recording", () => {
  const opened = Recording.open(["timestamp", "value", "state"], "timestamp");
  if (!opened.ok) throw new Error(opened.error);
  const recording = opened.value;

  test("makes of a row the message of a device", () => {
    expect(recording.message(["2014-02-03 04:05:06", "1.50", "RUN"])).toEqual({
      ok: true,
      value: { time: T, payload: `{"ts":${T},"value":1.50,"state":"RUN"}` },
    });
  });

  test("leaves out what has no value", () => {
    expect(recording.message(["2014-02-03 04:05:06", "", "RUN"])).toEqual({
      ok: true,
      value: { time: T, payload: `{"ts":${T},"state":"RUN"}` },
    });
  });

  test.each<[string[], string]>([
    [["soon", "1", "RUN"], '"soon" is no time'],
    [["2014-02-03 04:05:06", "1"], "2 fields where the header has 3"],
  ])("says what is wrong with the row %j", (fields, problem) => {
    expect(recording.message(fields)).toEqual({ ok: false, error: problem });
  });

  test.each<[string[], string]>([
    [["a", "b"], 'there is no column "time"; the columns are: a, b'],
    [["time", "ts"], 'a column "ts" beside the time column would hide the time of the message'],
    [["time", "a", "a"], 'there are two columns "a"'],
    [["time", ""], "a column has no name; the columns are: time, "],
  ])("with the header %j cannot be opened", (header, problem) => {
    expect(Recording.open(header, "time")).toEqual({ ok: false, error: problem });
  });

  test("may call its time column ts", () => {
    expect(Recording.open(["ts", "a"], "ts").ok).toBe(true);
  });
});
