import type { Database } from "../db/database.js";
import type { Operation } from "./operation.js";
import type { ProductionOrder } from "./order.js";
import { OPERATION_COLUMNS, ORDER_COLUMNS } from "./order-columns.js";
import type { DispatchStatus, OrderFilter, OrderPageRequest, OrderPlace, OrderSort } from "./order-list.js";

/** By what a list is sorted, and its type; never null, and those without a value last either way. */
const SORT_KEYS: Record<OrderSort, readonly [ascending: string, descending: string, type: string]> = {
  CREATED: ["p.id", "p.id", "uuid"],
  NUMBER: ["p.number", "p.number", "text"],
  DUE: [
    "coalesce(p.due_at, 'infinity'::timestamptz)",
    "coalesce(p.due_at, '-infinity'::timestamptz)",
    "timestamptz",
  ],
  PRIORITY: ["p.priority", "p.priority", "integer"],
  PLANNED_START: [
    "coalesce(p.planned_start, 'infinity')",
    "coalesce(p.planned_start, '-infinity')",
    "timestamptz",
  ],
};

/** Lists of orders and operations as planners read them. */
export class OrderListStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** In the list's order, whichever end the page is taken from. */
  async page(
    filter: OrderFilter,
    request: OrderPageRequest,
  ): Promise<{ items: ProductionOrder[]; hasMore: boolean }> {
    const { values, where } = conditions(filter);
    const [ascending, falling, type] = SORT_KEYS[request.sort];
    const key = request.descending ? falling : ascending;
    const bound = (sign: ">" | "<", place: OrderPlace) =>
      where.push(
        `(${key}, p.id) ${sign} ($${values.push(place.key)}::${type}, $${values.push(place.id)}::uuid)`,
      );
    if (request.after !== null) bound(request.descending ? "<" : ">", request.after);
    if (request.before !== null) bound(request.descending ? ">" : "<", request.before);
    const direction = request.descending === request.fromEnd ? "ASC" : "DESC";
    const rows = await this.#db.query<ProductionOrder>(
      `SELECT ${ORDER_COLUMNS} FROM production_order p WHERE ${where.join(" AND ")}
       ORDER BY ${key} ${direction}, p.id ${direction} LIMIT $${values.push(request.limit + 1)}`,
      values,
    );
    const items = rows.slice(0, request.limit);
    return { items: request.fromEnd ? items.reverse() : items, hasMore: rows.length > request.limit };
  }

  async count(filter: OrderFilter): Promise<number> {
    const { values, where } = conditions(filter);
    const rows = await this.#db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM production_order p WHERE ${where.join(" AND ")}`,
      values,
    );
    return rows[0]?.n ?? 0;
  }

  /**
   * What each machine is to run next: what runs there first, then the more urgent, the sooner due and the sooner
   * planned. One that only its held order keeps from starting is left out.
   */
  async dispatch(
    machineIds: readonly string[],
    statuses: readonly DispatchStatus[],
    limit: number,
  ): Promise<Operation[]> {
    return await this.#db.query<Operation>(
      `SELECT o.* FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, place)
       CROSS JOIN LATERAL (
         SELECT ${OPERATION_COLUMNS}, row_number() OVER (
           ORDER BY o.status = 'RUNNING' DESC, o.status = 'WAITING', p.priority DESC, p.due_at, o.planned_start, p.id,
             o.sequence) AS turn
         FROM operation o JOIN production_order p ON p.id = o.order_id
         WHERE o.machine_id = m.id AND o.status IN ('WAITING', 'READY', 'RUNNING', 'HELD') AND o.status = ANY ($2)
           AND (p.status IN ('RELEASED', 'RUNNING') OR o.status = 'HELD')
         ORDER BY turn LIMIT $3) o
       ORDER BY m.place, o.turn`,
      [machineIds, statuses, limit],
    );
  }
}

function conditions(filter: OrderFilter): { values: unknown[]; where: string[] } {
  const values: unknown[] = [];
  const where = ["true"];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== null) where.push(condition(`$${values.push(value)}`));
  };
  add(filter.status, (at) => `p.status = ANY (${at})`);
  add(
    filter.machineIds,
    (at) => `EXISTS (SELECT FROM operation o WHERE o.order_id = p.id AND o.machine_id = ANY (${at}::uuid[]))`,
  );
  add(filter.product, (at) => `p.product = ${at}`);
  add(filter.dueAfter, (at) => `p.due_at >= ${at}`);
  add(filter.dueBefore, (at) => `p.due_at < ${at}`);
  add(filter.minPriority, (at) => `p.priority >= ${at}`);
  add(filter.search, (at) => `position(lower(${at}) IN lower(p.number || E'\\n' || p.product)) > 0`);
  if (filter.late !== null) {
    const { is, now } = filter.late;
    const late = `coalesce(p.due_at < coalesce(p.ended_at, $${values.push(now)}::timestamptz), false)
      AND p.status NOT IN ('CANCELLED', 'ABORTED')`;
    where.push(is ? `(${late})` : `NOT (${late})`);
  }
  return { values, where };
}
