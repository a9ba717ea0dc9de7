import { expect, test } from "vitest";
import { rangeOf, sizeProblem } from "./kpi-range.js";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const at = (text: string | null) => (text === null ? null : new Date(text));

test.each([
  ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"],
  ["2026-03-01T00:00:00Z", null, "2026-03-02T12:00:00Z"],
  ["2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-02T12:00:00Z"],
  ["2025-01-26T12:00:00Z", null, "2026-03-02T12:00:00Z"],
])("from %s to %s ends at %s", (from, to, end) => {
  const range = rangeOf(new Date(from), at(to), NOW);
  expect(range).toEqual({ ok: true, value: { from: Date.parse(from), to: Date.parse(end) } });
});

test.each([
  ["2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "to", "to must be after from"],
  ["2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", "to", "to must be after from"],
  ["2026-03-02T12:00:00Z", null, "from", "from must lie in the past"],
  ["2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z", "from", "from must lie in the past"],
  ["2025-01-26T11:59:59Z", null, "from", "from must be at most 400 days before the end"],
])("from %s to %s names the argument %s", (from, to, field, message) => {
  expect(rangeOf(new Date(from), at(to), NOW)).toEqual({ ok: false, error: { field, message } });
});

test("a long range of many machines is refused with what would do", () => {
  const days = (count: number) => ({ from: NOW - count * 86_400_000, to: NOW });
  expect(sizeProblem(days(400), 100)).toBeNull();
  expect(sizeProblem(days(400), 1_000)).toEqual({
    field: "from",
    message: "from must be at most 40 days before the end for 1000 machines",
  });
});
