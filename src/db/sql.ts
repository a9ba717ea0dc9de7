import { finished } from "node:stream/promises";
import type pg from "pg";
import { from, to } from "pg-copy-streams";
import type { EntityManager } from "typeorm";
import type { BulkSql } from "../kernel/sql.js";
import { CopyRows } from "./copy-rows.js";

/** SQL over one pg connection. */
export function sqlOf(client: pg.ClientBase): BulkSql {
  return {
    async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const result = await client.query(text, values as unknown[]);
      return result.rows as Row[];
    },
    async copyOut(query, visit) {
      const rows = new CopyRows(visit);
      const stream = client.query(to(`COPY (${query}) TO STDOUT (FORMAT binary)`));
      for await (const piece of stream) rows.push(piece as Buffer);
    },
    async copyIn(statement, data) {
      const stream = client.query(from(statement));
      stream.end(data);
      await finished(stream);
    },
  };
}

/** SQL within a transaction of the domain's connection. */
export function sqlWithin(tx: EntityManager): BulkSql {
  const { queryRunner } = tx;
  if (!queryRunner) throw new Error("this entity manager is in no transaction");
  const connection = async () => sqlOf((await queryRunner.connect()) as pg.ClientBase);
  return {
    async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await queryRunner.query(text, [...values], true)).records as Row[];
    },
    copyOut: async (query, visit) => (await connection()).copyOut(query, visit),
    copyIn: async (statement, data) => (await connection()).copyIn(statement, data),
  };
}
