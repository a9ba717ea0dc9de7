import { expect } from "vitest";
import { type Ask, iso } from "./mes-desk.js";
import type { MachineTruth } from "./mes-oracle.js";
import { energyOf, lossesOf } from "./mes-oracle-losses.js";
import { type OracleReport, Part, type Range, reportOf } from "./mes-oracle-report.js";

const RANGES_AT_ONCE = 16;
const REPORT = Object.keys(reportOf([]));
/** The figures of a report. */
export const FIGURES = REPORT.join(" ");
/** Where the time went, and the energy. */
export const SPENT = `losses { key parentKey kind reason durationMs share downtimeCount }
  energy { unit amount perGoodPiece }`;

/** A report as the server tells it, with what was asked for. */
// biome-ignore lint/suspicious/noExplicitAny: figures stand in it by their names
export type Reported = any;

interface Spent {
  readonly losses: readonly {
    readonly key: string;
    readonly parentKey: string | null;
    readonly kind: string;
    readonly reason: string | null;
    readonly durationMs: number;
    readonly share: number | null;
    readonly downtimeCount: number;
  }[];
  readonly energy: readonly {
    readonly unit: string;
    readonly amount: number;
    readonly perGoodPiece: number | null;
  }[];
}

/** Where reports of equipment are not those of its machines, for each of the ranges. @param spent with SPENT. */
export async function comparedReports(
  ask: Ask,
  path: string,
  truths: readonly MachineTruth[],
  ranges: readonly Range[],
  spent: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const fields = `finality ${FIGURES} ${spent ? SPENT : ""}`;
  for (let at = 0; at < ranges.length; at += RANGES_AT_ONCE) {
    const some = ranges.slice(at, at + RANGES_AT_ONCE);
    const asked = some.map(
      ({ from, to }, index) => `r${index}: kpis(from: "${iso(from)}", to: "${iso(to)}") { ${fields} }`,
    );
    const { equipment } = await ask(`{ equipment(path: "${path}") { ${asked.join(" ")} } }`);
    some.forEach((range, index) => {
      const what = `${path} ${iso(range.from)}..${iso(range.to)}`;
      const parts = truths.map((truth) => new Part(truth, range));
      const report = equipment[`r${index}`];
      problems.push(...differences(what, report, reportOf(parts)));
      if (report.finality !== "FINAL") problems.push(`${what} is ${report.finality}`);
      if (spent) problems.push(...spentDifferences(what, report, parts));
    });
  }
  return problems;
}

/** Where a report does not say what it must. */
export function differences(what: string, report: Reported, expected: OracleReport): string[] {
  return REPORT.filter((name) => !isNear(report[name] ?? null, expected[name] ?? null)).map(
    (name) => `${what} ${name}: ${report[name]}, not ${expected[name]}`,
  );
}

/** Where the loss tree and the energy of a report are not those of its parts, or branches do not add up exactly. */
export function spentDifferences(what: string, { losses, energy }: Spent, parts: readonly Part[]): string[] {
  const problems: string[] = [];
  const expected = lossesOf(parts);
  const total = expected.get("CALENDAR_TIME")?.ms ?? 0;
  const places = new Map<string | null, string>();
  for (const { key, parentKey, kind, reason, durationMs, share, downtimeCount } of losses) {
    const own = kind === "REASON" ? `REASON:${reason ?? ""}` : kind;
    const above = places.get(parentKey);
    const place = above === undefined || above === "CALENDAR_TIME" ? own : `${above}/${own}`;
    places.set(key, place);
    const loss = expected.get(place);
    expected.delete(place);
    // Ideal times are rounded, of each machine or operation its good and its scrap; here they are fractions.
    const slack = place.startsWith("BUSY/PRODUCTION/") ? parts.length : 0.01;
    if (Math.abs(durationMs - (loss?.ms ?? 0)) > slack)
      problems.push(`${what} ${place}: ${durationMs} ms, not ${loss?.ms}`);
    if (downtimeCount !== (loss?.downtimes.size ?? 0))
      problems.push(`${what} ${place}: ${downtimeCount} downtimes, not ${loss?.downtimes.size}`);
    if (!isNear(share, total === 0 ? null : durationMs / total))
      problems.push(`${what} ${place}: share ${share}`);
    const below = losses.filter((one) => one.parentKey === key);
    const sum = below.reduce((ms, one) => ms + one.durationMs, 0);
    if (below.length > 0 && sum !== durationMs) problems.push(`${what} ${place}: ${sum} of ${durationMs} ms`);
  }
  for (const [place, { ms }] of expected)
    if (Math.abs(ms) >= 1) problems.push(`${what} misses ${place}: ${ms} ms`);
  const used = energyOf(parts);
  if (used.length !== energy.length) problems.push(`${what} has ${energy.length} energies`);
  for (const { unit, amount, perGoodPiece } of used) {
    const told = energy.find((one) => one.unit === unit);
    if (!isNear(told?.amount ?? null, amount) || !isNear(told?.perGoodPiece ?? null, perGoodPiece))
      problems.push(
        `${what} energy: ${told?.amount} ${unit}, ${told?.perGoodPiece} a piece, not ${amount}, ${perGoodPiece}`,
      );
  }
  return problems;
}

/** Where the list of downtimes of a machine is not the true one. */
export async function comparedDowntimes(
  ask: Ask,
  { machine: { path }, downtimes }: MachineTruth,
  { from, to }: Range,
): Promise<string[]> {
  const answer: string[] = [];
  for (let after: string | null = null; ; ) {
    const { machine } = await ask(
      `query ($after: String) { machine(path: "${path}") {
         downtimes(from: "${iso(from)}", to: "${iso(to)}", first: 500, after: $after) {
           pageInfo { hasNextPage endCursor } edges { node { from to durationMs state category reason classifiedBy
             microStop fault operation { sequence order { number } } } } } } }`,
      { after },
    );
    const { edges, pageInfo } = machine.downtimes;
    for (const { node } of edges) {
      expect(node.durationMs).toBe(Date.parse(node.to) - Date.parse(node.from));
      const operation = node.operation && `${node.operation.order.number}/${node.operation.sequence}`;
      answer.push(textOf({ ...node, operation }));
    }
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  const expected = downtimes.map((one) => textOf({ ...one, from: iso(one.from), to: iso(one.to) }));
  return [
    ...without(expected, answer).map((one) => `${path} misses ${one}`),
    ...without(answer, expected).map((one) => `${path} has ${one}`),
    ...(answer.length === expected.length ? [] : [`${path} has ${answer.length} downtimes`]),
  ];
}

function textOf(one: Record<"from" | "to" | "state" | "category", string> & Record<string, unknown>): string {
  const { from, to, state, category, reason, classifiedBy, microStop, fault, operation } = one;
  return [from, to, state, category, reason, classifiedBy, microStop, fault, operation].join(" ");
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter((one) => !known.has(one));
}

export function isNear(one: number | null, other: number | null): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other));
}

/** The first problems, and how many there are. */
export function summaryOf(problems: readonly string[]): string[] {
  return problems.length <= 20
    ? [...problems]
    : [...problems.slice(0, 20), `and ${problems.length - 20} more`];
}
