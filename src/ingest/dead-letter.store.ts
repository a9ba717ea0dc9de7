import type { Database } from "../db/database.js";
import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { DeadLetter } from "./batch.js";

const KEPT = 10_000;
/** So many more may come until they are trimmed. */
const TRIM_AFTER = 1_000;
// Servers that trim at the same time must not wait for each other, nor in a circle.
const TRIM = `DELETE FROM dead_letter WHERE id IN (
  SELECT id FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - $1 FOR UPDATE SKIP LOCKED)`;
const HEAD_BYTES = 256;
const LONGEST_TEXT = 1_000;

/** Keeps the newest 10,000 dead letters, and at most 1,000 more, with the first bytes of their payloads. */
export class DeadLetterStore {
  readonly #db: Database;
  #untrimmed = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  async append(sql: Sql, all: readonly DeadLetter[]): Promise<void> {
    const letters = all.slice(-KEPT);
    if (letters.length === 0) return;
    await sql.query(
      `INSERT INTO dead_letter (received_at, source, topic, mapping, reason, payload_head, payload_size)
       SELECT to_timestamp(at / 1000), source, topic, mapping, reason, decode(head, 'hex'), size
       FROM unnest($1::float8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])
         AS row (at, source, topic, mapping, reason, head, size)`,
      [
        numberArray(letters.map((letter) => letter.receivedAt)),
        textArray(letters.map((letter) => letter.source)),
        textArray(letters.map((letter) => storable(letter.topic))),
        textArray(letters.map((letter) => letter.mapping)),
        textArray(letters.map((letter) => storable(letter.reason))),
        textArray(letters.map((letter) => letter.payload.subarray(0, HEAD_BYTES).toString("hex"))),
        numberArray(letters.map((letter) => letter.payload.length)),
      ],
    );
    this.#untrimmed += letters.length;
    if (this.#untrimmed < TRIM_AFTER) return;
    this.#untrimmed = 0;
    await sql.query(TRIM, [KEPT]);
  }

  /** Deletes all but the newest. */
  async trim(): Promise<void> {
    await this.#db.query(TRIM, [KEPT]);
  }
}

/** Without NUL, which Postgres text cannot hold, and of a bounded length. */
function storable(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return short.replaceAll("\u0000", "\\0");
}
