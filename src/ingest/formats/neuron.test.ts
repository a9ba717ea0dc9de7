import { describe, expect, test } from "vitest";
import { MetricNames } from "./metric-names.js";
import { decodeNeuron } from "./neuron.js";

const T = 1_650_006_388_943;

function decode(payload: unknown, prefix: "none" | "group" | "node" | "node/group" = "none") {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return decodeNeuron(Buffer.from(text), { names: new MetricNames(), prefix });
}

function samples(payload: unknown, prefix?: "node/group" | "group") {
  const decoded = decode(payload, prefix);
  if (decoded.kind !== "samples") return decoded;
  expect(decoded.problems).toEqual([]);
  return decoded.samples.map(({ metric, value, time, quality }) => [metric, value, time, quality]);
}

const HEAD = { timestamp: T, node: "modbus", group: "grp" };

describe("the upload formats of EMQX Neuron", () => {
  test.each<[string, object, unknown[][]]>([
    [
      "values",
      { ...HEAD, values: { tag0: 123 }, errors: { tag1: 2014 }, metas: {} },
      [
        ["tag0", 123, T, "GOOD"],
        ["tag1", null, T, "BAD"],
      ],
    ],
    [
      "tags",
      {
        ...HEAD,
        tags: [
          { name: "tag0", value: 123 },
          { name: "tag1", error: 2014 },
        ],
      },
      [
        ["tag0", 123, T, "GOOD"],
        ["tag1", null, T, "BAD"],
      ],
    ],
    [
      "ECP",
      {
        ...HEAD,
        tags: [
          { name: "tag_boolean", value: true, type: 1 },
          { name: "tag_int32_", value: 123, type: 2 },
          { name: "tag_float", value: 1.23, type: 3 },
          { name: "tag_string", value: "abcd", type: 4 },
        ],
      },
      [
        ["tag_boolean", true, T, "GOOD"],
        ["tag_int32_", 123, T, "GOOD"],
        ["tag_float", 1.23, T, "GOOD"],
        ["tag_string", "abcd", T, "GOOD"],
      ],
    ],
    [
      "custom, with static tags and errors as arrays",
      {
        ...HEAD,
        tags: [{ name: "tag0", value: 123 }],
        static_tags: [{ name: "sn", value: "SN1" }],
        errors: [{ name: "tag2", error: 2014 }],
      },
      [
        ["tag0", 123, T, "GOOD"],
        ["sn", "SN1", T, "GOOD"],
        ["tag2", null, T, "BAD"],
      ],
    ],
    [
      "custom, by name",
      {
        ...HEAD,
        values: { tag1: 1 },
        static_tag_values: { location: "sh" },
        error_values: { tag3: 2014, tag4: 0 },
      },
      [
        ["tag1", 1, T, "GOOD"],
        ["location", "sh", T, "GOOD"],
        ["tag3", null, T, "BAD"],
      ],
    ],
    [
      "tags that are arrays",
      { ...HEAD, values: { axes: [1.5, 2.5] } },
      [
        ["axes/0", 1.5, T, "GOOD"],
        ["axes/1", 2.5, T, "GOOD"],
      ],
    ],
  ])("%s", (_, payload, wanted) => {
    expect(samples(payload)).toEqual(wanted);
  });
});

test("node and group stand before the tags where the mapping wants it", () => {
  const payload = { ...HEAD, values: { a: 1 }, tags: [{ name: "b", value: 2 }], errors: { c: 5 } };
  const names = (prefix: "node/group" | "group") =>
    (samples(payload, prefix) as unknown[][]).map(([name]) => name);
  expect(names("group")).toEqual(["grp/a", "grp/b", "grp/c"]);
  expect(names("node/group")).toEqual(["modbus/grp/a", "modbus/grp/b", "modbus/grp/c"]);
});

test("a group in which nothing was read is a sign of life", () => {
  expect(decode({ ...HEAD, values: {}, errors: {}, metas: {} })).toEqual({
    kind: "samples",
    samples: [],
    problems: [],
  });
});

test("answers to requests and the states of drivers are ignored", () => {
  const uuid = "bca54fe7-a2b1-43e2-a4b4-1da715d28eab";
  expect(decode({ uuid, error: 0 })).toMatchObject({ kind: "ignored" });
  expect(decode({ uuid, tags: [{ name: "tag0", value: 4 }] })).toMatchObject({ kind: "ignored" });
  expect(decode({ timestamp: T, states: [{ node: "modbus-tcp", link: 1, running: 3 }] })).toMatchObject({
    kind: "ignored",
  });
});

describe("what is wrong is told by its name", () => {
  test.each<[unknown, string]>([
    ["[1]", "format neuron wants an object, and the payload is an array"],
    ["{", "not JSON"],
    [{ a: 1 }, "neither"],
    [{ ...HEAD, timestamp: "now", values: { a: 1 } }, 'timestamp: "now" is not a time'],
  ])("%j", (payload, problem) => {
    expect(decode(payload)).toMatchObject({ kind: "problem", problem: expect.stringContaining(problem) });
  });

  test("a group without a name cannot stand before its tags", () => {
    expect(decode({ timestamp: T, values: { a: 1 } }, "group")).toMatchObject({
      problem: "group: is nothing, and must be a name: it is the mapping's prefix",
    });
  });

  test("one wrong tag costs only itself", () => {
    const tags = [1, { value: 1 }, { name: "no-value" }, { name: "a#", value: 1 }, { name: "ok", value: 1 }];
    expect(decode({ ...HEAD, tags, values: [], errors: 5 })).toMatchObject({
      samples: [{ metric: "ok", value: 1 }],
      problems: [
        { field: "values", problem: "is an array, and must be an object" },
        { field: "tags/0", problem: "must be an object with a name" },
        { field: "tags/1", problem: "must be an object with a name" },
        { field: "tags/2", problem: "has neither value nor error" },
        { field: "a#" },
        { field: "errors", problem: "is a number, and must be an object or array" },
      ],
    });
  });
});
