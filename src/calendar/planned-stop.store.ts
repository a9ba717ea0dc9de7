import { In, IsNull, LessThan, MoreThan } from "typeorm";
import type { Database, Tx } from "../db/database.js";
import type { Interval } from "../kernel/intervals.js";
import { PlannedStopEntity } from "./planned-stop.entity.js";
import type { PlannedStop } from "./planned-stop.js";

export class PlannedStopStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(tx: Tx, stop: PlannedStop): Promise<void> {
    await tx.getRepository(PlannedStopEntity).insert({ ...stop });
  }

  async cancel(tx: Tx, id: string, by: string, at: Date): Promise<void> {
    await tx.getRepository(PlannedStopEntity).update({ id }, { cancelledAt: at, cancelledBy: by });
  }

  /** The stop, locked until the transaction ends. */
  async lock(tx: Tx, id: string): Promise<PlannedStop | null> {
    return await tx
      .getRepository(PlannedStopEntity)
      .findOne({ where: { id }, lock: { mode: "pessimistic_write" } });
  }

  async byId(id: string): Promise<PlannedStop | null> {
    return await this.#db.orm.getRepository(PlannedStopEntity).findOneBy({ id });
  }

  /** Those of the given equipment that hold at some time of the range, by their beginning. */
  async holding(equipmentIds: readonly string[], range: Interval): Promise<PlannedStop[]> {
    return await this.#db.orm.getRepository(PlannedStopEntity).find({
      where: {
        equipmentId: In([...equipmentIds]),
        cancelledAt: IsNull(),
        from: LessThan(new Date(range.to)),
        to: MoreThan(new Date(range.from)),
      },
      order: { from: "ASC", id: "ASC" },
    });
  }
}
