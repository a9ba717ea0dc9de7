import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { AlarmCondition, AlarmRule } from "../plant/alarm-rule.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { applyConnectivity, applySamples, applyTime } from "../twin/twin.js";
import type { AlarmFact } from "./alarm-fact.js";
import { type ConditionState, NORMAL } from "./alarm-state.js";
import { MachineAlarms } from "./machine-alarms.js";

const HOT: AlarmCondition = { kind: "LIMIT", metric: "temperature", above: 80, below: null, hysteresis: 2 };

function rule(code: string, condition: AlarmCondition, more: Partial<AlarmRule> = {}): AlarmRule {
  const none = { message: null, delayMs: 0, clearDelayMs: 0, opensMaintenance: null };
  return { code, severity: "MAJOR", ...none, condition, ...more };
}

/** A machine whose clock is the server's, and what its alarms did: `RAISED HOT 10` is at 10 s. */
class Story {
  readonly twin: Twin;
  readonly facts: AlarmFact[] = [];
  #alarms: MachineAlarms;

  constructor(rules: readonly AlarmRule[], before: ReadonlyMap<string, ConditionState> = new Map()) {
    const metrics = [
      { name: "temperature", unit: "°C" },
      { name: "wanted" },
      { name: "state", dataType: "String", role: "STATE" },
      { name: "fault", dataType: "String", role: "FAULT" },
      { name: "bits", dataType: "Int64" },
      { name: "short", staleAfterMs: 5_000 },
    ] as const;
    this.twin = makeTwin({
      ...machineType(metrics, { staleAfterMs: 7_200_000, offlineAfterMs: 3_600_000 }),
      alarms: rules,
    });
    this.#alarms = new MachineAlarms(this.twin, before, T0);
  }

  /** Samples of that second, which come `late` seconds later. */
  tell(second: number, values: Record<string, Sample["value"]>, late = 0, more: Partial<Sample> = {}): this {
    const time = T0 + second * 1_000;
    const samples = Object.entries(values).map(([metric, value]) => sample(metric, value, time, more));
    return this.message(second + late, samples);
  }

  message(second: number, samples: readonly Sample[]): this {
    const receivedAt = T0 + second * 1_000;
    const { stored, transient } = applySamples(this.twin, samples, live(receivedAt), LIMITS);
    this.facts.push(...this.#alarms.take({ stored, transient }, receivedAt));
    return this;
  }

  says(second: number, online: boolean): this {
    const at = T0 + second * 1_000;
    if (applyConnectivity(this.twin, online, new Date(at), live(at)))
      this.facts.push(...this.#alarms.changed(at));
    return this;
  }

  /** Time passes, as the server sees it every second. */
  until(second: number): this {
    for (let now = T0; now <= T0 + second * 1_000; now += 1_000) {
      if (applyTime(this.twin, now)) this.facts.push(...this.#alarms.changed(now));
      if (this.#alarms.due <= now) this.facts.push(...this.#alarms.pass(now));
    }
    return this;
  }

  /** Another server takes over, with what this one has stored. */
  takeOver(second: number, states = this.#alarms.states, remembered?: readonly [number, number][]): this {
    const samples = (remembered ?? []).map(([at, value]) => ({
      time: T0 + at * 1_000,
      value,
      quality: "GOOD" as const,
    }));
    const receivedAt = samples.at(-1)?.time ?? 0;
    const known = new Map([["temperature", { samples, receivedAt, staleAfterMs: Number.POSITIVE_INFINITY }]]);
    this.#alarms = new MachineAlarms(this.twin, states, T0 + second * 1_000, known);
    return this;
  }

  get turns(): string[] {
    return this.facts.flatMap(({ code, turn }) =>
      turn ? [`${turn.kind} ${code} ${(turn.at - T0) / 1_000}`] : [],
    );
  }

  get messages(): string[] {
    return this.facts.flatMap(({ turn }) => (turn?.kind === "RAISED" ? [turn.raise.message] : []));
  }
}

describe("a limit", () => {
  test("raises at once without a delay, and clears beyond the hysteresis", () => {
    const story = new Story([rule("HOT", HOT)]);
    for (const [second, temperature] of [
      [1, 80],
      [2, 81],
      [3, 90],
      [4, 79],
      [5, 78],
      [6, 79],
      [7, 81],
    ] as const)
      story.tell(second, { temperature });
    expect(story.turns).toEqual(["RAISED HOT 2", "CLEARED HOT 5", "RAISED HOT 7"]);
    expect(story.messages[0]).toBe("filler-1: temperature is 81 °C, above 80 °C");
  });

  test("does not raise what did not last for its delay", () => {
    const story = new Story([rule("HOT", HOT, { delayMs: 10_000 })]);
    story.tell(1, { temperature: 90 }).tell(9, { temperature: 79 }).tell(10, { temperature: 90 });
    expect(story.until(19).turns).toEqual([]);
    expect(story.until(20).turns).toEqual(["RAISED HOT 20"]);
  });

  test("that lasts is raised by the next sample or by time, at the same moment", () => {
    const rules = [rule("HOT", HOT, { delayMs: 10_000 })];
    const story = new Story(rules).tell(1, { temperature: 90 }).tell(14, { temperature: 70 });
    expect(story.turns).toEqual(["RAISED HOT 11", "CLEARED HOT 14"]);
    expect(new Story(rules).tell(1, { temperature: 90 }).until(30).turns).toEqual(["RAISED HOT 11"]);
  });

  test("waits for its clear delay, and for all of it when the value comes back meanwhile", () => {
    const story = new Story([rule("HOT", HOT, { clearDelayMs: 10_000 })]);
    story.tell(1, { temperature: 90 }).tell(2, { temperature: 70 }).tell(8, { temperature: 79 });
    story.tell(9, { temperature: 70 });
    expect(story.until(18).turns).toEqual(["RAISED HOT 1"]);
    expect(story.until(19).turns).toEqual(["RAISED HOT 1", "CLEARED HOT 19"]);
  });

  test("is not judged by bad, late, historical or repeated samples", () => {
    const story = new Story([rule("HOT", HOT)]);
    story.tell(5, { temperature: 20 });
    story.tell(6, { temperature: 99 }, 0, { quality: "BAD" });
    story.tell(3, { temperature: 99 }, 4);
    story.tell(8, { temperature: 99 }, 0, { historical: true });
    expect(story.turns).toEqual([]);
    story
      .tell(9, { temperature: 99 })
      .tell(9, { temperature: 99 })
      .tell(10, { temperature: 1 }, 0, { quality: "BAD" });
    expect(story.turns).toEqual(["RAISED HOT 9"]);
  });

  test("is judged by the newest reading of its metric, however new those of others are", () => {
    const story = new Story([rule("HOT", HOT)]).tell(10, { short: 1 });
    expect(story.tell(5, { temperature: 90 }, 6).turns).toEqual(["RAISED HOT 5"]);
    expect(story.tell(4, { temperature: 20 }, 8).turns).toEqual(["RAISED HOT 5"]);
    expect(story.tell(6, { temperature: 20 }, 8).turns).toEqual(["RAISED HOT 5", "CLEARED HOT 6"]);
  });

  test("is judged by samples that are shown and never stored", () => {
    expect(new Story([rule("HOT", HOT)]).tell(1, { temperature: 99 }, 0, { transient: true }).turns).toEqual([
      "RAISED HOT 1",
    ]);
  });

  test("a bad sample ends the wait: nobody knows whether it lasted", () => {
    const story = new Story([rule("HOT", HOT, { delayMs: 10_000 })]);
    story.tell(1, { temperature: 90 }).tell(5, { temperature: 90 }, 0, { quality: "BAD" });
    expect(story.until(30).turns).toEqual([]);
  });

  test("so does a reading that becomes stale, and a machine that goes", () => {
    const short: AlarmCondition = { ...HOT, metric: "short" };
    const story = new Story([rule("S", short, { delayMs: 10_000 }), rule("HOT", HOT, { delayMs: 10_000 })]);
    story.tell(1, { temperature: 90, short: 90 });
    story.until(3).says(4, false);
    expect(story.until(60).turns).toEqual([]);
    // It is back, and its readings are as they were: the wait begins anew.
    story.says(70, true);
    expect(story.until(90).turns).toEqual(["RAISED HOT 80"]);
  });

  test("a machine that goes keeps its alarm, and the first good value decides", () => {
    const story = new Story([rule("HOT", HOT)]).tell(1, { temperature: 90 }).says(2, false);
    expect(story.until(30).turns).toEqual(["RAISED HOT 1"]);
    expect(story.tell(31, { temperature: 20 }).turns).toEqual(["RAISED HOT 1", "CLEARED HOT 31"]);
  });

  test("a burst of what waited is judged by the device's time", () => {
    const story = new Story([rule("HOT", HOT, { delayMs: 10_000 })]);
    for (let second = 0; second <= 30; second += 1)
      story.tell(second, { temperature: second % 20 < 15 ? 90 : 20 }, 3_600 - second);
    // From 0 to 15 it lasted, from 20 on too.
    expect(story.turns).toEqual(["RAISED HOT 10", "CLEARED HOT 15", "RAISED HOT 30"]);
  });
});

describe("other conditions", () => {
  test("a rate is raised while the value moves, and ends when nothing comes any more", () => {
    const rising: AlarmCondition = {
      ...{ kind: "RATE", metric: "temperature", perMs: 60_000, overMs: 10_000 },
      ...{ above: 30, below: null, hysteresis: 0 },
    };
    const story = new Story([rule("RISES", rising)]);
    for (let second = 0; second <= 20; second += 1) story.tell(second, { temperature: 20 });
    for (let second = 21; second <= 30; second += 1) story.tell(second, { temperature: second });
    expect(story.turns).toEqual(["RAISED RISES 26"]);
    expect(story.messages).toEqual(["filler-1: temperature changes by 36 °C in 60 s, above 30 °C"]);
    expect(story.until(45).turns).toEqual(["RAISED RISES 26", "CLEARED RISES 40"]);
  });

  test("a rate of a metric that comes more rarely than its window is that between its samples", () => {
    const rate: AlarmCondition = {
      ...{ kind: "RATE", metric: "temperature", perMs: 60_000, overMs: 10_000 },
      ...{ above: 30, below: null, hysteresis: 0 },
    };
    const story = new Story([rule("HEATS", rate), rule("WARMS", { ...rate, above: 3 })]);
    // 4 °C in a minute, told every 5 minutes, the last time a little late.
    for (const [second, temperature] of [
      [0, 20],
      [300, 40],
      [600, 60],
      [907, 80.46],
    ] as const)
      story.until(second).tell(second, { temperature });
    expect(story.turns).toEqual(["RAISED WARMS 300"]);
    expect(story.messages).toEqual(["filler-1: temperature changes by 4 °C in 60 s, above 3 °C"]);
    // It comes no more.
    expect(story.until(2_000).turns).toEqual(["RAISED WARMS 300", "CLEARED WARMS 1521"]);
  });

  test("a setpoint and what follows it may change in one message", () => {
    const away: AlarmCondition = {
      ...{ kind: "DEVIATION", metric: "temperature", from: { metric: "wanted" } },
      ...{ above: 5, hysteresis: 1 },
    };
    const story = new Story([rule("AWAY", away)]);
    story.tell(1, { temperature: 20, wanted: 20 }).tell(2, { wanted: 60, temperature: 60 });
    expect(story.turns).toEqual([]);
    expect(story.tell(3, { wanted: 70 }).tell(4, { temperature: 66 }).turns).toEqual([
      "RAISED AWAY 3",
      "CLEARED AWAY 4",
    ]);
  });

  test("a state is raised when it lasts, and cleared with its end", () => {
    const held: AlarmCondition = { kind: "STATE", states: ["HELD", "ABORTED"] };
    const story = new Story([rule("HELD", held, { delayMs: 60_000 })]);
    story.tell(0, { state: "EXECUTE" }).tell(10, { state: "HELD" }).tell(40, { state: "EXECUTE" });
    story.tell(50, { state: "HELD" });
    // From one of the states into another goes on.
    story.tell(80, { state: "ABORTED" });
    expect(story.until(130).turns).toEqual(["RAISED HELD 110"]);
    expect(story.messages).toEqual(["filler-1 is ABORTED for longer than 60 s"]);
    expect(story.tell(140, { state: "IDLE" }).turns.at(-1)).toBe("CLEARED HELD 140");
  });

  test("a message names the state and the value that lasted, not what came when the wait was over", () => {
    const held: AlarmCondition = { kind: "STATE", states: ["HELD", "ABORTED"] };
    const hot = { message: "{machine} had {value} {unit} in {state}", delayMs: 10_000 };
    const fault: AlarmCondition = { kind: "FAULT", metric: null, bits: false, codes: [] };
    const story = () =>
      new Story([
        rule("HELD", held, { delayMs: 3_000 }),
        rule("HOT", HOT, hot),
        rule("FAULT", fault, { delayMs: 5_000 }),
      ]);
    const messages = [
      "filler-1 is HELD for longer than 3 s",
      "filler-1 had 90 °C in HELD",
      "filler-1: fault E1",
    ];
    const late = story().tell(0, { state: "HELD", temperature: 90, fault: "E1" });
    late.tell(60, { state: "EXECUTE", temperature: 20, fault: "" });
    expect(late.turns.slice(0, 2)).toEqual(["RAISED HOT 10", "CLEARED HOT 60"]);
    expect(late.messages.toSorted()).toEqual(messages.toSorted());
    expect(late.facts.flatMap(({ turn }) => (turn?.kind === "RAISED" ? [turn.raise.value] : []))).toEqual([
      90,
      "E1",
      "HELD",
    ]);
    // At the very moment at which the wait is over it still was so.
    const exact = story().tell(0, { state: "HELD" }).tell(3, { state: "EXECUTE" });
    expect([exact.turns, exact.messages]).toEqual([["RAISED HELD 3", "CLEARED HELD 3"], [messages[0]]]);
    // What the state is later is no matter to an alarm that is raised at once.
    const quick = new Story([rule("HOT", HOT, { ...hot, delayMs: 0 })]).tell(0, { state: "HELD" });
    const burst = [sample("temperature", 90, T0 + 5_000), sample("state", "IDLE", T0 + 9_000)];
    expect(quick.message(20, burst).messages).toEqual(["filler-1 had 90 °C in HELD"]);
  });

  test("states that one message brings are judged one after the other", () => {
    const held: AlarmCondition = { kind: "STATE", states: ["HELD"] };
    const states = [
      [0, "HELD"],
      [50, "EXECUTE"],
      [60, "HELD"],
      [65, "EXECUTE"],
    ] as const;
    const story = new Story([rule("HELD", held, { delayMs: 10_000 })]);
    story.message(
      100,
      states.map(([second, state]) => sample("state", state, T0 + second * 1_000)),
    );
    expect(story.until(120).turns).toEqual(["RAISED HELD 10", "CLEARED HELD 50"]);
    expect(story.messages).toEqual(["filler-1 is HELD for longer than 10 s"]);
  });

  test("each fault that the rule knows is an alarm of its own, the others share one", () => {
    const codes = [{ code: "17", message: "Jam of {machine}", severity: "CRITICAL" as const }];
    const fault: AlarmCondition = { kind: "FAULT", metric: null, bits: false, codes };
    const story = new Story([rule("FAULT", fault)]);
    for (const [second, value] of [null, "17", "23", "24", ""].entries())
      story.tell(second, { fault: value });
    expect(story.turns).toEqual([
      "RAISED FAULT-17 1",
      "CLEARED FAULT-17 2",
      "RAISED FAULT 2",
      "CLEARED FAULT 4",
    ]);
    expect(story.messages).toEqual(["Jam of filler-1", "filler-1: fault 23"]);
    const severities = story.facts.flatMap(({ turn }) =>
      turn?.kind === "RAISED" ? [turn.raise.severity] : [],
    );
    expect(severities).toEqual(["CRITICAL", "MAJOR"]);
  });

  test("each bit of a number is an alarm of its own", () => {
    const codes = [
      { code: "0", message: "Door", severity: null },
      { code: "3", message: "Oil", severity: null },
    ];
    const fault: AlarmCondition = { kind: "FAULT", metric: "bits", bits: true, codes };
    const story = new Story([rule("F", fault)]);
    for (const [second, bits] of [0, 0b1001, 0b1000, 0].entries()) story.tell(second, { bits });
    expect(story.turns).toEqual(["RAISED F-0 1", "RAISED F-3 1", "CLEARED F-0 2", "CLEARED F-3 3"]);
  });

  test("offline is raised by the machine's word or by silence, and cleared when it is back", () => {
    const story = new Story([rule("GONE", { kind: "OFFLINE" }, { delayMs: 30_000 })]);
    story.tell(1, { temperature: 1 }).says(2, false).says(20, true).says(40, false);
    expect(story.until(75).turns).toEqual(["RAISED GONE 70"]);
    expect(story.says(80, true).turns).toEqual(["RAISED GONE 70", "CLEARED GONE 80"]);
    const silent = new Story([rule("GONE", { kind: "OFFLINE" })]).tell(1, { temperature: 1 });
    expect(silent.until(3_700).turns).toEqual(["RAISED GONE 3601"]);
  });
});

describe("a server that takes over", () => {
  let story: Story;

  beforeEach(() => {
    story = new Story([rule("HOT", HOT, { delayMs: 60_000 })]).tell(0, { temperature: 90 });
  });

  test("goes on with the wait that was stored", () => {
    story.tell(30, { temperature: 91 }).takeOver(40);
    expect(story.until(59).turns).toEqual([]);
    expect(story.until(61).turns).toEqual(["RAISED HOT 60"]);
  });

  test("knows the setpoint when the first sample of the value comes", () => {
    const away: AlarmCondition = {
      ...{ kind: "DEVIATION", metric: "temperature", from: { metric: "wanted" } },
      ...{ above: 5, hysteresis: 1 },
    };
    const other = new Story([rule("AWAY", away, { delayMs: 60_000 })]);
    other.tell(0, { wanted: 20, temperature: 30 }).takeOver(10).tell(11, { temperature: 31 });
    expect(other.until(61).turns).toEqual(["RAISED AWAY 60"]);
  });

  test("lets what the broker has kept come first, also where the wait is over", () => {
    // It was down from 10 to 100, and the value fell at 20.
    story.takeOver(100);
    story.until(101);
    story.tell(20, { temperature: 20 }, 82);
    expect(story.until(200).turns).toEqual([]);
    // Where nothing was kept, it did last.
    const other = new Story([rule("HOT", HOT, { delayMs: 60_000 })])
      .tell(0, { temperature: 90 })
      .takeOver(100);
    expect(other.until(104).turns).toEqual([]);
    expect(other.until(105).turns).toEqual(["RAISED HOT 60"]);
  });

  test("raises nothing that is raised already, and clears what it finds gone", () => {
    story.until(60);
    expect(story.takeOver(70).until(80).turns).toEqual(["RAISED HOT 60"]);
    expect(story.takeOver(90).tell(90, { temperature: 20 }).until(100).turns).toEqual([
      "RAISED HOT 60",
      "CLEARED HOT 90",
    ]);
  });

  test("finds by the present readings what a new rule wants", () => {
    story.takeOver(600, new Map());
    expect(story.until(700).turns).toEqual(["RAISED HOT 60"]);
  });

  describe("of a condition that looks back", () => {
    const rising: AlarmCondition = {
      ...{ kind: "RATE", metric: "temperature", perMs: 10_000, overMs: 10_000 },
      ...{ above: 5, below: null, hysteresis: 0 },
    };
    const readings = Array.from({ length: 31 }, (_, second): [number, number] => [
      second,
      Math.max(10, second),
    ]);
    const told = (more: Partial<AlarmRule> = {}) => {
      const begun = new Story([rule("RISES", rising, more)]);
      for (const [second, temperature] of readings) begun.tell(second, { temperature });
      return begun;
    };

    test("goes on with its wait where it remembers, and begins it anew where it does not", () => {
      const waiting = { delayMs: 20_000 };
      expect(told(waiting).tell(36, { temperature: 36 }).turns).toEqual(["RAISED RISES 36"]);
      const recalled = told(waiting).takeOver(31, undefined, readings).until(32);
      expect(recalled.tell(36, { temperature: 36 }).turns).toEqual(["RAISED RISES 36"]);
      const forgetful = told(waiting).takeOver(31).until(32);
      expect(forgetful.tell(36, { temperature: 36 }).turns).toEqual([]);
    });

    test("ends an alarm when nothing comes any more, and raises none for what it remembers", () => {
      expect(told().turns).toEqual(["RAISED RISES 16"]);
      expect(told().takeOver(32, undefined, readings).until(60).turns).toEqual([
        "RAISED RISES 16",
        "CLEARED RISES 40",
      ]);
      expect(told().takeOver(32, new Map(), readings).until(60).turns).toEqual(["RAISED RISES 16"]);
    });
  });

  test("clears what has no rule any more", () => {
    story.takeOver(100, new Map([["OLD", { ...NORMAL, phase: "ACTIVE" }]]));
    expect(story.until(100).turns).toContain("CLEARED OLD 0");
    expect(story.facts.find(({ code }) => code === "OLD")?.turn).toMatchObject({
      why: "the machine's type has no such rule any more",
    });
  });

  test("tells the value that lasted over it", () => {
    story.takeOver(100).tell(101, { temperature: 20 }).until(110);
    expect(story.messages).toEqual(["filler-1: temperature is 90 °C, above 80 °C"]);
  });
});
