import { expect, test } from "vitest";
import { patternTakes } from "./machine-type.js";

test.each([
  ["acme/*/pack/*/filler-*", "acme/berlin/pack/line-3/filler-1", true],
  ["acme/*/pack/*/filler-*", "acme/berlin/pack/line-3/filler-", true],
  ["acme/*/pack/*/filler-*", "acme/berlin/pack/line-3/capper-1", false],
  ["acme/*/pack/*/filler-*", "acme/berlin/pack/filler-1", false],
  ["acme/*", "acme/berlin/pack", false],
  ["acme/*", "acme", false],
  ["*", "anything", true],
  ["a.c", "abc", false],
  ["a.c", "a.c", true],
  ["m(1)", "m(1)", true],
  ["*-*", "a-b-c", true],
  ["*-1", "filler-12", false],
])("%s takes %s: %s", (pattern, path, wanted) => {
  expect(patternTakes(pattern, path)).toBe(wanted);
});
