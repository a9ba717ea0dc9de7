import { expect, test } from "vitest";
import { argumentOf, commandDefinitionOf } from "./command-settings.js";
import type { CommandDefinition } from "./machine-type.js";
import { type MachineTypeConfig, parsePlantFile } from "./plant-file.js";

function parse(command: string, ofType = "") {
  const metrics = "metrics: [{name: state, type: String, role: STATE}]";
  return parsePlantFile(
    `machineTypes: [{name: m, ${metrics}, ${ofType} commands: [{name: go, ${command}}]}]`,
    {},
  );
}

function definition(command: string, ofType = ""): CommandDefinition {
  const file = parse(command, ofType);
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  const [type] = file.value.machineTypes as [MachineTypeConfig];
  const [config] = type.commands;
  if (!config) throw new Error("no command");
  return commandDefinitionOf(config, type);
}

test("a command says nothing of all this: it is proven by its reply, sent once, one at a time, in every state", () => {
  expect(definition("")).toMatchObject({
    retries: 0,
    retryAfterMs: null,
    oneAtATime: true,
    allowedStates: null,
    confirm: "reply",
    writes: null,
    reaches: null,
  });
});

test.each<[string, string, Partial<CommandDefinition>]>([
  ["writes: {speed: 5}", "", { confirm: "echo", writes: { speed: 5 } }],
  ["writes: {speed: 5}, confirm: reply", "", { confirm: "reply" }],
  ["reaches: EXECUTE", "", { confirm: "state", reaches: ["EXECUTE"] }],
  ["reaches: [HELD, ABORTED], writes: {word: 4}", "", { confirm: "state", reaches: ["HELD", "ABORTED"] }],
  ["allowedStates: [IDLE, UNKNOWN]", "", { allowedStates: ["IDLE", "UNKNOWN"] }],
  ["retries: 3, retryAfter: 2s", "", { retries: 3, retryAfterMs: 2_000 }],
  ["concurrency: parallel", "", { oneAtATime: false }],
  ["", "concurrency: parallel,", { oneAtATime: false }],
  ["concurrency: one-at-a-time", "concurrency: parallel,", { oneAtATime: true }],
])("%s %s", (command, ofType, expected) => {
  expect(definition(command, ofType)).toMatchObject(expected);
});

test.each([
  ["confirm: echo", "confirm", /echo needs writes/],
  ["confirm: state", "confirm", /state needs reaches/],
  ["confirm: reply, reaches: IDLE", "reaches", /goes with confirm: state/],
  ["confirm: hope", "confirm", /must be/],
  ["writes: {}", "writes", /must name a metric/],
  ['writes: {speed: "{speed}"}', "writes.speed", /do not declare "speed"/],
  ["writes: {speed: null}", "writes.speed", /must be/],
  ["reaches: []", "reaches", /must name/],
  ["reaches: UNKNOWN", "reaches", /must be/],
  ["allowedStates: []", "allowedStates", /must name a state/],
  ["allowedStates: [idle]", "allowedStates[0]", /must be/],
  ["retries: 11", "retries", /10/],
  ["retryAfter: 2s", "retryAfter", /goes with retries/],
  ["concurrency: both", "concurrency", /must be/],
])("%s is wrong", (command, field, message) => {
  const file = parse(command);
  if (file.ok) throw new Error("taken");
  expect(file.error).toEqual([
    { line: 1, field: `machineTypes[0].commands[0].${field}`, message: expect.stringMatching(message) },
  ]);
});

test("states need a metric that tells the state", () => {
  const commands = "commands: [{name: a}, {name: b, reaches: IDLE, allowedStates: [STOPPED]}]";
  const file = parsePlantFile(`machineTypes: [{name: m, ${commands}}]`, {});
  expect(file.ok ? [] : file.error.map(({ field, message }) => [field, message])).toEqual([
    ["machineTypes[0].commands[1].allowedStates", "needs a metric with the role STATE"],
    ["machineTypes[0].commands[1].reaches", "needs a metric with the role STATE"],
  ]);
});

test.each([
  ["{speed}", "speed"],
  ["speed", null],
  ["{}", null],
  ["{a}{b}", null],
  [5, null],
  [true, null],
])("%s stands for the argument %s", (written, argument) => {
  expect(argumentOf(written)).toBe(argument);
});
