import type { Interval } from "../kernel/intervals.js";
import { sumOf } from "../production/decimal.js";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** One growth of a counter within a minute. */
export interface MinuteStep {
  /** Milliseconds since the minute began. */
  readonly offset: number;
  /** Decimal with a sign. */
  readonly amount: string;
}

/** Whole numbers up to this, and down to its negative, are one byte, this many above. */
const ZERO = 127;
/** Any other amount follows as text, after its length. */
const AS_TEXT = 255;

/** Steps of a minute as they are kept; kept ones can be put one behind the other. */
export function packSteps(steps: readonly MinuteStep[]): Buffer {
  const parts: number[] = [];
  for (const { offset, amount } of steps) {
    parts.push(offset >> 8, offset & 0xff);
    const number = Number(amount);
    const isSmall = Number.isInteger(number) && Math.abs(number) <= ZERO && String(number) === amount;
    if (isSmall) parts.push(number + ZERO);
    else parts.push(AS_TEXT, amount.length, ...Buffer.from(amount, "latin1"));
  }
  return Buffer.from(parts);
}

/** @throws RangeError when it is nothing that was packed. */
export function unpackSteps(bytes: Uint8Array): MinuteStep[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const steps: MinuteStep[] = [];
  for (let at = 0; at < buffer.length; ) {
    const offset = buffer.readUInt16BE(at);
    const code = buffer.readUInt8(at + 2);
    at += 3;
    if (code !== AS_TEXT) steps.push({ offset, amount: String(code - ZERO) });
    else {
      const length = buffer.readUInt8(at);
      steps.push({ offset, amount: buffer.toString("latin1", at + 1, at + 1 + length) });
      at += 1 + length;
    }
  }
  return steps;
}

/** What the steps of a minute that begins at `minute` come to within a range. */
export function sumWithin(minute: number, steps: readonly MinuteStep[], range: Interval): string {
  return sumOf(
    steps.flatMap(({ offset, amount }) => {
      const at = minute + offset;
      return at >= range.from && at < range.to ? [amount] : [];
    }),
  );
}

/** How a range is summed: whole hours, whole minutes beside them, and the steps of the minutes at its edges. */
export interface SumPlan {
  readonly hours: Interval;
  readonly minutes: readonly Interval[];
  /** Where each of these minutes begins. */
  readonly edges: readonly number[];
}

export function sumPlan({ from, to }: Interval): SumPlan {
  const edges = new Set<number>();
  if (from % MINUTE_MS !== 0) edges.add(floor(from, MINUTE_MS));
  if (to % MINUTE_MS !== 0) edges.add(floor(to, MINUTE_MS));
  const whole = { from: ceil(from, MINUTE_MS), to: floor(to, MINUTE_MS) };
  const hours = { from: ceil(from, HOUR_MS), to: floor(to, HOUR_MS) };
  if (hours.from >= hours.to) {
    return { hours: { from: 0, to: 0 }, minutes: whole.from < whole.to ? [whole] : [], edges: [...edges] };
  }
  const beside = [
    { from: whole.from, to: hours.from },
    { from: hours.to, to: whole.to },
  ].filter((one) => one.from < one.to);
  return { hours, minutes: beside, edges: [...edges] };
}

export function floor(time: number, width: number): number {
  return Math.floor(time / width) * width;
}

function ceil(time: number, width: number): number {
  return Math.ceil(time / width) * width;
}
