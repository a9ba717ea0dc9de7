import { type Downtime, downtimeId } from "../downtime/downtime.js";
import type { PlannedKind, TimeCategory } from "../downtime/time-model.js";
import type { Span } from "../kernel/intervals.js";
import type { OutputSums, TimeSums } from "./kpi.js";
import type { KpiTile } from "./time-sums.js";

/** What a part of the time was lost to, or won for; see docs/kpis.md. */
export const LOSS_KINDS = [
  "CALENDAR_TIME",
  "NOT_PLANNED",
  "OFF_SHIFT",
  "HOLIDAY",
  "BREAK",
  "PLANNED_STOP",
  "PLANNED_DOWN",
  "BUSY",
  "UNALLOCATED",
  "SETUP",
  "DOWN",
  "DELAY",
  "MICRO_STOPS",
  "REASON",
  "DOWNTIME",
  "PRODUCTION",
  "SPEED_LOSS",
  "QUALITY_LOSS",
  "PRODUCTIVE",
  "UNRATED",
] as const;
export type LossKind = (typeof LOSS_KINDS)[number];

/** One branch of the loss tree: the branches right below one add up exactly to it. */
export interface Loss {
  /** Unique in its tree. */
  readonly key: string;
  /** Null at the root, the calendar time. */
  readonly parentKey: string | null;
  readonly kind: LossKind;
  /** Of REASON and DOWNTIME; null: nobody has given one. */
  readonly reason: string | null;
  /** Of DOWNTIME, whole: it may reach beyond the range. */
  readonly downtime: Downtime | null;
  /** Below 0 only for SPEED_LOSS, where machines were faster than their ideal cycle time. */
  readonly durationMs: number;
  /** Of the calendar time; null when there is none. */
  readonly share: number | null;
  /** How many downtimes are in it. */
  readonly downtimeCount: number;
}

interface Branch {
  readonly parent: Branch | null;
  readonly kind: LossKind;
  readonly reason: string | null;
  readonly downtime: Downtime | null;
  /** Its reason's or downtime's; apart from others of its kind below the same branch. */
  readonly name: string | null;
  /** By their kind, and then by their name. */
  readonly branches: Map<LossKind, Map<string | null, Branch>>;
  ms: number;
  downtimes: number;
  /** The downtime that was counted last. */
  last: Downtime | null;
}

/** What is not busy although nothing else is said of it, such as unplanned time of a calendar without gaps. */
const NOT_PLANNED_KIND: Readonly<Record<PlannedKind, LossKind>> = {
  BUSY: "OFF_SHIFT",
  OFF_SHIFT: "OFF_SHIFT",
  HOLIDAY: "HOLIDAY",
  BREAK: "BREAK",
  PLANNED_STOP: "PLANNED_STOP",
};

/** Where the time of one or more machines went. */
export class LossTree {
  readonly #root = branchOf("CALENDAR_TIME", null, NO_CAUSE, null);
  readonly #downtimes: boolean;

  /** @param options.downtimes whether every single downtime has a branch, or reasons are the last ones. */
  constructor(options: { downtimes: boolean }) {
    this.#downtimes = options.downtimes;
  }

  /** Adds the time of one machine in which it did not produce. All its tiles come at once and in order. */
  addTime(tiles: Iterable<Span<KpiTile>>): void {
    const branches = new Map<TimeCategory, Branch>();
    for (const { from, to, value } of tiles) {
      const ms = to - from;
      const { category, downtime } = value;
      if (category === "PRODUCTION") continue;
      if (category === "NOT_PLANNED") spend(this.#at("NOT_PLANNED", NOT_PLANNED_KIND[value.planned]), ms);
      else {
        let branch = branches.get(category);
        if (!branch) {
          branch = category === "PLANNED_DOWN" ? this.#at(category) : this.#at("BUSY", category);
          branches.set(category, branch);
        }
        const leaf = category === "UNALLOCATED" ? branch : leafOf(branch, downtime, this.#downtimes);
        spend(leaf, ms, downtime);
      }
    }
  }

  /** Adds the production of one machine, or of an operation, by what was made in it. */
  addProduction(made: OutputSums & Pick<TimeSums, "productionMs">): void {
    const { productionMs, idealGoodMs, idealScrapMs } = made;
    if (productionMs === 0 && idealGoodMs + idealScrapMs === 0) return;
    const production = this.#at("BUSY", "PRODUCTION");
    if (made.unrated) {
      spend(below(production, "UNRATED"), productionMs);
      return;
    }
    const productive = Math.round(idealGoodMs);
    const spoilt = Math.round(idealScrapMs);
    spend(below(production, "PRODUCTIVE"), productive);
    spend(below(production, "QUALITY_LOSS"), spoilt);
    spend(below(production, "SPEED_LOSS"), productionMs - productive - spoilt);
  }

  /** Adds what is in another tree. */
  addTree(other: LossTree): void {
    addBranch(this.#root, other.#root);
  }

  /**
   * The branches, each before those below it, and among those the longest first.
   * @param options.downtimes false leaves single downtimes out.
   */
  list(options: { downtimes: boolean }): Loss[] {
    const total = this.#root.ms;
    const losses: Loss[] = [];
    const visit = (branch: Branch) => {
      losses.push({
        key: keyOf(branch),
        parentKey: branch.parent && keyOf(branch.parent),
        kind: branch.kind,
        reason: branch.reason,
        downtime: branch.downtime,
        durationMs: branch.ms,
        share: total === 0 ? null : branch.ms / total,
        downtimeCount: branch.downtimes,
      });
      for (const below of [...branchesOf(branch)].sort((a, b) => b.ms - a.ms))
        if (options.downtimes || below.kind !== "DOWNTIME") visit(below);
    };
    visit(this.#root);
    return losses;
  }

  #at(...kinds: readonly LossKind[]): Branch {
    return kinds.reduce((branch, kind) => below(branch, kind), this.#root);
  }
}

function keyOf({ kind, parent, name }: Branch): string {
  const own = name === null ? kind : `${kind}:${encodeURIComponent(name)}`;
  return parent === null || parent.parent === null ? own : `${keyOf(parent)}/${own}`;
}

/** What tells branches of one kind apart. */
type Cause = Pick<Branch, "reason" | "downtime">;

const NO_CAUSE: Cause = { reason: null, downtime: null };

function branchOf(
  kind: LossKind,
  parent: Branch | null,
  { reason, downtime }: Cause,
  name: string | null,
): Branch {
  return { kind, parent, reason, downtime, name, branches: new Map(), ms: 0, downtimes: 0, last: null };
}

/** The branch below another, made at its first use. */
function below(parent: Branch, kind: LossKind, cause = NO_CAUSE): Branch {
  let alike = parent.branches.get(kind);
  if (!alike) {
    alike = new Map();
    parent.branches.set(kind, alike);
  }
  const name = cause.downtime ? downtimeId(cause.downtime) : cause.reason;
  let branch = alike.get(name);
  if (!branch) {
    branch = branchOf(kind, parent, cause, name);
    alike.set(name, branch);
  }
  return branch;
}

function* branchesOf({ branches }: Branch): Generator<Branch> {
  for (const alike of branches.values()) yield* alike.values();
}

function addBranch(to: Branch, from: Branch): void {
  to.ms += from.ms;
  to.downtimes += from.downtimes;
  for (const branch of branchesOf(from)) addBranch(below(to, branch.kind, branch), branch);
}

/** Micro-stops are one branch whatever their reasons; other downtimes stand below their reason. */
function leafOf(lost: Branch, downtime: Downtime | null, single: boolean): Branch {
  if (downtime === null) return below(lost, "REASON");
  const { reason, microStop } = downtime;
  const cause = microStop ? below(lost, "MICRO_STOPS") : below(lost, "REASON", { reason, downtime: null });
  return single ? below(cause, "DOWNTIME", { reason, downtime }) : cause;
}

/** A downtime counts once in every branch that has time of it; its tiles come one after the other. */
function spend(leaf: Branch, ms: number, downtime: Downtime | null = null): void {
  for (let branch: Branch | null = leaf; branch !== null; branch = branch.parent) {
    branch.ms += ms;
    if (downtime === null || (branch.last !== null && isSame(branch.last, downtime))) continue;
    branch.downtimes += 1;
    branch.last = downtime;
  }
}

/** Where a machine's time was read in parts, one downtime may be two objects. */
function isSame(one: Downtime, other: Downtime): boolean {
  return one === other || (one.from === other.from && one.machineId === other.machineId);
}
