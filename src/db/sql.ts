import type pg from "pg";
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
