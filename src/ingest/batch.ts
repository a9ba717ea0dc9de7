import type { AlarmFact } from "../alarms/alarm-fact.js";
import { type Frame, type FrameOrigin, framesOf, type Unsure } from "../history/frame.js";
import type { Equipment } from "../plant/equipment.js";
import type { MachineType } from "../plant/machine-type.js";
import type { BirthFact, CounterFact, StateFact } from "../twin/facts.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinHead } from "../twin/twin-head.js";
import type { NewSeries, Series, StoredSample } from "../twin/twin-model.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceStats } from "./source-stats.js";

const NOTHING: readonly never[] = [];

/** A message, or a part of one, that could not be taken. */
export interface DeadLetter {
  readonly receivedAt: number;
  readonly source: string;
  readonly topic: string;
  readonly mapping: string | null;
  readonly reason: string;
  readonly payload: Buffer;
}

/** The message that an entry comes from. */
export interface EntryMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Milliseconds. */
  readonly receivedAt: number;
  /** Tells the broker that it is safe. */
  ack(): void;
}

/** All that one message caused, or a passing of time. It is committed as a whole or not at all. */
export class Entry {
  /** Acknowledged once it is committed; null where no message waits for that. */
  readonly message: EntryMessage | null;
  readonly stats: SourceStats | null;
  /** Under which it may be written; once that ends, its message comes again to whoever consumes the source then. */
  readonly lease: SourceLease | null;
  /** When what it tells came, in milliseconds: with its message unless told. */
  receivedAt: number;
  /** Types that have learned of devices. */
  types: readonly MachineType[] = NOTHING;
  equipment: readonly Equipment[] = NOTHING;
  discovered: readonly Series[] = NOTHING;
  twin: Twin | null = null;
  /** The twin's revision after it. */
  revision = 0;
  /** Of the twin after it, where the history does not tell it. */
  head: TwinHead | null = null;
  samples: readonly StoredSample[] = NOTHING;
  counters: readonly CounterFact[] = NOTHING;
  states: readonly StateFact[] = NOTHING;
  births: readonly BirthFact[] = NOTHING;
  alarms: readonly AlarmFact[] = NOTHING;
  deadLetters: readonly DeadLetter[] = NOTHING;

  constructor(message: EntryMessage | null, stats: SourceStats | null, lease: SourceLease | null) {
    this.message = message;
    this.stats = stats;
    this.lease = lease;
    this.receivedAt = message?.receivedAt ?? 0;
  }
}

/** Counts a message of which nothing will be stored here. The broker has it still, except at QoS 0. */
export function leave(message: EntryMessage, stats: SourceStats): void {
  if (message.qos === 0) stats.dropped += 1;
  else stats.returned += 1;
}

/** Many entries as few statements want them: of each twin only the last head counts. */
export interface Assembled {
  readonly leases: readonly SourceLease[];
  readonly types: readonly MachineType[];
  readonly equipment: readonly Equipment[];
  readonly series: readonly NewSeries[];
  /** Frames of samples that are newer than all before them. */
  readonly fresh: readonly Frame[];
  readonly old: readonly Unsure[];
  readonly twins: readonly TwinHead[];
  readonly counters: readonly CounterFact[];
  readonly states: readonly StateFact[];
  readonly births: readonly BirthFact[];
  readonly alarms: readonly AlarmFact[];
  readonly deadLetters: readonly DeadLetter[];
}

export function assemble(entries: readonly Entry[]): Assembled {
  const leases = new Set<SourceLease>();
  const types = new Map<string, MachineType>();
  const equipment = new Set<Equipment>();
  const series = new Map<Series, NewSeries>();
  const fresh: Frame[] = [];
  const old: Unsure[] = [];
  const heads = new Map<Twin, TwinHead>();
  const counters: CounterFact[] = [];
  const states: StateFact[] = [];
  const births: BirthFact[] = [];
  const alarms: AlarmFact[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const entry of entries) {
    if (entry.lease !== null) leases.add(entry.lease);
    for (const type of entry.types) types.set(type.name, type);
    for (const node of entry.equipment) equipment.add(node);
    for (const letter of entry.deadLetters) deadLetters.push(letter);
    for (const counter of entry.counters) counters.push(counter);
    for (const state of entry.states) states.push(state);
    for (const birth of entry.births) births.push(birth);
    for (const alarm of entry.alarms) alarms.push(alarm);
    const { twin, head } = entry;
    if (twin === null) continue;
    if (head !== null) heads.set(twin, head);
    for (const one of entry.discovered) addSeries(series, twin, one);
    for (const sample of entry.samples) if (sample.series.id === null) addSeries(series, twin, sample.series);
    if (entry.samples.length > 0) addSamples(entry, twin, fresh, old);
  }
  return {
    leases: [...leases],
    types: [...types.values()],
    equipment: [...equipment],
    series: [...series.values()],
    fresh,
    old,
    twins: [...heads.values()],
    counters,
    states,
    births,
    alarms,
    deadLetters,
  };
}

function addSamples(entry: Entry, twin: Twin, fresh: Frame[], old: Unsure[]): void {
  const origin: FrameOrigin = {
    machineId: twin.machine.id,
    receivedAt: entry.receivedAt,
    revision: entry.revision,
    retained: entry.message?.retain ?? false,
  };
  let news = entry.samples;
  if (!news.every(isFresh)) {
    for (const sample of news) if (!sample.fresh) old.push({ origin, sample });
    news = news.filter(isFresh);
  }
  for (const frame of framesOf(origin, news)) fresh.push(frame);
}

function isFresh(sample: StoredSample): boolean {
  return sample.fresh;
}

function addSeries(found: Map<Series, NewSeries>, twin: Twin, series: Series): void {
  if (series.id !== null || found.has(series)) return;
  const dataType = series.definition?.dataType ?? twin.table.dataType(series.place);
  found.set(series, { machine: twin.machine, series, dataType });
}
