import { globalId } from "../kernel/ids.js";
import type { Equipment } from "../plant/equipment.js";
import type { DataType, MachineType, MetricDefinition } from "../plant/machine-type.js";
import { DueTimes } from "./due-times.js";
import type { MachineMode, MachineState } from "./packml.js";
import { ReadingTable } from "./reading-table.js";
import type { ConnectivityStatus, MetricReading, Route, Series, TwinView } from "./twin-model.js";

/** What the twins of a plant share: their readings, and when time alone changes something about each. */
export class TwinTables {
  readonly readings = new ReadingTable();
  readonly due = new DueTimes();
}

/**
 * A machine's twin. It is changed in place, by the rules of `twin.ts` alone; `view` and readings are made of it when
 * somebody asks, and are never changed.
 */
export class Twin {
  readonly machine: Equipment;
  readonly table: ReadingTable;
  /** Place of this twin in the table of due times. */
  readonly place: number;
  revision = 0;
  status: ConnectivityStatus = "UNKNOWN";
  since: Date | null = null;
  /** Milliseconds; NaN before the first message. */
  lastSeenAt = Number.NaN;
  state: MachineState = "UNKNOWN";
  stateSince: Date | null = null;
  mode: MachineMode = "UNKNOWN";
  route: Route | null = null;
  /** Milliseconds; no reading of this twin becomes stale by age before it. */
  nextStaleAt = Number.POSITIVE_INFINITY;
  /** Grows with every change of what the frames of the history do not tell: all above but revision and last seen. */
  headVersion = 0;
  /** The head that was last committed; -1 before the first. */
  committedVersion = -1;
  /** `lastSeenAt` as it was last committed with a head. */
  committedSeenAt = Number.NEGATIVE_INFINITY;
  readonly #due: DueTimes;
  readonly #series = new Map<string, Series>();
  /** The series in the order of the last message's samples: the next one's mostly have the same. */
  readonly #order: (Series | undefined)[] = [];
  #view: TwinView | null = null;
  #counting: { type: MachineType | null; size: number; byTotal: boolean } | null = null;

  constructor(machine: Equipment, tables = new TwinTables()) {
    this.machine = machine;
    this.table = tables.readings;
    this.#due = tables.due;
    this.place = tables.due.add();
    for (const definition of machine.machineType?.metrics ?? [])
      this.addSeries(definition.name, definition, definition.dataType);
  }

  /** Whether it counts all pieces and not the good ones. */
  get countsByTotal(): boolean {
    const type = this.machine.machineType;
    // Roles come with metrics and with the type, and a role that a metric's source told stays.
    if (this.#counting?.type !== type || this.#counting.size !== this.size) {
      let [good, total] = [false, false];
      for (const { definition, hint } of this.#series.values()) {
        const role = definition ? definition.role : hint?.role;
        good ||= role === "GOOD_COUNT";
        total ||= role === "TOTAL_COUNT";
      }
      this.#counting = { type, size: this.size, byTotal: total && !good };
    }
    return this.#counting.byTotal;
  }

  /** How many metrics it has. */
  get size(): number {
    return this.#series.size;
  }

  /** The present head. The same object until the twin changes. */
  get view(): TwinView {
    this.#view ??= {
      __typename: "Machine",
      id: globalId("Machine", this.machine.id),
      path: this.machine.path,
      name: this.machine.name,
      level: "MACHINE",
      equipment: this.machine,
      revision: this.revision,
      connectivity: {
        status: this.status,
        since: this.since,
        lastSeen: Number.isNaN(this.lastSeenAt) ? null : new Date(this.lastSeenAt),
      },
      state: this.state,
      stateSince: this.stateSince,
      mode: this.mode,
    };
    return this.#view;
  }

  /** The source that last brought something is another one, or it reaches the machine elsewhere. */
  setRoute(source: string, deviceTopic: string): void {
    if (this.route?.source === source && this.route.deviceTopic === deviceTopic) return;
    this.route = { source, deviceTopic };
    this.headVersion += 1;
  }

  /** The view no longer tells how things are. */
  touch(): void {
    this.#view = null;
  }

  series(metric: string): Series | undefined {
    return this.#series.get(metric);
  }

  allSeries(): IterableIterator<Series> {
    return this.#series.values();
  }

  /** The series of a metric, found fast where the metric stands at this position of every message. */
  seriesAt(position: number, metric: string): Series | undefined {
    const expected = this.#order[position];
    if (expected?.metric === metric) return expected;
    const found = this.#series.get(metric);
    if (found === undefined) return undefined;
    while (this.#order.length < position) this.#order.push(undefined);
    this.#order[position] = found;
    return found;
  }

  /** Makes the series of a metric, which has not reported. */
  addSeries(metric: string, definition: MetricDefinition | null, dataType: DataType): Series {
    const series: Series = {
      id: null,
      metric,
      definition,
      hint: null,
      place: this.table.add(dataType),
      trail: null,
    };
    this.#series.set(metric, series);
    return series;
  }

  /** The machine has another type, or its type has changed. Readings stay. */
  redefine(): void {
    const definitions = new Map(this.machine.machineType?.metrics.map((metric) => [metric.name, metric]));
    for (const series of this.#series.values()) series.definition = definitions.get(series.metric) ?? null;
    for (const definition of definitions.values()) {
      if (!this.#series.has(definition.name))
        this.addSeries(definition.name, definition, definition.dataType);
    }
    this.dueAt(Number.NEGATIVE_INFINITY);
  }

  /** The present reading of a metric; undefined where the machine has none of that name. */
  reading(metric: string): MetricReading | undefined {
    const series = this.#series.get(metric);
    return series && this.readingOf(series);
  }

  /** The present readings of all metrics, those of the machine type first. */
  readings(): MetricReading[] {
    return Array.from(this.#series.values(), (series) => this.readingOf(series));
  }

  readingOf(series: Series): MetricReading {
    const { table } = this;
    const { metric, definition, hint, place } = series;
    const time = table.time(place);
    const reported = time !== Number.NEGATIVE_INFINITY;
    return {
      series,
      name: metric,
      topic: this.topicOf(series),
      dataType: definition?.dataType ?? table.dataType(place),
      unit: definition ? definition.unit : (hint?.unit ?? null),
      role: definition ? definition.role : (hint?.role ?? null),
      value: table.value(place),
      quality: table.quality(place),
      stale: table.isStale(place),
      sourceTime: reported ? new Date(time) : null,
      receivedTime: reported ? new Date(table.receivedAt(place)) : null,
      ties: table.ties(place),
    };
  }

  /** Canonical topic: `<machine path>/<metric name>`. */
  topicOf({ metric }: Series): string {
    return `${this.machine.path}/${metric}`;
  }

  /** Time alone may change something as early as `at`, in milliseconds. */
  dueAt(at: number): void {
    this.#due.sooner(this.place, at);
  }

  /** A reading becomes stale at that time, unless a newer one comes. */
  staleAt(at: number): void {
    if (at < this.nextStaleAt) this.nextStaleAt = at;
    this.#due.sooner(this.place, at);
  }

  /** Takes back all that it shows; its metrics stay known and keep their series. */
  forget(): void {
    this.revision = 0;
    this.status = "UNKNOWN";
    this.since = null;
    this.lastSeenAt = Number.NaN;
    this.state = "UNKNOWN";
    this.stateSince = null;
    this.mode = "UNKNOWN";
    this.route = null;
    this.nextStaleAt = Number.POSITIVE_INFINITY;
    this.headVersion += 1;
    this.committedVersion = -1;
    this.committedSeenAt = Number.NEGATIVE_INFINITY;
    this.touch();
    for (const series of this.#series.values()) {
      this.table.clear(series.place, this.table.dataType(series.place));
      series.trail = null;
    }
  }
}
