import type { MachineType } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { MachineState } from "../twin/packml.js";
import type { Scalar } from "../twin/sample.js";
import type { Series, StoredSample } from "../twin/twin-model.js";
import type { AlarmFact, AlarmTurn, Raise } from "./alarm-fact.js";
import {
  type ConditionState,
  dueAt,
  elapse,
  expire,
  judge,
  type Moment,
  NORMAL,
  type Step,
  type Turn,
  type Verdict,
} from "./alarm-state.js";
import { type Condition, conditionsOf, limitOf } from "./condition.js";
import { messageOf } from "./message.js";
import { PastStates } from "./past-states.js";
import type { Probe } from "./probe.js";
import { type Remembered, recall } from "./remembered.js";

/** What comes before a wait is over may still be on its way when a server takes a machine over. */
const PATIENCE_MS = 5_000;
const NEVER = Number.NEGATIVE_INFINITY;
const NOTHING: readonly never[] = [];
const NO_RULE = "the machine's type has no such rule any more";

interface Cell {
  readonly condition: Condition;
  readonly probe: Probe | null;
  state: ConditionState;
  /** What the probe told when it was last judged: a wait that is over since then was for that. */
  judged: Scalar;
  /** The last samples that it has seen. */
  last: Moment;
  /** Nothing more follows from the last samples alone. */
  settled: boolean;
}

/** What the samples of a message did. */
export interface Taken {
  readonly stored: readonly StoredSample[];
  readonly transient: readonly StoredSample[];
}

/** The conditions of one machine's alarms, as far as its readings tell. */
export class MachineAlarms {
  readonly twin: Twin;
  readonly type: MachineType | null;
  /** Whether samples can put off or bring on what time finds, also where they prove nothing. */
  readonly settles: boolean;
  readonly #cells: readonly Cell[];
  readonly #byMetric = new Map<string, Cell[]>();
  readonly #byState: readonly Cell[];
  readonly #states: PastStates;
  /** What is stored of conditions that there are no more. */
  #left: readonly string[];
  #status: Twin["status"];
  #fresh: boolean;

  /**
   * @param before the states of the conditions by code: as they are stored, or as they were before the rules changed.
   * @param now milliseconds.
   * @param remembered the readings of metrics up to the present one, for conditions that look back.
   */
  constructor(
    twin: Twin,
    before: ReadonlyMap<string, ConditionState>,
    now: number,
    remembered: ReadonlyMap<string, Remembered> = new Map(),
  ) {
    const type = twin.machine.machineType;
    this.twin = twin;
    this.type = type;
    this.#cells = (type ? conditionsOf(type) : []).map((condition) => ({
      condition,
      probe: condition.probe?.() ?? null,
      state: patient(before.get(condition.code) ?? NORMAL, condition, now),
      judged: null,
      last: { time: NEVER, learnedAt: NEVER },
      settled: true,
    }));
    for (const cell of this.#cells) remind(cell, remembered, now);
    for (const cell of this.#cells) {
      for (const metric of cell.condition.metrics) {
        const known = this.#byMetric.get(metric);
        if (known) known.push(cell);
        else this.#byMetric.set(metric, [cell]);
      }
    }
    this.#byState = this.#cells.filter(({ condition }) => condition.rule.condition.kind === "STATE");
    this.settles = this.#cells.some(({ probe }) => (probe?.settlesAfterMs ?? null) !== null);
    const codes = new Set(this.#cells.map(({ condition }) => condition.code));
    this.#left = [...before.keys()].filter((code) => !codes.has(code));
    this.#states = new PastStates(twin.state, twin.stateSince?.getTime() ?? null);
    this.#status = twin.status;
    this.#fresh = true;
    // A sample of one metric may come before the first look, and is judged with what the others are.
    for (const cell of this.#cells) {
      this.#present(cell);
      cell.judged = cell.probe?.value ?? null;
    }
  }

  get states(): ReadonlyMap<string, ConditionState> {
    return new Map(
      this.#cells
        .filter(({ state }) => state.phase !== "NORMAL")
        .map(({ condition, state }) => [condition.code, state]),
    );
  }

  /** What the samples of a message say, which the twin shows already. @param receivedAt milliseconds. */
  take({ stored, transient }: Taken, receivedAt: number): AlarmFact[] {
    const facts: AlarmFact[] = [];
    const states = this.#states.take(transient, this.#states.take(stored)) ?? NOTHING;
    this.#samples(stored, receivedAt, facts);
    if (transient.length > 0) this.#samples(transient, receivedAt, facts);
    for (const { state, from } of states) {
      const moment = { time: from, learnedAt: receivedAt };
      for (const cell of this.#byState) this.#step(cell, this.#stateVerdict(cell, state), moment, facts);
    }
    if (this.twin.status !== this.#status) this.#look(receivedAt, facts);
    return facts;
  }

  /** Looks at the twin as it is: readings became stale, or the machine is there or gone. @param now milliseconds. */
  changed(now: number): AlarmFact[] {
    const facts: AlarmFact[] = [];
    this.#look(now, facts);
    return facts;
  }

  /** What follows from time alone. @param now milliseconds. */
  pass(now: number): AlarmFact[] {
    const facts: AlarmFact[] = [];
    if (this.#fresh) this.#begin(now, facts);
    else this.#look(now, facts);
    for (const cell of this.#cells) {
      const settles = this.#settlesAt(cell);
      if (settles !== null && settles <= now) {
        const after = cell.probe?.settlesAfterMs ?? 0;
        cell.settled = true;
        this.#step(cell, this.#verdict(cell, cell.last.time + after), later(cell.last, after), facts);
      }
      const due = dueAt(cell.state, cell.condition.rule);
      if (due !== null && due <= now) this.#end(cell, expire(cell.state, now, cell.condition.rule), facts);
    }
    return facts;
  }

  /** When `pass` may next find something, in milliseconds. */
  get due(): number {
    if (this.#fresh) return NEVER;
    return this.#cells.reduce(
      (due, cell) =>
        Math.min(
          due,
          dueAt(cell.state, cell.condition.rule) ?? Number.POSITIVE_INFINITY,
          this.#settlesAt(cell) ?? Number.POSITIVE_INFINITY,
        ),
      Number.POSITIVE_INFINITY,
    );
  }

  #samples(samples: readonly StoredSample[], receivedAt: number, facts: AlarmFact[]): void {
    const touched: Cell[] = [];
    let time = NEVER;
    // Values of one moment are looked at together: a setpoint and what follows it may come in one message.
    const flush = () => {
      for (const cell of touched) {
        const last = { time: Math.max(cell.last.time, time), learnedAt: receivedAt };
        cell.last = last;
        cell.settled = false;
        this.#step(cell, this.#verdict(cell, last.time), last, facts);
      }
      touched.length = 0;
    };
    for (const { series, time: at, value, quality, shown } of samples) {
      const cells = shown ? this.#byMetric.get(series.metric) : undefined;
      if (!cells) continue;
      if (at !== time && touched.length > 0) flush();
      time = at;
      for (const cell of cells) {
        if (quality === "BAD") cell.probe?.lose(series.metric);
        else cell.probe?.put(series.metric, value, Math.max(cell.last.time, at));
        if (!touched.includes(cell)) touched.push(cell);
      }
    }
    if (touched.length > 0) flush();
  }

  #look(now: number, facts: AlarmFact[]): void {
    this.#status = this.twin.status;
    for (const cell of this.#cells) {
      const { verdict } = this.#present(cell);
      if (verdict !== null)
        this.#set(cell, judge(cell.state, verdict, here(now), cell.condition.rule), facts);
    }
  }

  /** The first look: readings tell since when a condition holds, and what is gone has no condition any more. */
  #begin(now: number, facts: AlarmFact[]): void {
    this.#fresh = false;
    this.#status = this.twin.status;
    for (const cell of this.#cells) {
      const present = this.#present(cell);
      const { at, learnedAt } = present;
      const verdict = present.verdict ?? this.#recalled(cell);
      const held = verdict === "met" && at !== NEVER;
      const step = judge(
        cell.state,
        verdict,
        held ? { time: at, learnedAt } : here(now),
        cell.condition.rule,
      );
      this.#set(cell, step && { ...step, state: patient(step.state, cell.condition, now) }, facts);
    }
    for (const code of this.#left)
      facts.push({
        machine: this.twin.machine,
        code,
        state: NORMAL,
        turn: { kind: "CLEARED", at: now, why: NO_RULE },
      });
    this.#left = [];
  }

  /**
   * What a condition that looks back says before the next reading. It was judged by the last one before it was stored, so
   * that it can go on with a wait, and begins nothing. What it does not remember proves no wait.
   */
  #recalled({ state, probe, last }: Cell): Verdict {
    const waits = state.phase === "PENDING" || state.phase === "CLEARING";
    return waits && last.time !== NEVER ? (probe?.verdict(last.time) ?? "neither") : "neither";
  }

  /** What the twin as it is says of a condition; a null verdict where it says nothing. */
  #present(cell: Cell): { verdict: Verdict | null } & { at: number; learnedAt: number } {
    const { twin } = this;
    const { condition, probe } = cell;
    const since = twin.since?.getTime() ?? NEVER;
    if (condition.rule.condition.kind === "OFFLINE") {
      const verdict = twin.status === "OFFLINE" ? "met" : twin.status === "UNKNOWN" ? "neither" : "unmet";
      return { verdict, at: since, learnedAt: since };
    }
    if (probe === null) {
      const at = twin.stateSince?.getTime() ?? NEVER;
      return { verdict: this.#stateVerdict(cell, twin.state), at, learnedAt: at };
    }
    let at = NEVER;
    let learnedAt = NEVER;
    let known = twin.status !== "OFFLINE";
    for (const metric of condition.metrics) {
      const series = twin.series(metric);
      if (series && isKnown(twin, series)) {
        const time = twin.table.time(series.place);
        if (probe.remembersMs === null) probe.put(metric, twin.table.value(series.place), time);
        at = Math.max(at, time);
        learnedAt = Math.max(learnedAt, twin.table.receivedAt(series.place));
      } else {
        probe.lose(metric);
        known = false;
      }
    }
    if (!known) return { verdict: "neither", at, learnedAt };
    return { verdict: probe.remembersMs === null ? probe.verdict(at) : null, at, learnedAt };
  }

  #verdict(cell: Cell, time: number): Verdict {
    // What a broker kept of a machine that is gone is not how it is.
    return this.twin.status === "OFFLINE" ? "neither" : (cell.probe?.verdict(time) ?? "neither");
  }

  #stateVerdict({ condition }: Cell, state: MachineState): Verdict {
    const wanted = condition.rule.condition;
    if (wanted.kind !== "STATE" || this.twin.status === "OFFLINE") return "neither";
    return wanted.states.includes(state) ? "met" : "unmet";
  }

  #settlesAt({ probe, settled, last, state }: Cell): number | null {
    if (settled || state.phase === "NORMAL") return null;
    const after = probe?.settlesAfterMs ?? null;
    return after === null ? null : last.learnedAt + after;
  }

  #step(cell: Cell, verdict: Verdict, moment: Moment, facts: AlarmFact[]): void {
    const { rule } = cell.condition;
    this.#end(cell, elapse(cell.state, moment, rule), facts);
    this.#set(cell, judge(cell.state, verdict, moment, rule), facts);
  }

  /** A verdict came: what raises an alarm is what it was about. */
  #set(cell: Cell, step: Step | null, facts: AlarmFact[]): void {
    cell.judged = cell.probe?.value ?? null;
    this.#apply(cell, step, facts, (at) => this.#states.at(at));
  }

  /** A wait is over: what raises an alarm is what held until then, whatever has come since. */
  #end(cell: Cell, step: Step | null, facts: AlarmFact[]): void {
    this.#apply(cell, step, facts, (at) => this.#states.before(at));
  }

  #apply(cell: Cell, step: Step | null, facts: AlarmFact[], stateAt: (time: number) => MachineState): void {
    if (step === null) return;
    const { condition, judged } = cell;
    cell.state = step.state;
    const turn = step.turn && this.#turn(condition, step.turn, judged, stateAt);
    facts.push({ machine: this.twin.machine, code: condition.code, state: step.state, turn });
  }

  #turn(
    condition: Condition,
    { kind, at }: Turn,
    judged: Scalar,
    stateAt: (time: number) => MachineState,
  ): AlarmTurn {
    return kind === "RAISED"
      ? { kind, at, raise: this.#raise(condition, judged, stateAt(at)) }
      : { kind, at, why: null };
  }

  #raise(condition: Condition, judged: Scalar, state: MachineState): Raise {
    const { twin } = this;
    const { rule, code, severity, template, metrics } = condition;
    const metric = metrics[0] ?? null;
    const series = metric === null ? undefined : twin.series(metric);
    const value = rule.condition.kind === "STATE" ? state : judged;
    const limit = limitOf(rule);
    const fields = {
      machine: twin.machine.name,
      path: twin.machine.path,
      state,
      unit: (series?.definition ? series.definition.unit : series?.hint?.unit) ?? null,
      ...{ code, metric, value, limit },
    };
    const message = messageOf(template, fields);
    const opens = rule.opensMaintenance;
    const maintenance = opens && {
      kind: opens.kind,
      title: opens.title === null ? message : messageOf(opens.title, fields),
      description: message,
      priority: opens.priority,
    };
    return { severity, message, metric, value, limit, maintenance };
  }
}

/** Lets a condition that looks back see what came before. */
function remind(cell: Cell, remembered: ReadonlyMap<string, Remembered>, now: number): void {
  const { condition, probe } = cell;
  const [metric] = condition.metrics;
  const known = metric === undefined ? undefined : remembered.get(metric);
  if (!probe || probe.remembersMs === null || metric === undefined || !known) return;
  const time = recall(probe, metric, known);
  if (time === null) return;
  const after = probe.settlesAfterMs ?? 0;
  const learnedAt = Math.max(known.receivedAt, now + Math.min(PATIENCE_MS, after) - after);
  cell.last = { time, learnedAt };
  cell.settled = false;
}

function isKnown(twin: Twin, { place }: Series): boolean {
  const { table } = twin;
  return table.time(place) !== NEVER && table.quality(place) !== "BAD" && !table.isStale(place);
}

function here(now: number): Moment {
  return { time: now, learnedAt: now };
}

function later({ time, learnedAt }: Moment, ms: number): Moment {
  return { time: time + ms, learnedAt: learnedAt + ms };
}

/** The same, with its wait not over before what the broker has kept can have come. */
function patient(state: ConditionState, { rule }: Condition, now: number): ConditionState {
  const due = dueAt(state, rule);
  if (due === null) return state;
  const wait = due - state.learnedAt;
  return { ...state, learnedAt: Math.max(state.learnedAt, now + Math.min(PATIENCE_MS, wait) - wait) };
}
