import type { Database } from "../db/database.js";
import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { BirthFact } from "../twin/facts.js";
import type { KnownNode, Remembered } from "./node-events.js";

/** A device that tells other metrics at every birth must not fill the disk. */
const MOST_CHANGES = 100_000;

/** A stored change of a machine's metrics. */
export interface MetricChangeRow {
  readonly metric: string;
  readonly kind: "ADDED" | "DROPPED" | "RETYPED";
  readonly before: string | null;
  readonly after: string | null;
  readonly at: Date;
}

/** What births told, and how that changed. */
export class SparkplugStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What is remembered of a source's edge nodes, by `<group>/<edge node>`. */
  async nodes(source: string): Promise<Map<string, KnownNode>> {
    const rows = await this.#db.query<{ node: string; device: string; memory: Remembered }>(
      "SELECT node, device, memory FROM sparkplug_node WHERE source = $1 ORDER BY node, device",
      [source],
    );
    const nodes = new Map<string, KnownNode & { readonly devices: KnownNode["devices"][number][] }>();
    for (const { node, device, memory } of rows) {
      const { bdSeq = null, ...known } = memory;
      // Of each node its own row comes first, where there is one.
      if (device === "") nodes.set(node, { bdSeq, ...known, devices: [] });
      else {
        const own = nodes.get(node) ?? { bdSeq: null, metrics: [], devices: [] };
        own.devices.push({ id: device, ...known });
        nodes.set(node, own);
      }
    }
    return nodes;
  }

  /** Within the caller's transaction. */
  async write(sql: Sql, births: readonly BirthFact[]): Promise<void> {
    const last = new Map(births.map((birth) => [`${birth.source}\n${birth.node}\n${birth.device}`, birth]));
    const nodes = [...last.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, birth]) => birth);
    await sql.query(
      `INSERT INTO sparkplug_node (source, node, device, memory)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
       ON CONFLICT (source, node, device) DO UPDATE SET memory = excluded.memory`,
      [
        textArray(nodes.map((one) => one.source)),
        textArray(nodes.map((one) => one.node)),
        textArray(nodes.map((one) => one.device)),
        textArray(nodes.map((one) => JSON.stringify(one.memory))),
      ],
    );
    const changes = births.flatMap((birth) => birth.changes);
    if (changes.length === 0) return;
    await sql.query(
      `INSERT INTO metric_change (machine_id, metric, kind, type_before, type_after, at)
       SELECT machine_id, metric, kind, before, after, to_timestamp(at / 1000)
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[])
         AS row (machine_id, metric, kind, before, after, at)`,
      [
        textArray(changes.map(({ machine }) => machine.id)),
        textArray(changes.map(({ metric }) => metric)),
        textArray(changes.map(({ kind }) => kind)),
        textArray(changes.map(({ before }) => before)),
        textArray(changes.map(({ after }) => after)),
        numberArray(changes.map(({ at }) => at)),
      ],
    );
    await sql.query("DELETE FROM metric_change WHERE id <= (SELECT max(id) - $1 FROM metric_change)", [
      MOST_CHANGES,
    ]);
  }

  /** The newest changes of machines, newest first. @returns one list for each id, in the order given. */
  async changes(machineIds: readonly string[], first: number): Promise<MetricChangeRow[][]> {
    const rows = await this.#db.query<MetricChangeRow & { machineId: string }>(
      `SELECT c.machine_id AS "machineId", c.metric, c.kind, c.type_before AS before, c.type_after AS after, c.at
       FROM unnest($1::uuid[]) AS wanted (id)
       CROSS JOIN LATERAL (SELECT * FROM metric_change WHERE machine_id = wanted.id ORDER BY id DESC LIMIT $2) AS c
       ORDER BY c.id DESC`,
      [[...new Set(machineIds)], first],
    );
    const found = new Map<string, MetricChangeRow[]>(machineIds.map((id) => [id, []]));
    for (const { machineId, ...change } of rows) found.get(machineId)?.push(change);
    return machineIds.map((id) => found.get(id) ?? []);
  }
}
