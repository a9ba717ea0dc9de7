import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { TwinService } from "../twin/twin.service.js";
import { followCondition } from "./condition-trigger.js";
import type { MetricSamples } from "./metric-samples.service.js";
import type { MaintenancePlan, PlanProgress, PlanState } from "./plan.js";
import type { PlanStore } from "./plan.store.js";
import { type Occurrence, whyDue } from "./plan-order.js";
import type { PlanOrderService } from "./plan-order.service.js";
import { countUsage, type MetricSample, usageDue } from "./usage-trigger.js";

/** Sources that this server consumes: the twins of their machines are current here. */
export interface HeldSources {
  held(): readonly string[];
}

/** A plan as this server follows it. */
interface Followed {
  readonly plan: MaintenancePlan;
  /** What the database has. */
  readonly stored: PlanProgress;
  /** What has been seen since. */
  readonly now: PlanProgress;
  /** The newest reading that was looked at, in ms, also where it says nothing; null: none yet. */
  readonly lookedAt: number | null;
  /** How often in a row nothing new was found though the twin knows more, and when to ask again, in ms. */
  readonly empty: number;
  readonly askAt: number;
}

/** How old the stored progress may become while nothing happens but more of the same. */
const STORE_EVERY_MS = 5_000;
const DAY_MS = 86_400_000;
const LONGEST_WAIT_MS = 60_000;
/** What a broker has kept for a server that takes a source over is there by then. */
const PATIENCE_MS = 5_000;

/**
 * Follows the plans that look at metrics. What it knows comes from the stored samples, from where the stored progress
 * stands: a restart, or another server, finds the same.
 */
export class PlanWatch {
  readonly #store: PlanStore;
  readonly #orders: PlanOrderService;
  readonly #samples: MetricSamples;
  readonly #twins: TwinService;
  readonly #sources: HeldSources;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #followed = new Map<string, Followed>();
  /** Since when this server consumes sources, in ms. */
  readonly #heldSince = new Map<string, number>();
  #storedAt = 0;

  constructor(deps: {
    store: PlanStore;
    orders: PlanOrderService;
    samples: MetricSamples;
    twins: TwinService;
    sources: HeldSources;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#samples = deps.samples;
    this.#twins = deps.twins;
    this.#sources = deps.sources;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /**
   * Looks at the plans whose machines have reported since the last look, and at those that time alone may bring.
   * @throws when the database cannot be asked; the next pass looks again.
   */
  async pass(): Promise<void> {
    await this.#reload();
    this.#hold();
    const plans = [...this.#followed.values()];
    const now = this.#clock.now();
    const behind = plans.filter((one) => one.askAt <= now && this.#isBehind(one));
    const wanted = behind.map((one) => ({ key: one.plan.id, ...wantedOf(one) }));
    const samples = await this.#samples.read(wanted, now);
    for (const one of plans) {
      const found = samples.get(one.plan.id);
      if (found !== undefined) await this.#look(patient(one, found.length === 0, now), found);
      else if (one.now.metSince !== null) await this.#look(one, []);
    }
    await this.#save({ all: this.#clock.now() - this.#storedAt >= STORE_EVERY_MS });
  }

  /** Stores what was seen, and forgets the plans. */
  async stop(): Promise<void> {
    await this.#save({ all: true });
    this.#followed.clear();
  }

  #hold(): void {
    const held = this.#sources.held();
    for (const source of this.#heldSince.keys()) if (!held.includes(source)) this.#heldSince.delete(source);
    for (const source of held)
      if (!this.#heldSince.has(source)) this.#heldSince.set(source, this.#clock.now());
  }

  async #reload(): Promise<void> {
    const watching = await this.#store.watching();
    const ids = new Set(watching.map(({ id }) => id));
    for (const id of this.#followed.keys()) if (!ids.has(id)) this.#followed.delete(id);
    const changed = watching.filter(({ id, version }) => this.#followed.get(id)?.plan.version !== version);
    if (changed.length > 0) {
      for (const state of await this.#store.byIds(changed.map(({ id }) => id))) this.#follow(state);
    }
  }

  #follow({ plan, progress }: PlanState): void {
    const { seenAt: lookedAt } = progress;
    this.#followed.set(plan.id, { plan, stored: progress, now: progress, lookedAt, empty: 0, askAt: 0 });
  }

  async #look(one: Followed, found: readonly MetricSample[]): Promise<void> {
    const { plan, now } = one;
    const samples = one.lookedAt === null ? fromBeginning(found, now.countedSince) : found;
    const lookedAt = samples.at(-1)?.time ?? one.lookedAt;
    const looked = { ...one, lookedAt };
    // The twin shows readings before they are stored: until then nobody knows that the last stored one still holds.
    const until = this.#isBehind(looked) ? null : this.#holdsUntil(plan);
    const { after, due } = this.#evaluate(looked, samples, until);
    if (due.length === 0) {
      this.#followed.set(plan.id, { ...looked, now: after });
      return;
    }
    const progress = await this.#orders.make({ plan, progress: one.stored }, after, due);
    if (progress) this.#followed.set(plan.id, { ...looked, stored: progress, now: progress });
    else this.#followed.delete(plan.id);
  }

  #evaluate(
    { plan, now }: Followed,
    samples: readonly MetricSample[],
    until: number | null,
  ): { after: PlanProgress; due: Occurrence[] } {
    const { trigger } = plan;
    if (trigger.kind === "CONDITION") {
      const { progress, due } = followCondition(trigger, now, samples, until);
      const occurrences = due.map((at) => ({ at, missed: 0, why: whyDue(plan, at, "0") }));
      return { after: { ...now, ...progress }, due: occurrences };
    }
    if (trigger.kind === "CALENDAR") return { after: now, due: [] };
    const series = this.#twins.byId(plan.machineId)?.series(trigger.metric);
    const { progress, uncounted } = countUsage(now, samples, series?.definition?.counterMax ?? null);
    for (const { from, to, time, reason } of uncounted) {
      const step = { from: String(from), to: String(to), time: new Date(time), reason };
      this.#logger.warn({ plan: plan.name, metric: trigger.metric, ...step }, "a counter's step is no usage");
    }
    const { count, rest } = usageDue(progress.used, trigger.every);
    const after = { ...now, ...progress };
    if (count < 1) return { after, due: [] };
    const at = progress.seenAt ?? this.#clock.now();
    const due = [{ at, missed: count - 1, why: whyDue(plan, at, progress.used) }];
    return { after: { ...after, used: rest, countedSince: at }, due };
  }

  /**
   * How long the last reading is known to hold by the device's clock, in ms: as long as its source is heard here, with
   * what came before that, and it is not stale.
   */
  #holdsUntil(plan: MaintenancePlan): number | null {
    const twin = this.#twins.byId(plan.machineId);
    const reading = twin?.reading(metricOf(plan));
    const heldSince = twin?.route ? this.#heldSince.get(twin.route.source) : undefined;
    if (!twin || heldSince === undefined || this.#clock.now() - heldSince < PATIENCE_MS) return null;
    if (!reading?.sourceTime || !reading.receivedTime || reading.stale) return null;
    return reading.sourceTime.getTime() + this.#clock.now() - reading.receivedTime.getTime();
  }

  /** The twin knows a newer reading than the plan. */
  #isBehind({ plan, lookedAt }: Followed): boolean {
    const newest = this.#twins.byId(plan.machineId)?.reading(metricOf(plan))?.sourceTime?.getTime();
    return newest !== undefined && (lookedAt === null || newest > lookedAt);
  }

  async #save({ all }: { all: boolean }): Promise<void> {
    const seen = [...this.#followed.values()].filter(
      ({ stored, now }) =>
        now !== stored && (all || stored.metSince !== now.metSince || stored.fired !== now.fired),
    );
    if (all) this.#storedAt = this.#clock.now();
    if (seen.length === 0) return;
    const stored = await this.#store.saveSeen(
      seen.map(({ plan, stored: before, now: after }) => ({ planId: plan.id, before, after })),
    );
    for (const one of seen) {
      if (stored.has(one.plan.id)) this.#followed.set(one.plan.id, { ...one, stored: one.now });
      // Somebody else has gone on with the plan: the next pass begins from what is stored.
      else this.#followed.delete(one.plan.id);
    }
  }
}

function wantedOf({ plan, now, lookedAt }: Followed): { machineId: string; metric: string; from: number } {
  // What was so when counting began is told by the last reading before it.
  const from = lookedAt === null ? now.countedSince - DAY_MS : lookedAt + 1;
  return { machineId: plan.machineId, metric: metricOf(plan), from };
}

/** What the twin shows may never be stored: it is asked for ever less often. */
function patient(one: Followed, isEmpty: boolean, now: number): Followed {
  if (!isEmpty) return one.empty === 0 ? one : { ...one, empty: 0, askAt: 0 };
  return { ...one, empty: one.empty + 1, askAt: now + Math.min(500 * 2 ** one.empty, LONGEST_WAIT_MS) };
}

function metricOf({ trigger }: MaintenancePlan): string {
  return trigger.kind === "CALENDAR" ? "" : trigger.metric;
}

/** The samples after a moment, and the last one until then. */
function fromBeginning(samples: readonly MetricSample[], moment: number): readonly MetricSample[] {
  const after = samples.findIndex(({ time }) => time > moment);
  return samples.slice(Math.max((after < 0 ? samples.length : after) - 1, 0));
}
