import { expect, test } from "vitest";
import type { CommandDefinition, MachineType } from "../plant/machine-type.js";
import { ArgumentCheck } from "./argument-check.js";

const SPEED = {
  type: "object",
  properties: {
    speed: { type: "number", maximum: 100 },
    mode: { enum: ["fast", "slow"] },
    steps: {
      type: "array",
      items: { type: "object", required: ["at"], properties: { "a/b": { type: "integer" } } },
    },
  },
  required: ["speed"],
  additionalProperties: false,
};

function problems(parameters: object, value: unknown, check = new ArgumentCheck(), version = 1) {
  const command = { name: "setSpeed", parameters } as CommandDefinition;
  const type = { id: "t", name: "filler", version } as MachineType;
  return check
    .check(type, command, value)
    .map(({ code, message, field }) => [code, message, field?.join("|")]);
}

test.each([
  [{ speed: 100 }, []],
  [{ speed: 1, mode: "fast", steps: [{ at: 1 }] }, []],
  [{}, [["arguments.speed: is required", "arguments|speed"]]],
  [{ speed: 101 }, [["arguments.speed: must be <= 100", "arguments|speed"]]],
  [{ speed: "1" }, [["arguments.speed: must be number", "arguments|speed"]]],
  [{ speed: 1, extra: 2 }, [["arguments.extra: is not known", "arguments|extra"]]],
  [{ speed: 1, mode: "x" }, [['arguments.mode: must be one of ["fast","slow"]', "arguments|mode"]]],
  [
    { speed: 1, steps: [{ at: 1 }, { "a/b": 1.5 }] },
    [
      ["arguments.steps.1.at: is required", "arguments|steps|1|at"],
      ["arguments.steps.1.a/b: must be integer", "arguments|steps|1|a/b"],
    ],
  ],
  [[], [["arguments: must be object", "arguments"]]],
  ["fast", [["arguments: must be object", "arguments"]]],
])("%j", (value, expected) => {
  expect(problems(SPEED, value)).toEqual(
    expected.map(([message, field]) => ["INVALID_INPUT", message, field]),
  );
});

test("objects without a prototype, as literals of a query are, count as objects", () => {
  expect(problems(SPEED, Object.assign(Object.create(null), { speed: 1 }))).toEqual([]);
});

test.each([
  ["an unknown type", { type: "objekt" }],
  ["a reference to nowhere", { $ref: "#/$defs/missing" }],
  ["another draft", { $schema: "http://json-schema.org/draft-04/schema#", type: "object" }],
  ["an asynchronous schema, whose promise would pass for valid", { $async: true, type: "number" }],
])("a schema with %s refuses, and says so", (_, schema) => {
  expect(problems(schema, {})).toEqual([
    [
      "INVALID_INPUT",
      expect.stringContaining("setSpeed in the machine type filler are no valid JSON Schema"),
      "name",
    ],
  ]);
});

test("keywords and formats that validation does not know are no problem", () => {
  const schema = { type: "object", unit: "mm", properties: { at: { type: "string", format: "moment" } } };
  expect(problems(schema, { at: "now" })).toEqual([]);
});

test("a new version of the machine type is compiled anew, the same version is not", () => {
  const check = new ArgumentCheck();
  expect(problems({ type: "object" }, {}, check, 1)).toEqual([]);
  expect(problems({ type: "array" }, {}, check, 1)).toEqual([]);
  expect(problems({ type: "array" }, {}, check, 2)).toHaveLength(1);
});

test.each([
  ["U+0000", { speed: 1, text: "a\u0000" }, /U\+0000/],
  ["half a surrogate pair in a key", { speed: 1, "\ud800": 1 }, /surrogate/],
  ["more bytes than fit", { text: "x".repeat(300_000) }, /larger than/],
  ["endless nesting", JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`), /nested deeper/],
])("arguments with %s are refused before they are stored", (_, value, message) => {
  expect(problems({}, value)).toEqual([["INVALID_INPUT", expect.stringMatching(message), "arguments"]]);
});
