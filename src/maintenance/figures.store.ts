import type { Database } from "../db/database.js";
import type { KindCounts } from "./figures.js";

const IN_RANGE = (column: string) => `${column} >= $2 AND ${column} < $3`;
const OPEN = `created_at < $4 AND (completed_at IS NULL OR completed_at >= $4)
              AND (status <> 'CANCELLED' OR cancelled_at >= $4)`;
const DUE = "due_at >= $2 AND due_at < LEAST($3, $4) AND status <> 'CANCELLED'";

export class FiguresStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Counts per kind, for kinds that there are any orders of.
   * @param machineIds null: of all machines.
   * @param at when the backlog is taken, and until when what is due counts.
   */
  async counts(
    machineIds: readonly string[] | null,
    { from, to, at }: { from: Date; to: Date; at: Date },
  ): Promise<KindCounts[]> {
    return await this.#db.query<KindCounts>(
      `WITH orders AS (
         SELECT * FROM maintenance_order WHERE $1::uuid[] IS NULL OR machine_id = ANY ($1::uuid[])
       ), worked AS (
         SELECT o.kind, sum(w.minutes) AS minutes FROM orders o JOIN maintenance_work w ON w.order_id = o.id
         WHERE ${IN_RANGE("coalesce(w.from_at, w.recorded_at)")} GROUP BY o.kind
       )
       SELECT o.kind,
              count(*) FILTER (WHERE ${IN_RANGE("created_at")})::integer AS created,
              count(*) FILTER (WHERE ${IN_RANGE("completed_at")})::integer AS completed,
              count(*) FILTER (WHERE ${IN_RANGE("cancelled_at")})::integer AS cancelled,
              count(*) FILTER (WHERE ${OPEN})::integer AS open,
              count(*) FILTER (WHERE ${OPEN} AND due_at < $4)::integer AS overdue,
              coalesce(sum(estimated_minutes) FILTER (WHERE ${OPEN}), 0) AS "estimatedMinutes",
              count(*) FILTER (WHERE ${OPEN} AND estimated_minutes IS NULL)::integer AS "withoutEstimate",
              count(*) FILTER (WHERE ${DUE})::integer AS due,
              count(*) FILTER (WHERE ${DUE} AND completed_at <= due_at)::integer AS "onTime",
              coalesce(sum(extract(epoch FROM completed_at - started_at) * 1000)
                FILTER (WHERE ${IN_RANGE("completed_at")}), 0)::float8 AS "repairMs",
              coalesce((SELECT minutes FROM worked w WHERE w.kind = o.kind), 0) AS "workedMinutes"
       FROM orders o GROUP BY o.kind`,
      [machineIds, from, to, at],
    );
  }
}
