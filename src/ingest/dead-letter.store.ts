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

/** Which dead letters; null does not restrict. */
export interface DeadLetterFilter {
  readonly source: string | null;
  readonly mapping: string | null;
  /** What the topic begins with. */
  readonly topicPrefix: string | null;
}

/** A dead letter as it is kept. */
export interface KeptDeadLetter {
  /** A whole number that grows; the list's order is from the highest down. */
  readonly id: string;
  readonly receivedAt: Date;
  readonly source: string;
  readonly topic: string;
  readonly mapping: string | null;
  readonly reason: string;
  /** The first 256 bytes. */
  readonly head: Buffer;
  /** Bytes of the whole payload. */
  readonly size: number;
}

/** Dead letters of one reason. */
export interface DeadLetterCount {
  readonly source: string;
  readonly reason: string;
  readonly count: number;
  /** When the newest of them came. */
  readonly lastReceivedAt: Date;
}

/** Bounds are ids and exclusive. */
export interface DeadLetterPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

const WANTED = `($1::text IS NULL OR source = $1) AND ($2::text IS NULL OR mapping = $2)
  AND ($3::text IS NULL OR starts_with(topic, $3))`;

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

  /** Newest first. */
  async page(
    filter: DeadLetterFilter,
    request: DeadLetterPageRequest,
  ): Promise<{ items: KeptDeadLetter[]; hasMore: boolean }> {
    const { limit, fromEnd, after, before } = request;
    const rows = await this.#db.query<KeptDeadLetter>(
      `SELECT id, received_at AS "receivedAt", source, topic, mapping, reason, payload_head AS head, payload_size AS size
       FROM dead_letter
       WHERE ${WANTED} AND ($4::bigint IS NULL OR id < $4) AND ($5::bigint IS NULL OR id > $5)
       ORDER BY id ${fromEnd ? "ASC" : "DESC"} LIMIT $6`,
      [...wanted(filter), after, before, limit + 1],
    );
    const items = rows.slice(0, limit);
    return { items: fromEnd ? items.reverse() : items, hasMore: rows.length > limit };
  }

  async count(filter: DeadLetterFilter): Promise<number> {
    const rows = await this.#db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM dead_letter WHERE ${WANTED}`,
      wanted(filter),
    );
    return rows[0]?.count ?? 0;
  }

  /** The most frequent first. */
  counts(filter: DeadLetterFilter, most: number): Promise<DeadLetterCount[]> {
    return this.#db.query<DeadLetterCount>(
      `SELECT source, reason, count(*)::int AS count, max(received_at) AS "lastReceivedAt"
       FROM dead_letter WHERE ${WANTED}
       GROUP BY source, reason ORDER BY count(*) DESC, source, reason LIMIT $4`,
      [...wanted(filter), most],
    );
  }

  /** Deletes all but the newest. */
  async trim(): Promise<void> {
    await this.#db.query(TRIM, [KEPT]);
  }
}

function wanted({ source, mapping, topicPrefix }: DeadLetterFilter): (string | null)[] {
  return [source, mapping, topicPrefix];
}

/** Without NUL, which Postgres text cannot hold, and of a bounded length. */
function storable(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return short.replaceAll("\u0000", "\\0");
}
