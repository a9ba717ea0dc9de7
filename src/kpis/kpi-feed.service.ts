import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import type { Interval } from "../kernel/intervals.js";
import type { Logger } from "../kernel/logger.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import { type Equipment, isUnder } from "../plant/equipment.js";
import { followedShift, nextTurnInMs, SHIFT_REACH_MS } from "./followed-shift.js";
import type { KpiService, ShiftTime } from "./kpi.service.js";
import type { KpiReport } from "./kpi-report.js";

/** What a subscriber follows: since a moment, a named shift's latest instance, or the latest shift. */
export interface Followed {
  readonly equipment: Equipment;
  readonly from: Date | null;
  readonly shift: string | null;
}

/** A report as subscribers get it. */
export interface KpiNews {
  readonly equipment: Equipment;
  /** The shift that it is about; null: none. */
  readonly shift: ShiftTime | null;
  readonly report: KpiReport;
}

/** What all subscribers of one report share. */
interface Topic {
  readonly followed: Followed;
  readonly readers: Set<BoundedQueue<KpiNews>>;
  timer: NodeJS.Timeout | null;
  /** When the last computation began, in milliseconds. */
  last: number;
  /** The range of the last report. */
  range: Interval | null;
  busy: boolean;
  /** Something changed since the last computation began. */
  stale: boolean;
}

/**
 * Live reports: one computation for all subscribers of the same report, when something that it is made of changed or a
 * shift begins or ends, at most one in `gapMs`, and at least one in `everyMs`.
 */
export class KpiFeed {
  readonly #kpis: KpiService;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #gapMs: number;
  readonly #everyMs: number;
  readonly #topics = new Map<string, Topic>();
  #stopListening: (() => void) | null = null;

  constructor(deps: {
    kpis: KpiService;
    live: LiveBus;
    clock: Clock;
    logger: Logger;
    gapMs?: number;
    everyMs?: number;
  }) {
    this.#kpis = deps.kpis;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#gapMs = deps.gapMs ?? 1_000;
    this.#everyMs = deps.everyMs ?? 60_000;
  }

  /** How many different reports are followed. */
  get topics(): number {
    return this.#topics.size;
  }

  /** The report as it is now, and as it becomes; a slow reader gets the latest only. */
  follow(followed: Followed): AsyncIterableIterator<KpiNews> {
    const key = JSON.stringify([followed.equipment.path, followed.from, followed.shift]);
    const topic = this.#topics.get(key) ?? newTopic(followed);
    this.#topics.set(key, topic);
    this.#stopListening ??= this.#listen();
    const reader = new BoundedQueue<KpiNews>({ max: 1, onFull: "drop-oldest" });
    topic.readers.add(reader);
    this.#refresh(topic);
    return iterate(
      reader,
      (news) => news,
      () => {
        topic.readers.delete(reader);
        if (topic.readers.size > 0) return;
        if (topic.timer) clearTimeout(topic.timer);
        this.#topics.delete(key);
        if (this.#topics.size > 0) return;
        this.#stopListening?.();
        this.#stopListening = null;
      },
    );
  }

  /** Whether there is, or lately was, a shift such as this one follows. */
  hasShift(followed: Followed): boolean {
    return this.#at(followed).shift !== null;
  }

  /** What is followed as it is at this moment. */
  #at({ equipment, from, shift }: Followed): { range: Interval; shift: ShiftTime | null } {
    const now = this.#clock.now();
    if (from !== null) return { range: { from: from.getTime(), to: now }, shift: null };
    return followedShift(this.#kpis.shiftsOf(equipment, { from: now - SHIFT_REACH_MS, to: now }), shift, now);
  }

  /** When a report is due although nothing has changed. */
  #dueInMs({ equipment, from }: Followed): number {
    const now = this.#clock.now();
    if (from !== null) return this.#everyMs;
    const turn = nextTurnInMs(this.#kpis.shiftsOf(equipment, { from: now, to: now + this.#everyMs }), now);
    return Math.min(this.#everyMs, Math.max(turn, this.#gapMs));
  }

  #listen(): () => void {
    const changed = (machines: readonly Equipment[], from: number) => {
      for (const topic of this.#topics.values()) {
        const { equipment } = topic.followed;
        const concerned = machines.some(({ path }) => isUnder(path, equipment.path));
        // A shift that is over cares for late data only.
        const over = topic.range !== null && topic.range.to < topic.last;
        if (concerned && !(over && from >= (topic.range?.to ?? 0))) this.#refresh(topic);
      }
    };
    const stops = [
      this.#live.listen("activityChanged", ({ machines, from }) => changed(machines, from)),
      this.#live.listen("downtimeStated", ({ machines, from }) => changed(machines, from)),
      this.#live.listen("calendarChanged", ({ machines, from }) => changed(machines, from)),
      this.#live.listen("orderChanged", ({ machines }) => changed(machines, Number.NEGATIVE_INFINITY)),
      this.#live.listen("maintenanceOrderChanged", ({ machines }) =>
        changed(machines, Number.NEGATIVE_INFINITY),
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #refresh(topic: Topic): void {
    if (topic.stale) return;
    topic.stale = true;
    if (!topic.busy) this.#wakeSoon(topic);
  }

  /** Computes now, or as soon as the gap to the last computation allows it. */
  #wakeSoon(topic: Topic): void {
    const sinceLast = this.#clock.now() - topic.last;
    // Below 0 when the clock was set back.
    this.#wake(topic, sinceLast < 0 ? this.#gapMs : Math.max(0, this.#gapMs - sinceLast));
  }

  #wake(topic: Topic, inMs: number): void {
    if (topic.timer) clearTimeout(topic.timer);
    topic.timer = setTimeout(() => void this.#compute(topic), inMs);
  }

  async #compute(topic: Topic): Promise<void> {
    topic.busy = true;
    topic.stale = false;
    topic.last = this.#clock.now();
    let dueInMs = this.#everyMs;
    try {
      const { range, shift } = this.#at(topic.followed);
      const { equipment } = topic.followed;
      const [report] = await this.#kpis.reports([equipment], range);
      topic.range = range;
      if (report) for (const reader of topic.readers) reader.push({ equipment, shift, report });
      dueInMs = this.#dueInMs(topic.followed);
    } catch (error) {
      this.#logger.warn({ err: error, path: topic.followed.equipment.path }, "live KPIs are late");
    }
    topic.busy = false;
    if (topic.readers.size === 0) return;
    if (topic.stale) this.#wakeSoon(topic);
    else this.#wake(topic, dueInMs);
  }
}

function newTopic(followed: Followed): Topic {
  return {
    followed,
    readers: new Set(),
    timer: null,
    last: Number.NEGATIVE_INFINITY,
    range: null,
    busy: false,
    stale: false,
  };
}
