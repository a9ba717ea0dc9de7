import type pg from "pg";
import type { EntityManager } from "typeorm";
import type { Sql } from "../kernel/sql.js";

/** SQL over one pg connection. */
export function sqlOf(client: pg.ClientBase): Sql {
  return {
    async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const result = await client.query(text, values as unknown[]);
      return result.rows as Row[];
    },
  };
}

/** SQL within a transaction of the domain's connection. */
export function sqlWithin(tx: EntityManager): Sql {
  const { queryRunner } = tx;
  if (!queryRunner) throw new Error("this entity manager is in no transaction");
  return {
    async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await queryRunner.query(text, [...values], true)).records as Row[];
    },
  };
}
