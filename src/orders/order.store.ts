import { In } from "typeorm";
import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { Operation } from "./operation.js";
import { OperationEntity, ProductionOrderEntity } from "./order.entity.js";
import type { OrderQuantities, ProductionOrder } from "./order.js";
import { OPERATION_COLUMNS, ORDER_COLUMNS } from "./order-columns.js";
import type { OrderState } from "./order-state.js";

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

  async byNumber(number: string): Promise<ProductionOrder | null> {
    return await this.#db.orm.getRepository(ProductionOrderEntity).findOneBy({ number });
  }

  async byIds(ids: readonly string[]): Promise<ProductionOrder[]> {
    return await this.#db.orm.query(
      `SELECT ${ORDER_COLUMNS} FROM production_order p WHERE p.id = ANY ($1::uuid[])`,
      [[...new Set(ids)]],
    );
  }

  async operationsByIds(ids: readonly string[]): Promise<Operation[]> {
    return await this.#db.orm.query(
      `SELECT ${OPERATION_COLUMNS} FROM operation o WHERE o.id = ANY ($1::uuid[])`,
      [[...new Set(ids)]],
    );
  }

  /** By sequence within each order. */
  async operationsOf(orderIds: readonly string[]): Promise<Operation[]> {
    return await this.#db.orm.query(
      `SELECT ${OPERATION_COLUMNS} FROM operation o WHERE o.order_id = ANY ($1::uuid[]) ORDER BY o.sequence`,
      [[...new Set(orderIds)]],
    );
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
}
