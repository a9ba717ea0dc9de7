import { clip, type Interval, type Span } from "../kernel/intervals.js";
import type { CalendarPart, ShiftInstance } from "./calendar.js";

/** What the plan says of a time: to work, or why not. */
export const PLANNED_KINDS = ["BUSY", "BREAK", "PLANNED_STOP", "HOLIDAY", "OFF_SHIFT"] as const;
export type PlannedKind = (typeof PLANNED_KINDS)[number];

/** What the plan says of a stretch of time. */
export interface PlannedTime {
  readonly kind: PlannedKind;
  /** The shift that takes place, with the local date on which it starts. */
  readonly shift: { readonly name: string; readonly date: string } | null;
  /** The name of the break or holiday, or why it stops. */
  readonly reason: string | null;
}

const ALWAYS: PlannedTime = { kind: "BUSY", shift: null, reason: null };
const OFF_SHIFT: PlannedTime = { kind: "OFF_SHIFT", shift: null, reason: null };

/**
 * What the plan says of a range. A stop counts within shifts, where it goes before breaks; on holidays and between
 * shifts nothing is planned that it could stop.
 * @param part what the calendar says; null without one: it is always time to work.
 * @param stops further planned stops by their reasons, in any order.
 * @returns stretches that tile the range exactly; neighbours differ.
 */
export function plannedTime(
  range: Interval,
  part: CalendarPart | null,
  stops: readonly Span<string>[],
): Span<PlannedTime>[] {
  if (range.from >= range.to) return [];
  const base = part === null ? [{ ...range, value: ALWAYS }] : baseOf(part, range);
  return joined(stopped(base, apart([...(part?.stops ?? []), ...stops])));
}

/** Shifts, breaks and holidays, and what lies between them. */
function baseOf({ shifts, holidays }: CalendarPart, range: Interval): Span<PlannedTime>[] {
  const planned = [
    ...shifts.flatMap(piecesOf),
    ...holidays.map(({ value, ...at }) => ({
      ...at,
      value: { kind: "HOLIDAY", shift: null, reason: value } as const,
    })),
  ].sort((a, b) => a.from - b.from);
  const tiles: Span<PlannedTime>[] = [];
  let at = range.from;
  for (const piece of planned) {
    const inside = clip(piece, { from: at, to: range.to });
    if (inside === null) continue;
    if (inside.from > at) tiles.push({ from: at, to: inside.from, value: OFF_SHIFT });
    tiles.push(inside);
    at = inside.to;
  }
  if (at < range.to) tiles.push({ from: at, to: range.to, value: OFF_SHIFT });
  return tiles;
}

function piecesOf({ name, date, from, to, breaks }: ShiftInstance): Span<PlannedTime>[] {
  const shift = { name, date };
  const busy: PlannedTime = { kind: "BUSY", shift, reason: null };
  const pieces: Span<PlannedTime>[] = [];
  let at = from;
  for (const one of breaks) {
    if (one.from > at) pieces.push({ from: at, to: one.from, value: busy });
    pieces.push({ from: one.from, to: one.to, value: { kind: "BREAK", shift, reason: one.value } });
    at = one.to;
  }
  if (at < to) pieces.push({ from: at, to, value: busy });
  return pieces;
}

/** Stops without their overlaps: where two meet, the one that began first counts. */
function apart(stops: readonly Span<string>[]): Span<string>[] {
  const result: Span<string>[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const stop of stops.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (stop.to <= end) continue;
    result.push({ ...stop, from: Math.max(stop.from, end) });
    end = stop.to;
  }
  return result;
}

function stopped(tiles: readonly Span<PlannedTime>[], stops: readonly Span<string>[]): Span<PlannedTime>[] {
  if (stops.length === 0) return [...tiles];
  const result: Span<PlannedTime>[] = [];
  let next = 0;
  for (const tile of tiles) {
    const { kind, shift } = tile.value;
    if (kind !== "BUSY" && kind !== "BREAK") {
      result.push(tile);
      continue;
    }
    while ((stops[next]?.to ?? Number.POSITIVE_INFINITY) <= tile.from) next += 1;
    let at = tile.from;
    for (let index = next; index < stops.length; index += 1) {
      const stop = stops[index];
      const inside = stop && clip(stop, tile);
      if (!inside) break;
      if (inside.from > at) result.push({ from: at, to: inside.from, value: tile.value });
      result.push({ ...inside, value: { kind: "PLANNED_STOP", shift, reason: inside.value } });
      at = inside.to;
    }
    if (at < tile.to) result.push({ from: at, to: tile.to, value: tile.value });
  }
  return result;
}

function joined(tiles: readonly Span<PlannedTime>[]): Span<PlannedTime>[] {
  const result: Span<PlannedTime>[] = [];
  for (const tile of tiles) {
    const last = result.at(-1);
    if (last && same(last.value, tile.value)) result[result.length - 1] = { ...last, to: tile.to };
    else result.push(tile);
  }
  return result;
}

function same(one: PlannedTime, other: PlannedTime): boolean {
  if (one === other) return true;
  return (
    one.kind === other.kind &&
    one.reason === other.reason &&
    one.shift?.name === other.shift?.name &&
    one.shift?.date === other.shift?.date
  );
}
