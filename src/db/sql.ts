import type pg from "pg";

/** Anything that runs a statement inside the transaction of whoever made it: a pool's client or an entity manager. */
export interface Sql {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** SQL over one pg connection. */
export function sqlOf(client: pg.ClientBase): Sql {
  return {
    async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const result = await client.query(text, values as unknown[]);
      return result.rows as Row[];
    },
  };
}
