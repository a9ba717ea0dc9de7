import { clip, firstEndingAfter, flatten, type Interval, type Span } from "../kernel/intervals.js";
import type { DowntimeCategory, DowntimeReason } from "../plant/downtime-settings.js";
import {
  type Classification,
  type ClassifiedBy,
  type Cut,
  type Downtime,
  type Statement,
  statementsLatestFirst,
} from "./downtime.js";
import type { TimeCategory, TimeTile } from "./time-model.js";

/** What downtimes of a machine are made by, besides its tiles. */
export interface DowntimeRules {
  readonly machineId: string;
  /** Nothing is known of what comes after: a downtime that reaches it lasts. */
  readonly now: number;
  readonly microStopMs: number;
  readonly faultReasons: ReadonlyMap<string, DowntimeReason>;
  readonly statements: readonly Statement[];
  readonly cuts: readonly Cut[];
}

export interface DerivedTime {
  /** The same time as the tiles given. */
  readonly tiles: readonly Span<TimeTile>[];
  readonly downtimes: readonly Downtime[];
}

type Tiles = readonly Span<TimeTile>[];

interface Judgement {
  readonly classification: Classification;
  readonly classifiedBy: ClassifiedBy;
}

/** A stretch with one classification: it becomes a downtime. */
interface Piece extends Interval, Judgement {}

const LOST: Readonly<Partial<Record<TimeCategory, DowntimeCategory>>> = {
  DOWN: "UNCLASSIFIED",
  DELAY: "UNCLASSIFIED",
  SETUP: "CHANGEOVER",
  PLANNED_DOWN: "PLANNED",
};

const COUNTS_AS: Readonly<Record<DowntimeCategory, TimeCategory | null>> = {
  UNPLANNED: "DOWN",
  PLANNED: "PLANNED_DOWN",
  CHANGEOVER: "SETUP",
  UNCLASSIFIED: null,
};

/** How most downtimes are judged, made once for all of them. */
const DERIVED: Readonly<Record<DowntimeCategory, Judgement>> = {
  UNPLANNED: derivedAs("UNPLANNED"),
  PLANNED: derivedAs("PLANNED"),
  CHANGEOVER: derivedAs("CHANGEOVER"),
  UNCLASSIFIED: derivedAs("UNCLASSIFIED"),
};

/** Whether a tile belongs to a downtime. */
export function isDowntime({ category, planned }: TimeTile): boolean {
  return planned === "BUSY" && LOST[category] !== undefined;
}

/**
 * Finds the downtimes in a machine's tiles and lays over them what was said of them. Unbroken downtime that goes on
 * before or after the tiles given is judged by its part within them only.
 */
export function deriveDowntimes(facts: Tiles, rules: DowntimeRules): DerivedTime {
  const tiles: Span<TimeTile>[] = [];
  const downtimes: Downtime[] = [];
  const statements = flatten(statementsLatestFirst(rules.statements));
  for (let index = 0; index < facts.length; ) {
    const end = endOfBlock(facts, index);
    if (end === index) {
      tiles.push(facts[index] as Span<TimeTile>);
      index += 1;
      continue;
    }
    const block = facts.slice(index, end);
    const pieces = piecesOf(block, statements, rules);
    for (const piece of pieces) {
      const parts = pieces.length === 1 ? block : partsOf(block, piece);
      const downtime = piece.from < rules.now ? downtimeOf(piece, parts, rules) : null;
      if (downtime) downtimes.push(downtime);
      const category = COUNTS_AS[piece.classification.category];
      for (const { from, to, value } of parts)
        tiles.push({ from, to, value: tileWith(value, category ?? value.category, downtime) });
    }
    index = end;
  }
  return { tiles, downtimes };
}

/** Field by field: a spread takes several times as long, and there are tens of thousands of them. */
function tileWith(so: TimeTile, category: TimeCategory, downtime: Downtime | null): TimeTile {
  const { state, mode, planned, shift, plannedReason, run, maintenance, fault } = so;
  return { category, state, mode, planned, shift, plannedReason, run, maintenance, fault, downtime };
}

/** Where the unbroken downtime that begins at a tile ends; at the tile itself when it is none. */
function endOfBlock(tiles: Tiles, start: number): number {
  let index = start;
  for (let tile = tiles[index]; tile && isDowntime(tile.value); tile = tiles[index]) index += 1;
  return index;
}

function partsOf(block: Tiles, piece: Interval): Span<TimeTile>[] {
  const parts: Span<TimeTile>[] = [];
  for (let at = firstEndingAfter(block, piece.from); ; at += 1) {
    const tile = block[at];
    const part = tile === undefined ? null : clip(tile, piece);
    if (part === null) return parts;
    parts.push(part);
  }
}

function piecesOf(block: Tiles, statements: readonly Span<Statement>[], rules: DowntimeRules): Piece[] {
  const natural = naturalPieces(block, rules.faultReasons);
  // Of most downtimes nobody says anything, and there are tens of thousands of them.
  if (statements.length === 0 && rules.cuts.length === 0) return natural;
  const begun = beginningsOf(block, natural, rules.cuts);
  return begun.flatMap(([from, derived], index) => {
    const to = begun[index + 1]?.[0] ?? block.at(-1)?.to ?? from;
    return stated({ ...derived, from, to }, statements);
  });
}

/** The stretches of one category each. A fault code that the machine type knows explains all of its stretch. */
function naturalPieces(block: Tiles, faultReasons: DowntimeRules["faultReasons"]): Piece[] {
  const pieces: Piece[] = [];
  for (let index = 0; index < block.length; ) {
    const first = block[index] as Span<TimeTile>;
    const { category } = first.value;
    let explained: DowntimeReason | null = null;
    let { to } = first;
    for (let tile = block[index]; tile?.value.category === category; tile = block[index]) {
      explained ??= faultReasons.get(tile.value.fault ?? "") ?? null;
      ({ to } = tile);
      index += 1;
    }
    const { classification, classifiedBy } = judged(category, explained);
    pieces.push({ from: first.from, to, classification, classifiedBy });
  }
  return pieces;
}

function judged(category: TimeCategory, explained: DowntimeReason | null): Judgement {
  const derived = LOST[category] ?? "UNCLASSIFIED";
  // What the machine's mode or a maintenance order says needs no fault to explain it.
  if (explained === null || derived !== "UNCLASSIFIED") return DERIVED[derived];
  const classification = {
    category: explained.category ?? "UNPLANNED",
    reason: explained.code,
    comment: null,
  } as const;
  return { classification, classifiedBy: "FAULT" };
}

function derivedAs(category: DowntimeCategory): Judgement {
  return { classification: { category, reason: null, comment: null }, classifiedBy: "DERIVED" };
}

/**
 * The moments at which downtimes of a block begin, in order, each with the stretch that it is classified by. What is cut
 * off goes on to be classified by the stretch that the whole was: also where that was joined of several.
 */
function beginningsOf(block: Tiles, natural: readonly Piece[], cuts: readonly Cut[]): [number, Piece][] {
  const start = block[0]?.from ?? 0;
  const end = block.at(-1)?.to ?? start;
  const begun = new Map(natural.map((piece) => [piece.from, piece]));
  for (const { kind, from, to } of cuts) {
    if (kind === "JOIN") {
      for (const at of begun.keys()) if (at !== start && at > from && at < to) begun.delete(at);
    } else if (from > start && from < end && !begun.has(from)) {
      const whole = begun.get(Math.max(...[...begun.keys()].filter((at) => at < from)));
      if (whole) begun.set(from, whole);
    }
  }
  return [...begun].sort(([a], [b]) => a - b);
}

/**
 * The parts of a stretch by what was said of them. Late data can make a stretch longer than it was when something was
 * said of it, and so can time while it lasts: what was said of its nearest part holds for the rest as well.
 */
function stated(derived: Piece, statements: readonly Span<Statement>[]): Piece[] {
  const said: Span<Statement>[] = [];
  for (let at = firstEndingAfter(statements, derived.from); ; at += 1) {
    const span = statements[at];
    if (span === undefined || span.from >= derived.to) break;
    if (said.at(-1)?.value !== span.value) said.push(span);
  }
  if (said.length === 0) return [derived];
  return said.map(({ from, value }, index) => ({
    from: index === 0 ? derived.from : from,
    to: said[index + 1]?.from ?? derived.to,
    classification: {
      category: value.category,
      reason: value.category === "UNCLASSIFIED" ? null : value.reason,
      comment: value.comment,
    },
    classifiedBy: "OPERATOR" as const,
  }));
}

function downtimeOf(piece: Piece, parts: Tiles, rules: DowntimeRules): Downtime {
  const { machineId, now, microStopMs } = rules;
  const { category, reason, comment } = piece.classification;
  const durationMs = Math.min(piece.to, now) - piece.from;
  return {
    machineId,
    from: piece.from,
    to: piece.to >= now ? null : piece.to,
    durationMs,
    state: parts[0]?.value.state ?? "UNKNOWN",
    category,
    reason,
    comment,
    classifiedBy: piece.classifiedBy,
    microStop: durationMs < microStopMs,
    fault: firstOf(parts, (tile) => tile.fault),
    operationId: firstOf(parts, (tile) => tile.run)?.operationId ?? null,
    maintenanceOrderId: firstOf(parts, (tile) => tile.maintenance)?.orderId ?? null,
  };
}

function firstOf<Value>(tiles: Tiles, pick: (tile: TimeTile) => Value | null): Value | null {
  for (const { value } of tiles) {
    const found = pick(value);
    if (found !== null) return found;
  }
  return null;
}
