import { expect, test } from "vitest";
import { decodeJson, JsonShape } from "./json.js";
import { takeSequence } from "./sequence-field.js";

function taken(payload: string, at = "seq") {
  const shape = new JsonShape({ timestamp: "ts" });
  // The second time it is read as one of a known form.
  takeSequence(decodeJson(Buffer.from(payload), shape), at);
  const decoded = takeSequence(decodeJson(Buffer.from(payload), shape), at);
  if (decoded.kind !== "samples") throw new Error(decoded.kind);
  const { samples, problems, sequence } = decoded;
  return [samples.map(({ metric }) => metric), sequence, problems.map(({ field }) => field)];
}

test.each<[string, string | undefined, unknown[]]>([
  ['{"ts":1717083000,"seq":7,"a":1}', undefined, [["a"], 7, []]],
  ['{"header":{"n":0},"a":1}', "header/n", [["a"], 0, []]],
  ['{"a":1}', undefined, [["a"], undefined, []]],
  ['{"seq":null,"a":1}', undefined, [["a"], undefined, []]],
  ['{"seq":5.0,"sequence":1}', undefined, [["sequence"], 5, []]],
  ['{"seq":7}', undefined, [[], 7, []]],
  ['{"seq":-1,"a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":1.5,"a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":"7","a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":true,"a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":18446744073709551615,"a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":1e999,"a":1}', undefined, [["a"], undefined, ["seq"]]],
  ['{"seq":{"n":1,"m":2},"a":1}', undefined, [["a"], undefined, ["seq"]]],
])("%s", (payload, at, wanted) => {
  expect(taken(payload, at)).toEqual(wanted);
});

test("a wrong number is told as it is, and a long text in short", () => {
  const problem = (value: string) => {
    const decoded = decodeJson(Buffer.from(`{"seq":${value},"a":1}`), new JsonShape({ timestamp: null }));
    const seen = takeSequence(decoded, "seq");
    return seen.kind === "samples" ? seen.problems[0]?.problem : "";
  };
  expect(problem("1.5")).toBe("1.5 is not a whole number from 0 to 2^53 - 1, so it counts no messages");
  expect(problem(JSON.stringify("x".repeat(5_000)))?.length).toBeLessThan(150);
});
