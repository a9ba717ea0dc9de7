import type { PlannedKind } from "./mes-oracle-calendar.js";
import { FAULT_REASONS, MICRO_STOP_MS, REASON_CATEGORIES } from "./mes-story.js";

export type Category =
  | "PRODUCTION"
  | "SETUP"
  | "DELAY"
  | "DOWN"
  | "PLANNED_DOWN"
  | "NOT_PLANNED"
  | "UNALLOCATED";

/** A stretch of a machine's time during which nothing changes. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** As state, mode, calendar, orders and maintenance say. */
  readonly natural: Category;
  readonly planned: PlannedKind;
  readonly state: string;
  readonly fault: string;
  /** The order and sequence of the operation that runs. */
  readonly operation: string | null;
  /** After what faults and people say of the downtime that it belongs to. */
  category: Category;
  downtime: OracleDowntime | null;
}

export type DowntimeCategory = "UNPLANNED" | "PLANNED" | "CHANGEOVER" | "UNCLASSIFIED";

export interface OracleDowntime {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly category: DowntimeCategory;
  readonly reason: string | null;
  readonly classifiedBy: "DERIVED" | "FAULT" | "OPERATOR";
  readonly microStop: boolean;
  readonly fault: string | null;
  readonly operation: string | null;
}

/** What people say of a machine's time: what it was, that it is parted at a moment, or that it is one. */
export type Saying =
  | {
      readonly kind: "was";
      readonly from: number;
      readonly to: number;
      readonly category: DowntimeCategory;
      readonly reason: string | null;
    }
  | { readonly kind: "cut" | "join"; readonly from: number; readonly to: number };

type Statement = Extract<Saying, { kind: "was" }>;

const LOST: readonly Category[] = ["DOWN", "DELAY", "SETUP", "PLANNED_DOWN"];

const COUNTS_AS: Partial<Record<DowntimeCategory, Category>> = {
  UNPLANNED: "DOWN",
  PLANNED: "PLANNED_DOWN",
  CHANGEOVER: "SETUP",
};

/**
 * Finds the downtimes, and writes what faults and people say of them into the pieces.
 * @param sayings in the order in which they were said; pieces begin and end where they do.
 */
export function downtimesOf(pieces: readonly Piece[], sayings: readonly Saying[]): OracleDowntime[] {
  const isLost = (piece: Piece | undefined) => piece?.planned === "BUSY" && LOST.includes(piece.natural);
  const downtimes: OracleDowntime[] = [];
  for (let first = 0; first < pieces.length; first += 1) {
    if (!isLost(pieces[first])) continue;
    const begin = first;
    while (isLost(pieces[first])) first += 1;
    downtimes.push(...downtimesOfBlock(pieces.slice(begin, first), sayings));
  }
  return downtimes;
}

/** Of a stretch in which all is lost. */
function downtimesOfBlock(block: readonly Piece[], sayings: readonly Saying[]): OracleDowntime[] {
  const begins = new Set(block.filter((piece, at) => piece.natural !== block[at - 1]?.natural).map(fromOf));
  for (const { kind, from, to } of sayings) {
    if (kind === "cut" && block.some((piece) => piece.from === from)) begins.add(from);
    if (kind !== "join") continue;
    for (const begin of begins)
      if (from < begin && begin < to && begin !== block[0]?.from) begins.delete(begin);
  }
  const segments: Piece[][] = [];
  for (const piece of block) {
    if (begins.has(piece.from)) segments.push([]);
    segments.at(-1)?.push(piece);
  }
  return segments.flatMap((segment) => downtimesOfSegment(segment, block, sayings));
}

/** What was said of one part of it last also holds for what follows it, of which nothing was said. */
function downtimesOfSegment(
  segment: readonly Piece[],
  block: readonly Piece[],
  sayings: readonly Saying[],
): OracleDowntime[] {
  const said = segment.map((piece) => lastSaidOf(piece, sayings));
  let holds = said.find((one) => one !== null) ?? null;
  const parts: { statement: Statement | null; pieces: Piece[] }[] = [];
  segment.forEach((piece, index) => {
    holds = said[index] ?? holds;
    const part = parts.at(-1);
    if (part && part.statement === holds) part.pieces.push(piece);
    else parts.push({ statement: holds, pieces: [piece] });
  });
  return parts.map(({ statement, pieces }) => {
    const judged = statement ? { ...statement, classifiedBy: "OPERATOR" as const } : derived(segment, block);
    return downtimeOf(pieces, judged);
  });
}

function lastSaidOf(piece: Piece, sayings: readonly Saying[]): Statement | null {
  let last: Statement | null = null;
  for (const one of sayings)
    if (one.kind === "was" && one.from <= piece.from && piece.to <= one.to) last = one;
  return last;
}

type Judgement = Pick<OracleDowntime, "category" | "reason" | "classifiedBy">;

function derived(segment: readonly Piece[], block: readonly Piece[]): Judgement {
  const first = segment[0] as Piece;
  const { natural } = first;
  if (natural === "SETUP") return { category: "CHANGEOVER", reason: null, classifiedBy: "DERIVED" };
  if (natural === "PLANNED_DOWN") return { category: "PLANNED", reason: null, classifiedBy: "DERIVED" };
  let begin = block.indexOf(first);
  while (block[begin - 1]?.natural === natural) begin -= 1;
  for (let at = begin; block[at]?.natural === natural; at += 1) {
    const reason = FAULT_REASONS[block[at]?.fault ?? ""];
    if (reason !== undefined)
      return { category: REASON_CATEGORIES[reason] ?? "UNPLANNED", reason, classifiedBy: "FAULT" };
  }
  return { category: "UNCLASSIFIED", reason: null, classifiedBy: "DERIVED" };
}

function downtimeOf(pieces: readonly Piece[], judged: Judgement): OracleDowntime {
  const { from, state } = pieces[0] as Piece;
  const to = pieces.at(-1)?.to ?? from;
  const { category, reason, classifiedBy } = judged;
  const downtime: OracleDowntime = {
    ...{ from, to, state, category, reason, classifiedBy },
    microStop: to - from < MICRO_STOP_MS,
    fault: pieces.find(({ fault }) => fault !== "")?.fault ?? null,
    operation: pieces.find(({ operation }) => operation !== null)?.operation ?? null,
  };
  for (const piece of pieces) {
    piece.downtime = downtime;
    piece.category = COUNTS_AS[category] ?? piece.natural;
  }
  return downtime;
}

function fromOf({ from }: Piece): number {
  return from;
}
