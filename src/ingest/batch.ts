import type { Equipment } from "../plant/equipment.js";
import type { CounterFact } from "../twin/facts.js";
import { dataTypeOf } from "../twin/sample.js";
import type {
  MetricReading,
  NewSeries,
  Series,
  StoredSample,
  Twin,
  TwinDelta,
  TwinView,
} from "../twin/twin-model.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceStats } from "./source-stats.js";

/** A message, or a part of one, that could not be taken. */
export interface DeadLetter {
  readonly receivedAt: number;
  readonly source: string;
  readonly topic: string;
  readonly mapping: string | null;
  readonly reason: string;
  readonly payload: Buffer;
}

/** All that one message caused. It is committed as a whole or not at all. */
export interface Entry {
  /** Tells the broker, once it is committed. */
  readonly ack: (() => void) | null;
  readonly stats: SourceStats | null;
  /** Under which it may be written; once that ends, its message comes again to whoever consumes the source then. */
  readonly lease: SourceLease | null;
  readonly equipment: readonly Equipment[];
  readonly discovered: readonly MetricReading[];
  readonly twin: Twin | null;
  readonly view: TwinView | null;
  readonly readings: readonly MetricReading[];
  readonly samples: readonly StoredSample[];
  readonly counters: readonly CounterFact[];
  readonly deadLetters: readonly DeadLetter[];
  /** For a dead letter, should the database refuse the entry itself. */
  readonly origin: { topic: string; payload: Buffer; source: string; receivedAt: number } | null;
}

/** Many entries as few statements want them: per machine and metric only the last state counts. */
export interface Assembled {
  readonly leases: readonly SourceLease[];
  readonly equipment: readonly Equipment[];
  readonly series: readonly NewSeries[];
  readonly fresh: readonly StoredSample[];
  readonly old: readonly StoredSample[];
  readonly twins: readonly TwinDelta[];
  readonly counters: readonly CounterFact[];
  readonly deadLetters: readonly DeadLetter[];
}

export function assemble(entries: readonly Entry[]): Assembled {
  const leases = new Set<SourceLease>();
  const equipment = new Set<Equipment>();
  const series = new Map<Series, NewSeries>();
  const fresh: StoredSample[] = [];
  const old: StoredSample[] = [];
  const twins = new Map<Twin, { view: TwinView; readings: Map<string, MetricReading> }>();
  const counters: CounterFact[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const entry of entries) {
    if (entry.lease !== null) leases.add(entry.lease);
    for (const node of entry.equipment) equipment.add(node);
    for (const letter of entry.deadLetters) deadLetters.push(letter);
    const { twin, view } = entry;
    if (twin === null || view === null) continue;
    let delta = twins.get(twin);
    if (!delta) {
      delta = { view, readings: new Map() };
      twins.set(twin, delta);
    }
    delta.view = view;
    for (const reading of entry.discovered) addSeries(series, twin, reading);
    for (const reading of entry.readings) {
      delta.readings.set(reading.name, reading);
      addSeries(series, twin, reading);
    }
    for (const sample of entry.samples) {
      (sample.fresh ? fresh : old).push(sample);
      if (sample.series.id === null && !series.has(sample.series)) {
        const dataType = sample.series.definition?.dataType ?? dataTypeOf(sample.value);
        series.set(sample.series, { machine: twin.machine, series: sample.series, dataType });
      }
    }
    for (const counter of entry.counters) counters.push(counter);
  }
  return {
    leases: [...leases],
    equipment: [...equipment],
    series: [...series.values()],
    fresh,
    old,
    twins: [...twins].map(([twin, { view, readings }]) => ({ twin, view, readings: [...readings.values()] })),
    counters,
    deadLetters,
  };
}

function addSeries(series: Map<Series, NewSeries>, twin: Twin, reading: MetricReading): void {
  if (reading.series.id !== null || series.has(reading.series)) return;
  series.set(reading.series, { machine: twin.machine, series: reading.series, dataType: reading.dataType });
}
