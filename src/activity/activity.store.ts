import type { Database } from "../db/database.js";
import { integerAt, timeAt } from "../history/frame-rows.js";
import type { Interval } from "../kernel/intervals.js";
import { timeLiteral, uuidsLiteral } from "../kernel/pg-literal.js";
import { sumOf } from "../production/decimal.js";
import type { ActivityKind, CountKind, CountSum, Report } from "./activity.js";
import { sumPlan, sumWithin, unpackSteps } from "./count-minutes.js";

/** Stands for no operation where a column takes no null. */
export const NO_OPERATION = "00000000-0000-0000-0000-000000000000";

/** More than there are states; fault codes may be many. */
const MOST_KNOWN = 32;

interface CountRow {
  machine_id: string;
  kind: CountKind;
  operation_id: string;
  ideal: number;
  quantity: string;
  minute: Date | null;
  steps: Buffer | null;
}

/** Reads the facts of what machines did. */
export class ActivityStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Each machine's reports of a kind in a range by time, and before them the last one before it. */
  async reports(
    kind: ActivityKind,
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Report[]>> {
    const found = machineIds.map((): Report[] => []);
    const [from, to] = [timeLiteral(range.from), timeLiteral(range.to)];
    const rows = (where: string) =>
      `SELECT at, series_id, value FROM machine_activity WHERE machine_id = m.id AND kind = '${kind}' AND ${where}`;
    const values = new KnownTexts();
    await this.#db.withConnection((sql) =>
      sql.copyOut(
        `SELECT m.place::int, f.at, f.value
         FROM unnest(${uuidsLiteral(machineIds)}) WITH ORDINALITY AS m (id, place) CROSS JOIN LATERAL (
           (${rows(`at <= ${from}`)} ORDER BY at DESC, series_id DESC LIMIT 1)
           UNION ALL (${rows(`at > ${from} AND at < ${to}`)} ORDER BY at, series_id)) AS f`,
        (row) => {
          const begin = row.starts[2] as number;
          const value = values.at(row.bytes, begin, begin + (row.lengths[2] as number));
          found[integerAt(row, 0) - 1]?.push({ at: timeAt(row, 1), value });
        },
      ),
    );
    // They come in order as long as the plan goes by the index, which is faster than to have all of them sorted.
    for (const reports of found) reports.sort((a, b) => a.at - b.at);
    return new Map(machineIds.map((id, place) => [id, found[place] ?? []]));
  }

  /** What machines' counters counted in a range; sums of 0 are left out, and machines that counted nothing. */
  async counts(machineIds: readonly string[], range: Interval): Promise<ReadonlyMap<string, CountSum[]>> {
    const { hours, minutes, edges } = sumPlan(range);
    const columns = "machine_id, kind, operation_id, ideal_cycle_time_ms AS ideal, quantity";
    const ours = `machine_id = ANY(${uuidsLiteral(machineIds)})`;
    const within = (one: Interval) => `at >= ${timeLiteral(one.from)} AND at < ${timeLiteral(one.to)}`;
    const sums = [
      ...(hours.from < hours.to
        ? [`SELECT ${columns} FROM machine_count_hour WHERE ${ours} AND ${within(hours)}`]
        : []),
      ...minutes.map((one) => `SELECT ${columns} FROM machine_count_minute WHERE ${ours} AND ${within(one)}`),
    ];
    const parts = [
      ...(sums.length === 0
        ? []
        : [
            `SELECT machine_id, kind, operation_id, ideal, sum(quantity) AS quantity, NULL::timestamptz AS minute,
                    NULL::bytea AS steps
             FROM (${sums.join(" UNION ALL ")}) AS one GROUP BY 1, 2, 3, 4`,
          ]),
      ...edges.map(
        (minute) =>
          `SELECT ${columns}, at AS minute, steps FROM machine_count_minute WHERE ${ours} AND at = ${timeLiteral(minute)}`,
      ),
    ];
    if (parts.length === 0) return new Map();
    const rows = await this.#db.query<CountRow>(parts.join(" UNION ALL "));
    return summed(rows, range);
  }
}

/** The texts of a column that has few different ones: each is made once, however many rows there are. */
class KnownTexts {
  readonly #known: { readonly bytes: Buffer; readonly text: string }[] = [];

  at(bytes: Buffer, from: number, to: number): string {
    for (const one of this.#known)
      if (one.bytes.length === to - from && isAt(bytes, from, one.bytes)) return one.text;
    const text = bytes.toString("utf8", from, to);
    if (this.#known.length < MOST_KNOWN) this.#known.push({ bytes: Buffer.from(text, "utf8"), text });
    return text;
  }
}

function isAt(bytes: Buffer, from: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1)
    if (bytes[from + index] !== wanted[index]) return false;
  return true;
}

function summed(rows: readonly CountRow[], range: Interval): Map<string, CountSum[]> {
  const terms = new Map<string, { row: CountRow; quantities: string[] }>();
  for (const row of rows) {
    const key = `${row.machine_id} ${row.kind} ${row.operation_id} ${row.ideal}`;
    const known = terms.get(key) ?? { row, quantities: [] };
    terms.set(key, known);
    const { minute, steps, quantity } = row;
    known.quantities.push(
      minute && steps ? sumWithin(minute.getTime(), unpackSteps(steps), range) : quantity,
    );
  }
  const found = new Map<string, CountSum[]>();
  for (const { row, quantities } of terms.values()) {
    const quantity = sumOf(quantities);
    if (quantity === "0") continue;
    const sum = {
      kind: row.kind,
      quantity,
      operationId: row.operation_id === NO_OPERATION ? null : row.operation_id,
      idealCycleTimeMs: row.ideal === 0 ? null : row.ideal,
    };
    const known = found.get(row.machine_id);
    if (known) known.push(sum);
    else found.set(row.machine_id, [sum]);
  }
  return found;
}
