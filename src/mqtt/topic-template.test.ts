import { describe, expect, test } from "vitest";
import { TopicTemplate } from "./topic-template.js";

function template(text: string): TopicTemplate {
  const parsed = TopicTemplate.parse(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("a topic template", () => {
  test.each([
    ["{site}/{machine}/telemetry", "+/+/telemetry"],
    ["factory/{site}/{machine}/{metric+}", "factory/+/+/+/#"],
    ["a/+/{m}", "a/+/+"],
    ["{all+}", "+/#"],
    ["/neuron/{node}", "/neuron/+"],
    ["plain", "plain"],
  ])("%s subscribes to %s", (text, filter) => {
    expect(template(text).filter).toBe(filter);
  });

  test.each([
    ["{site}/{machine}/telemetry", "p1/m1/telemetry", { site: "p1", machine: "m1" }],
    ["{site}/{machine}/telemetry", "p1/m1/other", null],
    ["{site}/{machine}/telemetry", "p1/m1/x/telemetry", null],
    ["{site}/{machine}/telemetry", "p1//telemetry", null],
    ["f/{machine}/{metric+}", "f/m1/a", { machine: "m1", metric: "a" }],
    ["f/{machine}/{metric+}", "f/m1/a/b/c", { machine: "m1", metric: "a/b/c" }],
    ["f/{machine}/{metric+}", "f/m1", null],
    ["f/{machine}/{metric+}", "f/m1/a//c", null],
    ["a/+/{m}", "a/anything/m1", { m: "m1" }],
    ["a/+/{m}", "a//m1", { m: "m1" }],
    ["{all+}", "$SYS/broker", null],
    ["+/{x}", "$SYS/broker", null],
    ["$SYS/{x}", "$SYS/broker", { x: "broker" }],
    ["plain", "plain", {}],
  ])("%s on %s captures %j", (text, topic, expected) => {
    expect(template(text).match(topic)).toEqual(expected);
    expect(template(text).match(topic, topic.split("/"))).toEqual(expected);
  });

  test("lists its names in the order of the levels", () => {
    expect(template("{b}/x/{a}/+/{rest+}").names).toEqual(["b", "a", "rest"]);
  });

  test.each(["", "{__proto__}/x", "{a}/{a}", "{rest+}/x", "a/#", "a/x{n}", "{}", "{a", "{a b}", "a+/b"])(
    "%j is refused",
    (text) => {
      expect(TopicTemplate.parse(text).ok).toBe(false);
    },
  );

  test("the machine's topic ends with the last level that names the machine", () => {
    const names = ["site", "line", "machine"];
    expect(template("u/{site}/{machine}/{metric+}").machineTopic("u/p1/m1/a/b", names)).toBe("u/p1/m1");
    expect(template("{site}/{machine}").machineTopic("p1/m1", names)).toBe("p1/m1");
    expect(template("{machine}/out/{metric}").machineTopic("m1/out/temp", names)).toBe("m1");
    expect(template("x/{metric}").machineTopic("x/temp", names)).toBe("x/temp");
    expect(template("x/{machine+}").machineTopic("x/a/b", names)).toBe("x/a/b");
  });
});
