import { setImmediate } from "node:timers/promises";
import type { Clock } from "../kernel/clock.js";
import type { BulkSql } from "../kernel/sql.js";
import type { PlantService } from "../plant/plant.service.js";
import type { FoldedHead, FoldedReading, TwinFolding } from "../twin/twin-fold.js";
import type { BlockKey, BlockStore } from "./block.store.js";
import { firstNotBefore, qualityOf, sliceOf, valueAt } from "./columns.js";
import { FrameGather, type GatheredMachine, type GatheredSeries } from "./frame-gather.js";
import type { KeeperSession, KeeperStore } from "./keeper.store.js";
import type { PartitionStore } from "./partition.store.js";
import { BLOCK_TABLES, type BlockTable, keptSince, policyName, policyOf } from "./retention.js";
import type { RollupStore } from "./rollup.store.js";
import { type BlockSpan, dayOf, daysOf } from "./seal.js";
import { type DayOfSeries, type DayPlan, planDay, type SealedRows, sealDay } from "./sealed-rows.js";

/** Samples of whole machines that are sealed at a time. */
const BATCH = 200_000;
/** Series that are sealed at a time, each of them in few samples: the statements about them are built in one go. */
const SERIES_OF_BATCH = 2_000;
/** A machine with more is sealed in parts, so that memory stays bounded. */
const LARGEST_BATCH = 3 * BATCH;
/** The longest the event loop is kept from other work. */
const SLICE_MS = 5;

/** What was sealed. */
export interface SealReport {
  readonly segment: number;
  readonly frames: number;
  readonly samples: number;
  /** Samples that were too old to be kept. */
  readonly expired: number;
  /** Of the sample blocks that were written, those written anew included. */
  readonly bytes: number;
  readonly ms: number;
}

/** Turns the frames of a closed segment into blocks and rollups. */
export class Sealer {
  readonly #store: KeeperStore;
  readonly #blocks: BlockStore;
  readonly #rollups: RollupStore;
  readonly #partitions: PartitionStore;
  readonly #twins: TwinFolding;
  readonly #plant: PlantService;
  readonly #clock: Clock;
  /** The retention policies of series, as far as they were needed. */
  readonly #policies = new Map<number, string>();

  constructor(deps: {
    store: KeeperStore;
    blocks: BlockStore;
    rollups: RollupStore;
    partitions: PartitionStore;
    twins: TwinFolding;
    plant: PlantService;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#blocks = deps.blocks;
    this.#rollups = deps.rollups;
    this.#partitions = deps.partitions;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
  }

  /**
   * Seals a segment in one transaction: it is sealed as a whole, or, when this throws, not at all.
   * @param signal cancels it.
   */
  async seal(session: KeeperSession, segment: number, signal: AbortSignal): Promise<SealReport> {
    const { sql } = session;
    const begun = performance.now();
    const gather = new FrameGather();
    const heads = new Map<string, FoldedHead>();
    const sum = { samples: 0, expired: 0, bytes: 0 };
    const write = async (machines: readonly GatheredMachine[]) => {
      const done = await this.#write(sql, machines, signal);
      sum.samples += done.samples;
      sum.expired += done.expired;
      sum.bytes += done.bytes;
      for (const machine of machines) addHead(heads, machine);
    };
    await sql.query("BEGIN");
    // Without statistics of partitions that were just made the planner would read them as a whole.
    await sql.query(
      "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
    );
    const slice = new Slice();
    for await (const _ of session.frames(segment, (row) => gather.add(row))) {
      signal.throwIfAborted();
      await slice.pause();
      const { whole, all, series } = gather.waiting;
      if (all >= LARGEST_BATCH) await write(gather.takeAll());
      else if (whole >= BATCH || series >= SERIES_OF_BATCH) await write(gather.takeWhole());
    }
    await write(gather.takeAll());
    await this.#store.markSealed(sql, segment);
    // Last, because it locks rows that are also written when messages are committed.
    await this.#twins.foldHeads(sql, [...heads.values()]);
    signal.throwIfAborted();
    await sql.query("COMMIT");
    return { segment, frames: gather.frames, ...sum, ms: Math.round(performance.now() - begun) };
  }

  async #write(
    sql: BulkSql,
    machines: readonly GatheredMachine[],
    signal: AbortSignal,
  ): Promise<{ samples: number; expired: number; bytes: number }> {
    const series = machines.flatMap((machine) => machine.series);
    await this.#learnPolicies(
      sql,
      series.map(({ seriesId }) => seriesId),
    );
    const { days, expired } = this.#kept(series);
    const rows = await this.#sealDays(sql, days, signal);
    signal.throwIfAborted();
    await this.#save(sql, rows);
    await this.#twins.foldReadings(
      sql,
      series.flatMap((one) => shownReading(one) ?? []),
    );
    const samples = days.reduce((count, { columns }) => count + columns.count, 0);
    return { samples, expired, bytes: rows.samples.reduce((bytes, { data }) => bytes + data.length, 0) };
  }

  /** What is not too old already, by series and day. */
  #kept(series: readonly GatheredSeries[]): { days: DayOfSeries[]; expired: number } {
    const now = this.#clock.now();
    const days: DayOfSeries[] = [];
    let expired = 0;
    for (const { seriesId, columns } of series) {
      const retention = this.#policies.get(seriesId) ?? "default";
      const since = keptSince(policyOf(this.#plant.retention, retention).samples, now);
      const first = firstNotBefore(columns.times.subarray(0, columns.count), since);
      expired += first;
      if (first === columns.count) continue;
      for (const day of daysOf(sliceOf(columns, first, columns.count)))
        days.push({ ...day, retention, seriesId });
    }
    return { days, expired };
  }

  async #sealDays(
    sql: BulkSql,
    days: readonly DayOfSeries[],
    signal: AbortSignal,
  ): Promise<SealedRows & { replaced: BlockKey[] }> {
    const there = groupByDay(await this.#blocks.ofDays(sql, "sample_block", days));
    const plans = days.map((day) => planDay(day, there.get(keyOf(day.seriesId, day.day)) ?? []));
    const replaced = plans.flatMap(keysToReplace);
    const data = new Map<string, Buffer>();
    for (const block of await this.#blocks.withKeys(sql, "sample_block", replaced))
      data.set(keyOf(block.seriesId, block.from), block.data);
    const all: SealedRows & { replaced: BlockKey[] } = {
      samples: [],
      minutes: [],
      hours: [],
      days: [],
      replaced,
    };
    const slice = new Slice();
    for (const plan of plans) {
      const rows = sealDay(plan, (block) => required(data.get(keyOf(plan.seriesId, block.from))));
      all.samples.push(...rows.samples);
      all.minutes.push(...rows.minutes);
      all.hours.push(...rows.hours);
      all.days.push(...rows.days);
      if (await slice.pause()) signal.throwIfAborted();
    }
    return all;
  }

  async #save(sql: BulkSql, rows: SealedRows & { replaced: readonly BlockKey[] }): Promise<void> {
    const times = {
      sample_block: rows.samples.map(({ retention, from }) => ({ policy: retention, time: from })),
      minute_block: rows.minutes.map(({ retention, from }) => ({ policy: retention, time: from })),
      hour_rollup: rows.hours.map(({ retention, time }) => ({ policy: retention, time })),
      day_rollup: rows.days.map(({ retention, time }) => ({ policy: retention, time })),
    };
    for (const table of Object.keys(BLOCK_TABLES) as BlockTable[])
      await this.#partitions.ensure(table, times[table]);
    await this.#blocks.replace(sql, "sample_block", rows.replaced, rows.samples);
    await this.#blocks.replace(sql, "minute_block", rows.replaced, rows.minutes);
    await this.#rollups.add(sql, "hour_rollup", rows.hours);
    await this.#rollups.add(sql, "day_rollup", rows.days);
  }

  async #learnPolicies(sql: BulkSql, seriesIds: readonly number[]): Promise<void> {
    const unknown = seriesIds.filter((id) => !this.#policies.has(id));
    if (unknown.length === 0) return;
    const found = await this.#store.series(sql, unknown);
    const { plant, retention } = this.#plant;
    // Machines that another server has discovered since.
    if (found.some((one) => !plant.byId(one.machine_id))) await this.#plant.refresh();
    for (const { id, machine_id, metric } of found)
      this.#policies.set(id, policyName(plant.byId(machine_id)?.machineType, metric, retention));
  }
}

/** Lets other work have the event loop now and then. */
class Slice {
  #since = performance.now();

  /** @returns whether it was time for a pause. */
  async pause(): Promise<boolean> {
    if (performance.now() - this.#since < SLICE_MS) return false;
    await setImmediate();
    this.#since = performance.now();
    return true;
  }
}

function addHead(heads: Map<string, FoldedHead>, { machineId, revision, seen }: GatheredMachine): void {
  const known = heads.get(machineId);
  const seenAt = seen === null ? (known?.seenAt ?? null) : Math.max(seen, known?.seenAt ?? seen);
  heads.set(machineId, { machineId, revision: Math.max(revision, known?.revision ?? 0), seenAt });
}

function shownReading({ seriesId, columns, shown, shownReceived }: GatheredSeries): FoldedReading | null {
  if (shown < 0) return null;
  return {
    seriesId,
    value: valueAt(columns, shown),
    quality: qualityOf(columns.qualities?.[shown] ?? 0),
    time: columns.times[shown] as number,
    receivedAt: shownReceived,
  };
}

function groupByDay(
  blocks: readonly (BlockSpan & { readonly seriesId: number })[],
): Map<string, BlockSpan[]> {
  const groups = new Map<string, BlockSpan[]>();
  for (const block of blocks) {
    const key = keyOf(block.seriesId, dayOf(block.from));
    const group = groups.get(key);
    if (group) group.push(block);
    else groups.set(key, [block]);
  }
  return groups;
}

function keysToReplace({ seriesId, pieces }: DayPlan): BlockKey[] {
  return pieces.flatMap(({ blocks }) => blocks.map(({ from }) => ({ seriesId, from })));
}

function keyOf(seriesId: number, time: number): string {
  return `${seriesId} ${time}`;
}

function required(data: Buffer | undefined): Buffer {
  if (!data) throw new Error("a block is gone that was there a moment ago");
  return data;
}
