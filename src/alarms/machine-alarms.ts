import type { MachineType } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Scalar } from "../twin/sample.js";
import type { Series, StateChange, StoredSample } from "../twin/twin-model.js";
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
import type { Probe } from "./probe.js";

/** What comes before a wait is over may still be on its way when a server takes a machine over. */
const PATIENCE_MS = 5_000;
const NEVER = Number.NEGATIVE_INFINITY;

interface Cell {
  readonly condition: Condition;
  readonly probe: Probe | null;
  state: ConditionState;
  /** The last samples that it has seen. */
  last: Moment;
  /** Nothing more follows from the last samples alone. */
  settled: boolean;
}

/** What the samples of a message did. */
export interface Taken {
  readonly stored: readonly StoredSample[];
  readonly transient: readonly StoredSample[];
  readonly state: StateChange | null;
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
  /** What is stored of conditions that there are no more. */
  #left: readonly string[];
  #status: Twin["status"];
  #fresh: boolean;

  /**
   * @param before the states of the conditions by code: as they are stored, or as they were before the rules changed.
   * @param now milliseconds.
   */
  constructor(twin: Twin, before: ReadonlyMap<string, ConditionState>, now: number) {
    const type = twin.machine.machineType;
    this.twin = twin;
    this.type = type;
    this.#cells = (type ? conditionsOf(type) : []).map((condition) => ({
      condition,
      probe: condition.probe?.() ?? null,
      state: patient(before.get(condition.code) ?? NORMAL, condition, now),
      last: { time: NEVER, learnedAt: NEVER },
      settled: true,
    }));
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
    this.#status = twin.status;
    this.#fresh = true;
    // A sample of one metric may come before the first look, and is judged with what the others are.
    for (const cell of this.#cells) this.#present(cell);
  }

  get states(): ReadonlyMap<string, ConditionState> {
    return new Map(
      this.#cells
        .filter(({ state }) => state.phase !== "NORMAL")
        .map(({ condition, state }) => [condition.code, state]),
    );
  }

  /** What the samples of a message say, which the twin shows already. @param receivedAt milliseconds. */
  take({ stored, transient, state }: Taken, receivedAt: number): AlarmFact[] {
    const facts: AlarmFact[] = [];
    this.#samples(stored, receivedAt, facts);
    if (transient.length > 0) this.#samples(transient, receivedAt, facts);
    if (state !== null) {
      const moment = { time: state.at.getTime(), learnedAt: receivedAt };
      for (const cell of this.#byState) this.#step(cell, this.#stateVerdict(cell), moment, facts);
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
      if (due !== null && due <= now) this.#set(cell, expire(cell.state, now, cell.condition.rule), facts);
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
      // What it remembered is gone with the server before, and proves no wait any more.
      const verdict = present.verdict ?? "neither";
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
        turn: { kind: "CLEARED", at: now },
      });
    this.#left = [];
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
      return { verdict: this.#stateVerdict(cell), at, learnedAt: at };
    }
    let at = NEVER;
    let learnedAt = NEVER;
    let known = twin.status !== "OFFLINE";
    for (const metric of condition.metrics) {
      const series = twin.series(metric);
      if (series && isKnown(twin, series)) {
        const time = twin.table.time(series.place);
        if (!probe.remembers) probe.put(metric, twin.table.value(series.place), time);
        at = Math.max(at, time);
        learnedAt = Math.max(learnedAt, twin.table.receivedAt(series.place));
      } else {
        probe.lose(metric);
        known = false;
      }
    }
    if (!known) return { verdict: "neither", at, learnedAt };
    return { verdict: probe.remembers ? null : probe.verdict(at), at, learnedAt };
  }

  #verdict(cell: Cell, time: number): Verdict {
    // What a broker kept of a machine that is gone is not how it is.
    return this.twin.status === "OFFLINE" ? "neither" : (cell.probe?.verdict(time) ?? "neither");
  }

  #stateVerdict({ condition }: Cell): Verdict {
    const wanted = condition.rule.condition;
    const { state, status } = this.twin;
    if (wanted.kind !== "STATE" || status === "OFFLINE") return "neither";
    return wanted.states.includes(state) ? "met" : "unmet";
  }

  #settlesAt({ probe, settled, last, state }: Cell): number | null {
    if (settled || state.phase === "NORMAL") return null;
    const after = probe?.settlesAfterMs ?? null;
    return after === null ? null : last.learnedAt + after;
  }

  #step(cell: Cell, verdict: Verdict, moment: Moment, facts: AlarmFact[]): void {
    const { rule } = cell.condition;
    this.#set(cell, elapse(cell.state, moment, rule), facts);
    this.#set(cell, judge(cell.state, verdict, moment, rule), facts);
  }

  #set(cell: Cell, step: Step | null, facts: AlarmFact[]): void {
    if (step === null) return;
    cell.state = step.state;
    const turn = step.turn && this.#turn(cell, step.turn);
    facts.push({ machine: this.twin.machine, code: cell.condition.code, state: step.state, turn });
  }

  #turn({ condition, probe }: Cell, { kind, at }: Turn): AlarmTurn {
    return kind === "RAISED"
      ? { kind, at, raise: this.#raise(condition, probe?.value ?? null) }
      : { kind, at };
  }

  #raise(condition: Condition, probed: Scalar): Raise {
    const { twin } = this;
    const { rule, code, severity, template, metrics } = condition;
    const metric = metrics[0] ?? null;
    const series = metric === null ? undefined : twin.series(metric);
    const value = rule.condition.kind === "STATE" ? twin.state : probed;
    const limit = limitOf(rule);
    const fields = {
      machine: twin.machine.name,
      path: twin.machine.path,
      state: twin.state,
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
