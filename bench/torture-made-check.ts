import { query } from "./parts.js";
import { askUntilAnswered, type Expected } from "./torture-check.js";
import { countingMachines, isOrdered, type Proof, proofsOf, type TortureState } from "./torture-made.js";
import { changesOf, OPERATIONS, orderNumber } from "./torture-orders.js";
import type { TortureServer } from "./torture-parts.js";
import { pathOf } from "./torture-publisher.js";

/** Looked at before operations began. */
const LEAD_MS = 1_000;
const PAGE = 1_000;

export interface Made {
  readonly machines: number;
  /** Good and scrapped pieces, and downtimes, as the messages imply them. */
  readonly pieces: number;
  readonly downtimes: number;
  /** What operations and KPIs say otherwise. */
  readonly counts: readonly string[];
  /** What downtimes and times of KPIs say otherwise. */
  readonly times: readonly string[];
  /** Steps of counters that are flagged and should not be, or the other way round. */
  readonly flags: readonly string[];
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Compares what machines made and did, as the server tells it, with what the messages that were acknowledged imply. */
export async function checkMade(
  databaseUrl: string,
  server: TortureServer,
  expected: Expected,
): Promise<Made> {
  const counts: string[] = [];
  const times: string[] = [];
  const flags: string[] = [];
  let pieces = 0;
  let stretches = 0;
  const counting = countingMachines(expected);
  const flagged = await flagsOf(databaseUrl);
  for (const machine of counting) {
    const path = pathOf(expected.root, machine);
    const proofs = proofsOf(machine, expected, expected.base);
    const lost = lostTimesOf(machine, expected, proofs);
    for (const range of rangesOf(expected)) {
      const { made, spent } = await kpisOf(server, path, range);
      differ(counts, `${path} ${textOf(range)} made`, made, sumOf(within(proofs, range)));
      differ(times, `${path} ${textOf(range)} spent`, spent, spentIn(machine, expected, proofs, range));
    }
    differ(times, `${path} was down`, await downtimesOf(server, path, expected), lost.map(lostText));
    const should = proofs.flatMap(({ at, flag }) => (flag === null ? [] : [`${at} ${flag}`]));
    differ(flags, `${path} flags`, flagged.get(path) ?? [], should);
    if (isOrdered(machine)) counts.push(...(await wrongOperations(server, machine, expected, proofs)));
    pieces += proofs.reduce((sum, { good, scrap }) => sum + good + scrap, 0);
    stretches += lost.length;
  }
  return { machines: counting.length, pieces, downtimes: stretches, counts, times, flags };
}

/** All of the run with what is before it, and a part that begins and ends amid it. */
function rangesOf(expected: Expected): Range[] {
  const { base, messages } = expected;
  const third = Math.floor(messages / 3);
  const all = { from: changesOf(expected).start - LEAD_MS, to: base + messages };
  return messages < 3 ? [all] : [all, { from: base + third, to: base + 2 * third + 1 }];
}

function within(proofs: readonly Proof[], { from, to }: Range): Proof[] {
  return proofs.filter(({ at }) => at >= from && at < to);
}

function sumOf(proofs: readonly Proof[]): string {
  let [good, scrap] = [0, 0];
  for (const proof of proofs) {
    good += proof.good;
    scrap += proof.scrap;
  }
  return `${good} good, ${scrap} scrap`;
}

interface Report {
  readonly goodQuantity: number;
  readonly scrapQuantity: number;
  readonly calendarTimeMs: number;
  readonly actualProductionTimeMs: number;
  readonly actualDownTimeMs: number;
  readonly actualDelayTimeMs: number;
}

async function kpisOf(
  server: TortureServer,
  path: string,
  range: Range,
): Promise<{ made: string; spent: string }> {
  const { machine } = await askUntilAnswered<{ machine: { kpis: Report } | null }>(
    server,
    `{ machine(path: "${path}") { kpis(${argumentsOf(range)}) { goodQuantity scrapQuantity
       calendarTimeMs actualProductionTimeMs actualDownTimeMs actualDelayTimeMs } } }`,
  );
  if (!machine) return { made: "nothing", spent: "nothing" };
  const { goodQuantity, scrapQuantity, ...times } = machine.kpis;
  const { calendarTimeMs: all, actualProductionTimeMs: production } = times;
  return {
    made: `${goodQuantity} good, ${scrapQuantity} scrap`,
    spent: spentText(all, production, times.actualDownTimeMs, times.actualDelayTimeMs),
  };
}

function argumentsOf({ from, to }: Range): string {
  return `from: "${new Date(from).toISOString()}", to: "${new Date(to).toISOString()}"`;
}

function spentText(all: number, production: number, down: number, delay: number): string {
  return `${all} ms, production ${production}, down ${down}, delay ${delay}`;
}

/** What a machine did, from one report to the next. */
interface Stretch extends Range {
  readonly state: TortureState | "UNKNOWN";
}

/** States that tile the time from when operations began to the end of the run. */
function stretchesOf(expected: Expected, proofs: readonly Proof[]): Stretch[] {
  const stretches: Stretch[] = [];
  let state: Stretch["state"] = "UNKNOWN";
  let from = changesOf(expected).start;
  for (const proof of proofs) {
    if (proof.state === null || proof.state === state) continue;
    stretches.push({ from, to: proof.at, state });
    ({ state, at: from } = proof);
  }
  stretches.push({ from, to: expected.base + expected.messages, state });
  return stretches;
}

/** The stretches that are downtimes: held, or, where an operation runs, anything but producing. */
function lostTimesOf(
  machine: number,
  expected: Expected,
  proofs: readonly Proof[],
): (Stretch & { operation: number | null })[] {
  const { change } = changesOf(expected);
  return stretchesOf(expected, proofs)
    .filter(({ state }) => state === "HELD" || (state !== "EXECUTE" && isOrdered(machine)))
    .map((stretch) => {
      const operation = stretch.from < change ? OPERATIONS.first : OPERATIONS.second;
      return { ...stretch, operation: isOrdered(machine) ? operation : null };
    });
}

function spentIn(machine: number, expected: Expected, proofs: readonly Proof[], range: Range): string {
  const length = ({ from, to }: Range) => Math.max(0, Math.min(to, range.to) - Math.max(from, range.from));
  const all = (stretches: readonly Stretch[]) => stretches.reduce((sum, one) => sum + length(one), 0);
  const lost = lostTimesOf(machine, expected, proofs);
  const production = stretchesOf(expected, proofs).filter(({ state }) => state === "EXECUTE");
  const [held, others] = [
    lost.filter(({ state }) => state === "HELD"),
    lost.filter(({ state }) => state !== "HELD"),
  ];
  return spentText(range.to - range.from, all(production), all(held), all(others));
}

function lostText({ from, to, state, operation }: Stretch & { operation: number | null }): string {
  return `${from} ${to} ${state} ${operation}`;
}

interface Downtimes {
  readonly edges: readonly {
    readonly node: {
      from: string;
      to: string | null;
      state: Stretch["state"];
      operation: { sequence: number } | null;
    };
  }[];
  readonly pageInfo: PageInfo;
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** The downtimes of a run; one that goes on behind its end is taken up to there. */
async function downtimesOf(server: TortureServer, path: string, expected: Expected): Promise<string[]> {
  const end = expected.base + expected.messages;
  const range = argumentsOf({ from: changesOf(expected).start, to: end });
  const found: string[] = [];
  let after = "";
  for (;;) {
    const { downtimes } = await askUntilAnswered<{ downtimes: Downtimes }>(
      server,
      `{ downtimes(${range}, under: "${path}", first: ${PAGE}${after}) { edges { node { from to state operation { sequence } } }
         pageInfo { hasNextPage endCursor } } }`,
    );
    for (const { node } of downtimes.edges) {
      const to = Math.min(node.to === null ? end : Date.parse(node.to), end);
      const operation = node.operation?.sequence ?? null;
      found.push(lostText({ from: Date.parse(node.from), to, state: node.state, operation }));
    }
    if (!downtimes.pageInfo.hasNextPage) return found;
    after = `, after: "${downtimes.pageInfo.endCursor}"`;
  }
}

interface OperationAnswer {
  readonly id: string;
  readonly sequence: number;
  readonly status: string;
  readonly goodQuantity: number;
  readonly scrapQuantity: number;
}

/** What is wrong with what the operations of a machine made, and with the records that it must be the sum of. */
async function wrongOperations(
  server: TortureServer,
  machine: number,
  expected: Expected,
  proofs: readonly Proof[],
): Promise<string[]> {
  const wrong: string[] = [];
  const { change } = changesOf(expected);
  const number = orderNumber(machine);
  const { order } = await askUntilAnswered<{ order: { operations: OperationAnswer[] } | null }>(
    server,
    `{ order(number: "${number}") { operations { id sequence status goodQuantity scrapQuantity } } }`,
  );
  const operations = order?.operations ?? [];
  const told = operations.map(
    ({ sequence, status, goodQuantity, scrapQuantity }) =>
      `${sequence} ${status}: ${goodQuantity} good, ${scrapQuantity} scrap`,
  );
  // What a reading shows was made until then.
  const [first, second] = [proofs.filter(({ at }) => at <= change), proofs.filter(({ at }) => at > change)];
  differ(wrong, `operations of ${number}`, told, [
    `${OPERATIONS.first} COMPLETED: ${sumOf(first)}`,
    `${OPERATIONS.second} RUNNING: ${sumOf(second)}`,
  ]);
  for (const [index, { id, sequence }] of operations.entries()) {
    const own = sumOf(index === 0 ? first : second);
    differ(wrong, `records of ${number}, operation ${sequence}`, await recordedOf(server, id), own);
  }
  return wrong;
}

interface Records {
  readonly edges: readonly { readonly node: { kind: "GOOD" | "SCRAP"; quantity: number } }[];
  readonly pageInfo: PageInfo;
}

async function recordedOf(server: TortureServer, operation: string): Promise<string> {
  const sums = { GOOD: 0, SCRAP: 0 };
  let after = "";
  for (;;) {
    const { node: found } = await askUntilAnswered<{ node: { records: Records } | null }>(
      server,
      `{ node(id: "${operation}") { ... on Operation { records: productionRecords(first: ${PAGE}${after})
         { edges { node { kind quantity } } pageInfo { hasNextPage endCursor } } } } }`,
    );
    const records = found?.records;
    for (const { node } of records?.edges ?? []) sums[node.kind] += node.quantity;
    if (!records?.pageInfo.hasNextPage) return `${sums.GOOD} good, ${sums.SCRAP} scrap`;
    after = `, after: "${records.pageInfo.endCursor}"`;
  }
}

/** Steps of counters that were not counted, as `<time> <from> <to>`, by machine. */
async function flagsOf(databaseUrl: string): Promise<Map<string, string[]>> {
  const rows = await query<{ path: string; flag: string }>(
    databaseUrl,
    `SELECT e.path, round(extract(epoch FROM f.at) * 1000) || ' ' || f.from_value || ' ' || f.to_value AS flag
     FROM machine_count_flag f JOIN equipment e ON e.id = f.machine_id ORDER BY e.path, f.at`,
  );
  const flags = new Map<string, string[]>();
  for (const { path, flag } of rows) flags.set(path, [...(flags.get(path) ?? []), flag]);
  return flags;
}

function textOf({ from, to }: Range): string {
  return `from ${from} to ${to}`;
}

/** Notes where what is told is not what should be: of a list the first that is otherwise. */
function differ(
  wrong: string[],
  what: string,
  told: string | readonly string[],
  should: string | readonly string[],
): void {
  const [is, wanted] = [[told].flat(), [should].flat()];
  const at = Array.from({ length: Math.max(is.length, wanted.length) }).findIndex(
    (_, index) => is[index] !== wanted[index],
  );
  if (at >= 0) wrong.push(`${what}: ${is[at] ?? "nothing"}, and not ${wanted[at] ?? "nothing"}`);
}
