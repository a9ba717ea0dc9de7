import { describe, expect, test } from "vitest";
import { alarmRuleOf } from "./alarm-settings.js";
import { formatProblem, parsePlantFile } from "./plant-file.js";

function file(rules: string): string {
  return `machineTypes:
  - name: filler
    metrics:
      - { name: temperature, unit: "°C" }
      - { name: wanted }
      - { name: name, type: String }
      - { name: state, type: String, role: STATE }
      - { name: code, type: Int64, role: FAULT }
    alarms:
${rules
  .trim()
  .split("\n")
  .map((line) => `      ${line}`)
  .join("\n")}
`;
}

function rules(text: string) {
  const parsed = parsePlantFile(file(text), {});
  if (!parsed.ok) throw new Error(parsed.error.map((one) => formatProblem("file", one)).join("\n"));
  return (parsed.value.machineTypes[0]?.alarms ?? []).map(alarmRuleOf);
}

function problemsOf(text: string): string[] {
  const parsed = parsePlantFile(file(text), {});
  return parsed.ok ? [] : parsed.error.map((problem) => formatProblem("file", problem));
}

test("each kind of rule is read", () => {
  const read = rules(`
- { code: HOT, severity: CRITICAL, limit: { metric: temperature, above: 80, hysteresis: 2 }, delay: 10s, clearDelay: 5s }
- { code: FALLS, rate: { metric: temperature, below: -5, per: 1m } }
- { code: AWAY, deviation: { metric: temperature, from: wanted, above: 3 } }
- { code: ODD, deviation: { metric: temperature, fromMean: 10m, above: 3, hysteresis: 1 } }
- { code: HELD, state: { in: HELD, longerThan: 5m } }
- { code: FAULT, fault: { codes: { 17: Jam, 23: { message: Fire, severity: CRITICAL } } } }
- { code: BITS, fault: { metric: code, bits: { 3: Door } } }
- { code: GONE, offline: true, opensMaintenance: { title: "Look after {machine}" } }`);
  expect(read.map(({ condition }) => condition)).toEqual([
    { kind: "LIMIT", metric: "temperature", above: 80, below: null, hysteresis: 2 },
    {
      kind: "RATE",
      metric: "temperature",
      perMs: 60_000,
      overMs: 60_000,
      above: null,
      below: -5,
      hysteresis: 0,
    },
    { kind: "DEVIATION", metric: "temperature", from: { metric: "wanted" }, above: 3, hysteresis: 0 },
    { kind: "DEVIATION", metric: "temperature", from: { meanMs: 600_000 }, above: 3, hysteresis: 1 },
    { kind: "STATE", states: ["HELD"] },
    {
      ...{ kind: "FAULT", metric: null, bits: false },
      codes: [
        { code: "17", message: "Jam", severity: null },
        { code: "23", message: "Fire", severity: "CRITICAL" },
      ],
    },
    { kind: "FAULT", metric: "code", bits: true, codes: [{ code: "3", message: "Door", severity: null }] },
    { kind: "OFFLINE" },
  ]);
  expect(read[0]).toMatchObject({
    severity: "CRITICAL",
    delayMs: 10_000,
    clearDelayMs: 5_000,
    message: null,
  });
  expect(read[1]).toMatchObject({ severity: "WARNING", delayMs: 0, clearDelayMs: 0, opensMaintenance: null });
  expect(read[4]).toMatchObject({ delayMs: 300_000 });
  expect(read[7]?.opensMaintenance).toEqual({
    kind: "CORRECTIVE",
    title: "Look after {machine}",
    priority: 50,
  });
});

describe("a rule that makes no sense is told with its line and field", () => {
  test.each([
    ["- { code: A }", "file:10: machineTypes[0].alarms[0]: needs exactly one of limit, rate"],
    [
      "- { code: A, offline: true, limit: { metric: temperature, above: 1 } }",
      "file:10: machineTypes[0].alarms[0]: needs exactly one of",
    ],
    [
      "- { code: A, offline: true, opensMaintenance: { priority: 1001 } }",
      "alarms[0].opensMaintenance.priority: must be 0 to 1,000",
    ],
    ["- { code: A, limit: { metric: temperature } }", "alarms[0].limit: needs either above or below"],
    [
      "- { code: A, limit: { metric: temperature, above: 1, below: 2 } }",
      "alarms[0].limit: needs either above or below",
    ],
    [
      "- code: A\n  limit:\n    metric: presure\n    above: 1",
      'file:12: machineTypes[0].alarms[0].limit.metric: there is no metric "presure" in this machine type',
    ],
    [
      "- { code: A, limit: { metric: name, above: 1 } }",
      'alarms[0].limit.metric: "name" is a String, not a number',
    ],
    [
      "- { code: A, deviation: { metric: temperature, above: 1 } }",
      "alarms[0].deviation: needs either from (a metric) or fromMean (a duration)",
    ],
    [
      "- { code: A, deviation: { metric: temperature, from: wished, above: 1 } }",
      'alarms[0].deviation.from: there is no metric "wished"',
    ],
    [
      "- { code: A, deviation: { metric: temperature, from: wanted, above: 1, hysteresis: 2 } }",
      "alarms[0].deviation.hysteresis: must not be more than above",
    ],
    ["- { code: A, rate: { metric: temperature, above: 1 } }", "alarms[0].rate.per"],
    ["- { code: A, state: { in: [SLEEPING], longerThan: 1m } }", "alarms[0].state.in"],
    ["- { code: A, delay: 1m, state: { in: HELD, longerThan: 1m } }", "alarms[0].delay: is longerThan"],
    [
      "- { code: A, fault: { metric: code, bits: { 64: x } } }",
      "alarms[0].fault.bits.64: must be the number of a bit",
    ],
    [
      "- { code: A, fault: { metric: code, bits: { 1: x }, codes: { 1: x } } }",
      "alarms[0].fault.bits: give codes or bits, not both",
    ],
    ["- { code: A, fault: { metric: nope } }", 'alarms[0].fault.metric: there is no metric "nope"'],
    [
      '- { code: A, message: "{machne}", offline: true }',
      "alarms[0].message: knows no {machne}; there are {machine}, {path}",
    ],
    [
      "- { code: A, offline: true }\n- { code: A, offline: true }",
      'file:11: machineTypes[0].alarms[1].code: two rules make the alarm "A"',
    ],
    [
      "- { code: A, fault: { codes: { 1: x } } }\n- { code: A-1, offline: true }",
      'alarms[1].code: two rules make the alarm "A-1"',
    ],
    ["- { code: a b, offline: true }", "alarms[0].code: must be of letters"],
    ["- { code: A, severity: BAD, offline: true }", "alarms[0].severity"],
    ["- { code: A, delay: -1s, offline: true }", "alarms[0].delay"],
    ["- { code: A, offline: true, opensMaintenance: { kind: NEVER } }", "alarms[0].opensMaintenance.kind"],
  ])("%s", (text, problem) => {
    expect(problemsOf(text).join("\n")).toContain(problem);
  });

  test("a rule about states or faults needs a metric that tells them", () => {
    const bare = (text: string) => {
      const parsed = parsePlantFile(`machineTypes: [{ name: a, alarms: [${text}] }]`, {});
      return parsed.ok ? [] : parsed.error.map(({ field, message }) => `${field}: ${message}`);
    };
    expect(bare("{ code: A, state: { in: HELD, longerThan: 1m } }")).toEqual([
      "machineTypes[0].alarms[0].state: needs a metric with the role STATE",
    ]);
    expect(bare("{ code: A, fault: {} }")).toEqual([
      "machineTypes[0].alarms[0].fault: names no metric, and none has the role FAULT",
    ]);
  });
});
