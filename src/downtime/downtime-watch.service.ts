import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import type { RunChange } from "../orders/run-follower.js";
import { DEFAULT_MICRO_STOP_MS } from "../plant/downtime-settings.js";
import { type Equipment, isUnder } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import type { Downtime } from "./downtime.js";
import type { TimeModelService } from "./time-model.service.js";
import { type DowntimeNews, ToldDowntimes } from "./told-downtimes.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Time between two looks, for whatever comes meanwhile to be one. */
const PAUSE_MS = 250;
const RETRY_MS = 5_000;
const FOLLOWED_MS = DAY_MS;
const LONGEST_FOLLOWED_MS = 31 * DAY_MS;
const MOST_CHANGES_WAITING = 10_000;
const MACHINES_AT_ONCE = 50;

/** Who follows the downtimes of all machines at or below a path that touch the time since a moment. */
interface Follower {
  readonly under: string | null;
  readonly since: number;
  /** What ended longer ago is followed no longer: what is remembered must not grow for ever. */
  readonly reachMs: number;
  /** Null until it is known what there is to begin with. */
  queue: BoundedQueue<DowntimeNews> | null;
}

/**
 * Tells who follows downtimes which ones have begun, ended, are told otherwise or are none any more. It compares what
 * it has told with what is so whenever something changes, and at every full minute, because shifts begin and breaks end
 * without anything else happening. Changes that come faster than it looks are told once, as they are in the end. While
 * nobody follows it does nothing.
 */
export class DowntimeWatch {
  readonly #model: TimeModelService;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #everyMs: number;
  readonly #stops: (() => void)[] = [];
  readonly #followers = new Set<Follower>();
  #told = new ToldDowntimes();
  /** When the downtime of a machine that lasts is a micro-stop no longer. */
  #limits = new Map<Equipment, number>();
  /** The machines to look at, each with the earliest moment that may be told otherwise. */
  #waiting = new Map<Equipment, number>();
  #looksIn: NodeJS.Timeout | null = null;
  #wakesIn: NodeJS.Timeout | null = null;
  #looking = false;
  /** When all was looked at last. */
  #seen = 0;
  /** One thing at a time: ends with the last that was begun. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param deps.everyMs how often all is looked at. */
  constructor(deps: {
    model: TimeModelService;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
    logger: Logger;
    everyMs?: number;
  }) {
    this.#model = deps.model;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#everyMs = deps.everyMs ?? MINUTE_MS;
  }

  start(): void {
    if (this.#stops.length > 0) return;
    const changed = ({ machines, from }: { machines: readonly Equipment[]; from: number }) =>
      this.#mark(machines, from);
    this.#stops.push(
      this.#live.listen("activityChanged", changed),
      this.#live.listen("downtimeStated", changed),
      this.#live.listen("calendarChanged", changed),
      // It may have been booked afterwards, for whatever time.
      this.#live.listen("maintenanceOrderChanged", ({ machines }) => this.#mark(machines, 0)),
    );
  }

  /** Ends what is followed. Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    for (const { queue } of this.#followers) queue?.close();
    this.#followers.clear();
    this.#rest();
    await this.#turn;
  }

  /** Operations began or ceased to run; called once that is committed. */
  runsChanged(changes: readonly RunChange[]): void {
    for (const { machineId, at } of changes) {
      const machine = this.#plant.byId(machineId);
      if (machine) this.#mark([machine], at.getTime());
    }
  }

  /**
   * The downtimes that touch the time since a moment: first all there are, then each as it changes. As time goes on, it
   * reaches as far back as at the beginning, at least a day. Who falls more than 10,000 changes behind gets those and then
   * the end.
   * @param options.since at most 31 days ago; null: since a day ago, and only changes come.
   */
  async follow(options: {
    under: string | null;
    since: number | null;
  }): Promise<AsyncIterableIterator<DowntimeNews>> {
    const now = this.#clock.now();
    const since = Math.max(options.since ?? now - FOLLOWED_MS, now - LONGEST_FOLLOWED_MS);
    const reachMs = Math.max(now - since, FOLLOWED_MS);
    const follower: Follower = { under: options.under, since, reachMs, queue: null };
    // From here on changes wait, to be told after what there was before them.
    this.#followers.add(follower);
    try {
      const queue = await this.#inTurn(() => this.#begin(follower, options.since !== null));
      return iterate(
        queue,
        (news) => news,
        () => this.#leave(follower),
      );
    } catch (error) {
      this.#leave(follower);
      throw error;
    }
  }

  async #begin(follower: Follower, tellsAll: boolean): Promise<BoundedQueue<DowntimeNews>> {
    const { since } = follower;
    const others = [...this.#followers].filter((one) => one.queue !== null);
    if (others.length === 0) {
      this.#told = new ToldDowntimes();
      this.#limits = new Map();
      this.#seen = this.#clock.now();
    }
    const machines = [...this.#machinesOf([follower])];
    const unknown = machines.filter(
      (machine) => !others.some((other) => this.#sinceOf(other) <= since && follows(other, machine)),
    );
    await this.#renew(new Map(unknown.map((machine) => [machine, since])));
    const now = this.#clock.now();
    const first = tellsAll ? machines.flatMap(({ id }) => this.#told.since(id, since)) : [];
    const max = first.length + MOST_CHANGES_WAITING;
    const queue = new BoundedQueue<DowntimeNews>({ max, onFull: "drop-newest" });
    for (const one of first) {
      const downtime = one.to === null ? { ...one, durationMs: now - one.from } : one;
      queue.push({ downtime, removed: false, until: now });
    }
    follower.queue = queue;
    if (this.#followers.has(follower)) this.#sleep();
    else queue.close();
    return queue;
  }

  #leave(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.#followers.size === 0) this.#rest();
  }

  #rest(): void {
    for (const timer of [this.#looksIn, this.#wakesIn]) if (timer) clearTimeout(timer);
    this.#looksIn = null;
    this.#wakesIn = null;
    this.#waiting.clear();
  }

  #inTurn<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #mark(machines: Iterable<Equipment>, from: number): void {
    if (this.#followers.size === 0) return;
    const now = this.#clock.now();
    // What is to come is seen when its time has come.
    if (from > now) return;
    for (const machine of machines) {
      const kept = this.#keptSince(machine);
      if (kept === null) continue;
      const since = Math.max(from, kept);
      this.#waiting.set(machine, Math.min(since, this.#waiting.get(machine) ?? since));
    }
    this.#lookIn(PAUSE_MS);
  }

  #lookIn(ms: number): void {
    if (this.#looking || this.#looksIn || this.#waiting.size === 0) return;
    this.#looksIn = setTimeout(() => {
      this.#looksIn = null;
      this.#looking = true;
      void this.#inTurn(() => this.#look());
    }, ms);
  }

  async #look(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    let pause = PAUSE_MS;
    try {
      await this.#renew(waiting);
    } catch (error) {
      this.#logger.warn({ err: error }, "changes of downtimes are told later");
      for (const [machine, since] of waiting) this.#mark([machine], since);
      pause = RETRY_MS;
    }
    this.#looking = false;
    if (this.#followers.size === 0) return this.#rest();
    this.#lookIn(pause);
    this.#sleep();
  }

  /** Compares what was told of machines, each since a moment, with what is so, and tells the differences. */
  async #renew(machines: ReadonlyMap<Equipment, number>): Promise<void> {
    const reaches = Array.from(machines, ([machine, since]) => {
      return { machine, since: this.#told.reachOf(machine.id, since) };
    }).sort((a, b) => a.since - b.since);
    for (let at = 0; at < reaches.length; at += MACHINES_AT_ONCE) {
      const some = reaches.slice(at, at + MACHINES_AT_ONCE);
      // One that ends where the change begins is one of those that changed.
      const range = { from: (some[0]?.since ?? 0) - 1, to: this.#clock.now() };
      const found = await this.#model.downtimes(
        some.map(({ machine }) => machine),
        range,
      );
      for (const { machine, since } of some) {
        const downtimes = found.get(machine.id) ?? [];
        this.#noteLimit(machine, downtimes.at(-1));
        for (const news of this.#told.renew(machine.id, since, downtimes)) this.#tell(machine, news);
      }
    }
  }

  #noteLimit(machine: Equipment, last: Downtime | undefined): void {
    if (last?.to === null && last.microStop)
      this.#limits.set(machine, last.from + (machine.machineType?.microStopMs ?? DEFAULT_MICRO_STOP_MS));
    else this.#limits.delete(machine);
  }

  #tell(machine: Equipment, news: DowntimeNews): void {
    for (const follower of this.#followers) {
      if (news.until <= this.#sinceOf(follower) || !follows(follower, machine)) continue;
      // With a hole in what was told the rest is worth nothing.
      if (follower.queue?.push(news) === false) follower.queue.close();
    }
  }

  /** Until the next full minute, or until a downtime is a micro-stop no longer. */
  #sleep(): void {
    if (this.#wakesIn) clearTimeout(this.#wakesIn);
    let next = (Math.floor(this.#seen / this.#everyMs) + 1) * this.#everyMs;
    for (const limit of this.#limits.values()) next = Math.min(next, limit);
    this.#wakesIn = setTimeout(() => this.#awake(), Math.max(next - this.#clock.now(), 0));
  }

  #awake(): void {
    const now = this.#clock.now();
    for (const [machine, limit] of this.#limits) {
      if (limit > now) continue;
      this.#limits.delete(machine);
      this.#mark([machine], now);
    }
    if (Math.floor(now / this.#everyMs) > Math.floor(this.#seen / this.#everyMs)) {
      // The machines' clocks may be ahead: what they told was still to come when it was looked at.
      const since = this.#seen - MINUTE_MS;
      this.#seen = now;
      for (const id of this.#told.machineIds) {
        const machine = this.#plant.byId(id);
        this.#told.forget(id, machine ? this.#keptSince(machine) : null);
      }
      this.#mark(this.#machinesOf(this.#followers), since);
    }
    this.#sleep();
  }

  #machinesOf(followers: Iterable<Follower>): ReadonlySet<Equipment> {
    const machines = new Set<Equipment>();
    for (const under of new Set(Array.from(followers, (one) => one.under))) {
      const root = under === null ? undefined : this.#plant.byPath(under);
      if (under === null || root) for (const machine of this.#plant.machines(root)) machines.add(machine);
    }
    return machines;
  }

  /** The earliest moment that anybody follows a machine since; null when nobody does. */
  #keptSince(machine: Equipment): number | null {
    let kept: number | null = null;
    for (const follower of this.#followers) {
      if (!follows(follower, machine)) continue;
      const since = this.#sinceOf(follower);
      kept = Math.min(since, kept ?? since);
    }
    return kept;
  }

  /** It moves on with every look at all: then what nobody follows any more is forgotten. */
  #sinceOf({ since, reachMs }: Follower): number {
    return Math.max(since, this.#seen - reachMs);
  }
}

function follows({ under }: Follower, machine: Equipment): boolean {
  return under === null || isUnder(machine.path, under);
}
