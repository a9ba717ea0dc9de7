import { describe, expect, test } from "vitest";
import { machineType } from "../../test/support/twins.js";
import type { CommandDefinition } from "../plant/machine-type.js";
import { policyFor, policyOf, REPLY_POLICY, storedPolicy } from "./command-policy.js";

const TYPE = machineType([
  { name: "speed", min: 0, max: 500 },
  { name: "recipe", dataType: "Int64" },
  { name: "heat", dataType: "Boolean" },
  { name: "label", dataType: "String" },
]);

function definition(more: Partial<CommandDefinition>): CommandDefinition {
  return {
    name: "load",
    description: null,
    parameters: {},
    timeoutMs: 30_000,
    retries: 0,
    retryAfterMs: null,
    oneAtATime: true,
    allowedStates: null,
    confirm: "echo",
    writes: null,
    reaches: null,
    ...more,
  };
}

function writesOf(writes: CommandDefinition["writes"], args: unknown) {
  const policy = policyFor(definition({ writes }), TYPE, { arguments: args, timeoutMs: 30_000 });
  return policy.ok
    ? policy.value.writes
    : policy.error.map(({ message, field }) => [field?.join("."), message]);
}

describe("what is written", () => {
  test.each([
    ["a value as it stands", { speed: 5 }, {}, [["speed", "Double", 5]]],
    ["an argument's value", { speed: "{value}" }, { value: 7.5 }, [["speed", "Double", 7.5]]],
    ["a value of the metric's type", { recipe: "{r}" }, { r: "12" }, [["recipe", "Int64", 12]]],
    ["all digits", { recipe: "9007199254740993" }, {}, [["recipe", "Int64", 9_007_199_254_740_993n]]],
    ["a number as text", { label: "{n}" }, { n: 5 }, [["label", "String", "5"]]],
    ["a metric that the type does not know", { "x/y": true }, {}, [["x/y", "Boolean", true]]],
    ["nothing for an argument left out", { speed: "{s}", heat: false }, {}, [["heat", "Boolean", false]]],
    ["braces that name no argument", { label: "{a}{b}" }, {}, [["label", "String", "{a}{b}"]]],
  ])("%s", (_, writes, args, expected) => {
    const found = expected.map(([metric, dataType, value]) => ({ metric, dataType, value }));
    expect(writesOf(writes, args)).toEqual(found);
  });

  test.each([
    ["a value beyond the limits", { speed: "{s}" }, { s: 501 }, "arguments.s", "speed must be at most 500"],
    ["below them", { speed: -1 }, {}, "name", "speed must be at least 0"],
    [
      "another type",
      { recipe: "{r}" },
      { r: 1.5 },
      "arguments.r",
      'recipe: "1.5" is not a value of type Int64',
    ],
    [
      "an object",
      { label: "{l}" },
      { l: {} },
      "arguments.l",
      "label takes a number, a text or true or false",
    ],
    ["null", { heat: "{h}" }, { h: null }, "arguments.h", "heat takes a number, a text or true or false"],
    ["half a character", { label: "{l}" }, { l: "\ud800" }, "arguments.l", "label holds half a character"],
    ["nothing at all", { speed: "{s}" }, {}, "arguments", "these arguments give load nothing to write"],
    [
      "arguments that are none",
      { speed: "{s}" },
      5,
      "arguments",
      "these arguments give load nothing to write",
    ],
  ])("never %s", (_, writes, args, field, message) => {
    expect(writesOf(writes, args)).toEqual([[field, message]]);
  });

  test("every problem is told at once", () => {
    expect(writesOf({ speed: "{s}", recipe: "{r}" }, { s: 501, r: "x" })).toHaveLength(2);
  });
});

test.each([
  [0, null, 30_000],
  [2, null, 10_000],
  [2, 1_500, 1_500],
])("%i retries after %s ms come every %i ms", (retries, retryAfterMs, expected) => {
  const given = { arguments: {}, timeoutMs: 30_000 };
  const policy = policyFor(definition({ retries, retryAfterMs }), TYPE, given);
  expect(policy).toMatchObject({ ok: true, value: { retries, retryAfterMs: expected } });
});

test("a policy is stored and read again as it was", () => {
  const policy = {
    ...REPLY_POLICY,
    confirm: "echo",
    allowedStates: ["IDLE"],
    writes: [
      { metric: "recipe", dataType: "Int64", value: 9_007_199_254_740_993n },
      { metric: "speed", dataType: "Double", value: 0.1 },
      { metric: "label", dataType: "String", value: "12" },
      { metric: "heat", dataType: "Boolean", value: false },
    ],
  } as const;
  expect(policyOf(JSON.parse(JSON.stringify(storedPolicy(policy))))).toEqual(policy);
  expect(policyOf({})).toEqual(REPLY_POLICY);
});
