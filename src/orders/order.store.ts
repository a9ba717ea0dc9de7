import { In, type SelectQueryBuilder } from "typeorm";
import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { Operation } from "./operation.js";
import { OperationEntity, ProductionOrderEntity } from "./order.entity.js";
import type { OrderQuantities, OrderStatus, ProductionOrder } from "./order.js";
import type { OrderState } from "./order-state.js";

/** Which orders; null does not restrict. */
export interface OrderFilter {
  readonly status: readonly OrderStatus[] | null;
  /** Orders with an operation on this machine. */
  readonly machineId: string | null;
}

/** Bounds are ids and exclusive; the list is ordered by id, which is the order of creation. */
export interface OrderPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

const ORDER_COLUMNS = `p.id, p.number, p.product, p.quantity, p.unit, p.due_at AS "dueAt", p.priority, p.status,
  p.status_reason AS "statusReason", p.version, p.started_at AS "startedAt", p.ended_at AS "endedAt",
  p.created_at AS "createdAt"`;
const OPERATION_COLUMNS = `o.id, o.order_id AS "orderId", o.sequence, o.name, o.status,
  o.status_reason AS "statusReason", o.held_with_order AS "heldWithOrder",
  o.planned_machine_id AS "plannedMachineId", o.machine_id AS "machineId", o.planned_start AS "plannedStart",
  o.planned_end AS "plannedEnd", o.ideal_cycle_time_ms AS "idealCycleTimeMs", o.counting_source AS "countingSource",
  o.completion, o.good_quantity AS "goodQuantity", o.scrap_quantity AS "scrapQuantity",
  o.started_at AS "startedAt", o.ended_at AS "endedAt"`;

/**
 * Reading orders, and locking them. An order's row is the lock on the order and all its operations, and whoever
 * locks several takes them by id: so no two writers wait for each other.
 */
export class OrderStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The orders of these numbers, locked until the transaction ends; unknown numbers are left out. */
  async lockByNumber(sql: Sql, numbers: readonly string[]): Promise<OrderState[]> {
    const orders = await sql.query<ProductionOrder>(
      `SELECT ${ORDER_COLUMNS} FROM production_order p WHERE p.number = ANY ($1) ORDER BY p.id FOR UPDATE`,
      [numbers],
    );
    return this.#withOperations(sql, orders);
  }

  async lockById(sql: Sql, ids: readonly string[]): Promise<OrderState[]> {
    const orders = await sql.query<ProductionOrder>(
      `SELECT ${ORDER_COLUMNS} FROM production_order p WHERE p.id = ANY ($1::uuid[]) ORDER BY p.id FOR UPDATE`,
      [ids],
    );
    return this.#withOperations(sql, orders);
  }

  async #withOperations(sql: Sql, orders: readonly ProductionOrder[]): Promise<OrderState[]> {
    if (orders.length === 0) return [];
    const operations = await sql.query<Operation>(
      `SELECT ${OPERATION_COLUMNS} FROM operation o WHERE o.order_id = ANY ($1::uuid[]) ORDER BY o.order_id, o.sequence`,
      [orders.map((order) => order.id)],
    );
    const byOrder = new Map<string, Operation[]>();
    for (const operation of operations) {
      const siblings = byOrder.get(operation.orderId);
      if (siblings) siblings.push(operation);
      else byOrder.set(operation.orderId, [operation]);
    }
    return orders.map((order) => ({ order, operations: byOrder.get(order.id) ?? [] }));
  }

  /** The operation that runs on a machine, with its order's number. */
  async runningOn(
    sql: Sql,
    machineId: string,
  ): Promise<{ id: string; number: string; sequence: number } | null> {
    const rows = await sql.query<{ id: string; number: string; sequence: number }>(
      `SELECT o.id, p.number, o.sequence FROM operation o JOIN production_order p ON p.id = o.order_id
       WHERE o.machine_id = $1 AND o.status = 'RUNNING'`,
      [machineId],
    );
    return rows[0] ?? null;
  }

  async byNumber(number: string): Promise<ProductionOrder | null> {
    return await this.#db.orm.getRepository(ProductionOrderEntity).findOneBy({ number });
  }

  async byIds(ids: readonly string[]): Promise<ProductionOrder[]> {
    return await this.#db.orm.getRepository(ProductionOrderEntity).findBy({ id: In([...new Set(ids)]) });
  }

  async operationsByIds(ids: readonly string[]): Promise<Operation[]> {
    return await this.#db.orm.getRepository(OperationEntity).findBy({ id: In([...new Set(ids)]) });
  }

  /** By sequence within each order. */
  async operationsOf(orderIds: readonly string[]): Promise<Operation[]> {
    return await this.#db.orm
      .getRepository(OperationEntity)
      .find({ where: { orderId: In([...new Set(orderIds)]) }, order: { sequence: "ASC" } });
  }

  async runningOnMachines(machineIds: readonly string[]): Promise<Operation[]> {
    return await this.#db.orm
      .getRepository(OperationEntity)
      .findBy({ machineId: In([...new Set(machineIds)]), status: "RUNNING" });
  }

  /** What each order has made: the good of its last operation, the scrap of all. */
  async quantitiesOf(orderIds: readonly string[]): Promise<OrderQuantities[]> {
    return await this.#db.orm.query(
      `SELECT order_id AS "orderId", (array_agg(good_quantity ORDER BY sequence DESC))[1] AS good,
              sum(scrap_quantity) AS scrap
       FROM operation WHERE order_id = ANY ($1::uuid[]) GROUP BY order_id`,
      [[...new Set(orderIds)]],
    );
  }

  async page(
    filter: OrderFilter,
    request: OrderPageRequest,
  ): Promise<{ items: ProductionOrder[]; hasMore: boolean }> {
    const query = this.#filtered(filter);
    if (request.after !== null) query.andWhere("p.id > :after", { after: request.after });
    if (request.before !== null) query.andWhere("p.id < :before", { before: request.before });
    query.orderBy("p.id", request.fromEnd ? "DESC" : "ASC").take(request.limit + 1);
    const rows = await query.getMany();
    const items = rows.slice(0, request.limit);
    return { items: request.fromEnd ? items.reverse() : items, hasMore: rows.length > request.limit };
  }

  count(filter: OrderFilter): Promise<number> {
    return this.#filtered(filter).getCount();
  }

  #filtered(filter: OrderFilter): SelectQueryBuilder<ProductionOrderEntity> {
    const query = this.#db.orm.getRepository(ProductionOrderEntity).createQueryBuilder("p").where("true");
    if (filter.status !== null) query.andWhere("p.status = ANY (:status)", { status: filter.status });
    if (filter.machineId !== null) {
      query.andWhere(
        "EXISTS (SELECT FROM operation o WHERE o.order_id = p.id AND o.machine_id = :machineId)",
        {
          machineId: filter.machineId,
        },
      );
    }
    return query;
  }
}
