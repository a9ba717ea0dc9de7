import { In, type SelectQueryBuilder } from "typeorm";
import type { Database, Tx } from "../db/database.js";
import { MaintenanceCommentEntity, MaintenanceOrderEntity } from "./maintenance.entity.js";
import type { MaintenanceComment, MaintenanceOrder, MaintenanceStatus } from "./maintenance.js";

/** Which maintenance orders; null does not restrict. */
export interface MaintenanceFilter {
  readonly status: readonly MaintenanceStatus[] | null;
  readonly machineIds: readonly string[] | null;
}

/** Bounds are ids and exclusive; the list is ordered by id, which is the order of creation. */
export interface MaintenancePageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

export class MaintenanceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async nextNumber(tx: Tx): Promise<string> {
    const rows: { next: string }[] = await tx.query("SELECT nextval('maintenance_order_number') AS next");
    return `MO-${String(rows[0]?.next).padStart(6, "0")}`;
  }

  async insert(tx: Tx, order: MaintenanceOrder): Promise<void> {
    await tx.getRepository(MaintenanceOrderEntity).insert({ ...order });
  }

  async update(tx: Tx, order: MaintenanceOrder): Promise<void> {
    const { id, status, version, startedAt, completedAt } = order;
    await tx
      .getRepository(MaintenanceOrderEntity)
      .update({ id }, { status, version, startedAt, completedAt });
  }

  async addComment(tx: Tx, comment: MaintenanceComment): Promise<void> {
    await tx.getRepository(MaintenanceCommentEntity).insert({ ...comment });
  }

  /** The order, locked until the transaction ends. */
  async lock(tx: Tx, number: string): Promise<MaintenanceOrder | null> {
    return await tx
      .getRepository(MaintenanceOrderEntity)
      .findOne({ where: { number }, lock: { mode: "pessimistic_write" } });
  }

  async byNumber(number: string): Promise<MaintenanceOrder | null> {
    return await this.#db.orm.getRepository(MaintenanceOrderEntity).findOneBy({ number });
  }

  async byId(id: string): Promise<MaintenanceOrder | null> {
    return await this.#db.orm.getRepository(MaintenanceOrderEntity).findOneBy({ id });
  }

  /** The oldest order in progress that locks the machine out. */
  async lockoutOf(machineId: string, tx?: Tx): Promise<MaintenanceOrder | null> {
    const manager = tx ?? this.#db.orm.manager;
    return await manager.getRepository(MaintenanceOrderEntity).findOne({
      where: { machineId, status: "IN_PROGRESS", lockout: true },
      order: { id: "ASC" },
    });
  }

  async page(
    filter: MaintenanceFilter,
    request: MaintenancePageRequest,
  ): Promise<{ items: MaintenanceOrder[]; hasMore: boolean }> {
    const query = this.#filtered(filter);
    if (request.after !== null) query.andWhere("m.id > :after", { after: request.after });
    if (request.before !== null) query.andWhere("m.id < :before", { before: request.before });
    query.orderBy("m.id", request.fromEnd ? "DESC" : "ASC").take(request.limit + 1);
    const rows = await query.getMany();
    const items = rows.slice(0, request.limit);
    return { items: request.fromEnd ? items.reverse() : items, hasMore: rows.length > request.limit };
  }

  count(filter: MaintenanceFilter): Promise<number> {
    return this.#filtered(filter).getCount();
  }

  /** The newest `most` orders of each machine, newest first. */
  async newestOf(
    machineIds: readonly string[],
    status: readonly MaintenanceStatus[],
    most: number,
  ): Promise<MaintenanceOrder[]> {
    const ids: { id: string }[] = await this.#db.orm.query(
      `SELECT o.id FROM unnest($1::uuid[]) AS machine (id)
       CROSS JOIN LATERAL (
         SELECT id FROM maintenance_order
         WHERE machine_id = machine.id AND status = ANY ($2) ORDER BY id DESC LIMIT $3
       ) o`,
      [[...new Set(machineIds)], status, most],
    );
    return await this.#db.orm
      .getRepository(MaintenanceOrderEntity)
      .find({ where: { id: In(ids.map((row) => row.id)) }, order: { id: "DESC" } });
  }

  /** Oldest first. */
  async commentsOf(orderIds: readonly string[]): Promise<MaintenanceComment[]> {
    return await this.#db.orm
      .getRepository(MaintenanceCommentEntity)
      .find({ where: { maintenanceOrderId: In([...orderIds]) }, order: { id: "ASC" } });
  }

  #filtered(filter: MaintenanceFilter): SelectQueryBuilder<MaintenanceOrderEntity> {
    const query = this.#db.orm.getRepository(MaintenanceOrderEntity).createQueryBuilder("m").where("true");
    if (filter.status !== null) query.andWhere("m.status = ANY (:status)", { status: filter.status });
    if (filter.machineIds !== null) {
      query.andWhere("m.machine_id = ANY (:machineIds::uuid[])", { machineIds: filter.machineIds });
    }
    return query;
  }
}
