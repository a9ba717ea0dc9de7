import { expect, test } from "vitest";
import { PathTemplate } from "./mapping-path.js";

const CAPTURES = { line: "Line 1", id: "PRESS-7" };

test.each([
  ["acme/{line}/{id}", "acme/Line 1/PRESS-7"],
  ["acme/{line:lower}/{id:lower}", "acme/line 1/press-7"],
  ["{id:upper}", "PRESS-7"],
  ["press-{id}-{line}", "press-PRESS-7-Line 1"],
  ["acme/fixed", "acme/fixed"],
])("%s", (text, path) => {
  const template = PathTemplate.parse(text);
  expect(template.ok && template.value.fill(CAPTURES)).toBe(path);
});

test.each([
  ["{line:title}", "there are only :lower and :upper"],
  ["{line:toString}", "{name:lower}"],
  ["{", "is not {name}"],
  ["a}/b", "is not {name}"],
  ["{}", "is not {name}"],
  ["{a b}", "is not {name}"],
])("%s is told", (text, problem) => {
  expect(PathTemplate.parse(text)).toMatchObject({ ok: false, error: expect.stringContaining(problem) });
});
