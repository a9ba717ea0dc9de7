import type { Downtime } from "../downtime/downtime.js";
import type { PlannedKind, TimeCategory } from "../downtime/time-model.js";
import type { Span } from "../kernel/intervals.js";
import type { OutputSums } from "./kpi.js";
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
  readonly key: string;
  readonly parent: Branch | null;
  readonly kind: LossKind;
  readonly reason: string | null;
  readonly downtime: Downtime | null;
  readonly branches: Map<string, Branch>;
  ms: number;
  downtimes: number;
}

const LOST: Readonly<Partial<Record<TimeCategory, LossKind>>> = {
  PLANNED_DOWN: "PLANNED_DOWN",
  SETUP: "SETUP",
  DOWN: "DOWN",
  DELAY: "DELAY",
};

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
  readonly #root = branchOf("CALENDAR_TIME", null);
  readonly #downtimes: boolean;

  /** @param options.downtimes whether every single downtime has a branch, or reasons are the last ones. */
  constructor(options: { downtimes: boolean }) {
    this.#downtimes = options.downtimes;
  }

  /** Adds the tiles of one machine, and what it made in them. */
  add(tiles: Iterable<Span<KpiTile>>, output: OutputSums): void {
    let producing = 0;
    // The tiles of a downtime come one after the other.
    let last: Downtime | null = null;
    for (const { from, to, value } of tiles) {
      const ms = to - from;
      const { category, downtime } = value;
      if (category === "PRODUCTION") {
        producing += ms;
        continue;
      }
      if (category === "NOT_PLANNED") {
        spend(this.#at("NOT_PLANNED", NOT_PLANNED_KIND[value.planned]), ms);
      } else if (category === "UNALLOCATED") {
        spend(this.#at("BUSY", "UNALLOCATED"), ms);
      } else {
        const kind = LOST[category] ?? "DOWN";
        const lost = category === "PLANNED_DOWN" ? this.#at(kind) : this.#at("BUSY", kind);
        const isNew = downtime !== null && downtime !== last;
        spend(leafOf(lost, downtime, this.#downtimes), ms, isNew ? 1 : 0);
        last = downtime;
      }
    }
    if (producing > 0 || output.idealGoodMs + output.idealScrapMs !== 0)
      this.#addProduction(producing, output);
  }

  /** The branches, each before those below it, and among those the longest first. */
  list(): Loss[] {
    const total = this.#root.ms;
    const losses: Loss[] = [];
    const visit = (branch: Branch) => {
      losses.push({
        key: branch.key,
        parentKey: branch.parent?.key ?? null,
        kind: branch.kind,
        reason: branch.reason,
        downtime: branch.downtime,
        durationMs: branch.ms,
        share: total === 0 ? null : branch.ms / total,
        downtimeCount: branch.downtimes,
      });
      for (const below of [...branch.branches.values()].sort((a, b) => b.ms - a.ms)) visit(below);
    };
    visit(this.#root);
    return losses;
  }

  #addProduction(ms: number, output: OutputSums): void {
    const production = this.#at("BUSY", "PRODUCTION");
    if (output.unrated) {
      spend(below(production, "UNRATED"), ms);
      return;
    }
    const productive = Math.round(output.idealGoodMs);
    const spoilt = Math.round(output.idealScrapMs);
    spend(below(production, "PRODUCTIVE"), productive);
    spend(below(production, "QUALITY_LOSS"), spoilt);
    spend(below(production, "SPEED_LOSS"), ms - productive - spoilt);
  }

  #at(...kinds: readonly LossKind[]): Branch {
    return kinds.reduce((branch, kind) => below(branch, kind), this.#root);
  }
}

function branchOf(
  kind: LossKind,
  parent: Branch | null,
  { reason = null, downtime = null }: Partial<Pick<Branch, "reason" | "downtime">> = {},
): Branch {
  const name = downtime?.id ?? reason;
  const own = name === null ? kind : `${kind}:${encodeURIComponent(name)}`;
  return {
    key: parent === null || parent.parent === null ? own : `${parent.key}/${own}`,
    parent,
    kind,
    reason,
    downtime,
    branches: new Map(),
    ms: 0,
    downtimes: 0,
  };
}

/** The branch below another, made at its first use. */
function below(
  parent: Branch,
  kind: LossKind,
  of: Partial<Pick<Branch, "reason" | "downtime">> = {},
): Branch {
  const key = `${kind}:${of.reason ?? ""}:${of.downtime?.id ?? ""}`;
  let branch = parent.branches.get(key);
  if (!branch) {
    branch = branchOf(kind, parent, of);
    parent.branches.set(key, branch);
  }
  return branch;
}

/** Micro-stops are one branch whatever their reasons; other downtimes stand below their reason. */
function leafOf(lost: Branch, downtime: Downtime | null, single: boolean): Branch {
  if (downtime === null) return below(lost, "REASON");
  const { reason, microStop } = downtime;
  const cause = microStop ? below(lost, "MICRO_STOPS") : below(lost, "REASON", { reason });
  return single ? below(cause, "DOWNTIME", { reason, downtime }) : cause;
}

function spend(leaf: Branch, ms: number, downtimes = 0): void {
  for (let branch: Branch | null = leaf; branch !== null; branch = branch.parent) {
    branch.ms += ms;
    branch.downtimes += downtimes;
  }
}
