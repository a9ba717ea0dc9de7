import type { Database, Tx } from "../db/database.js";
import { CommandEntity } from "./command.entity.js";
import { type Command, type CommandStatus, EXPIRIES } from "./command.js";

const COLUMNS = `id, machine_id AS "machineId", name, arguments, status, reason, result, requested_by AS "requestedBy",
  source, topic, queued_at AS "queuedAt", send_started_at AS "sendStartedAt", sent_at AS "sentAt",
  accepted_at AS "acceptedAt", finished_at AS "finishedAt", expires_at AS "expiresAt"`;

/** Bounds are exclusive ids. */
export interface CommandPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** A command that is about to be sent, and what its sendStartedAt was before. */
export interface Claim {
  readonly command: Command;
  readonly before: Date | null;
}

export class CommandStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(tx: Tx, command: Command): Promise<void> {
    await tx.insert(CommandEntity, {
      ...command,
      arguments: command.arguments as object | null,
      result: null,
    });
  }

  async find(id: string): Promise<Command | null> {
    return commandOf(await this.#db.orm.manager.findOneBy(CommandEntity, { id }));
  }

  /** The command, kept from others until the transaction ends. */
  async lock(tx: Tx, id: string): Promise<Command | null> {
    return commandOf(await tx.findOne(CommandEntity, { where: { id }, lock: { mode: "pessimistic_write" } }));
  }

  /** Writes a step if the command is still in the status that the step leaves; false when it is not. */
  async step(from: CommandStatus, to: Command, tx?: Tx): Promise<boolean> {
    const rows = await this.#update(
      `UPDATE command SET status = $3, reason = $4, result = $5, sent_at = $6, accepted_at = $7, finished_at = $8
       WHERE id = $1 AND status = $2 RETURNING id`,
      [
        to.id,
        from,
        to.status,
        to.reason,
        to.result === null ? null : JSON.stringify(to.result),
        to.sentAt,
        to.acceptedAt,
        to.finishedAt,
      ],
      tx,
    );
    return rows.length > 0;
  }

  /**
   * Marks a machine's oldest queued command as being sent, so that it is not cancelled any more; null when none is
   * queued or all have expired.
   */
  async claim(machineId: string, at: Date): Promise<Claim | null> {
    const rows = await this.#update<Command & { before: Date | null }>(
      // The lock makes the choice again when a row that was chosen has just been cancelled.
      `UPDATE command SET send_started_at = $2
       FROM (SELECT id AS chosen, send_started_at AS before FROM command
             WHERE machine_id = $1 AND status = 'QUEUED' AND expires_at > $2
             ORDER BY id LIMIT 1 FOR UPDATE) AS next
       WHERE command.id = next.chosen RETURNING ${COLUMNS}, before`,
      [machineId, at],
    );
    const row = rows[0];
    if (!row) return null;
    const { before, ...command } = row;
    return { command, before };
  }

  /** Takes a claim back, unless another server has claimed the command since. */
  async release(claim: Claim, problem: string): Promise<void> {
    await this.#update(
      `UPDATE command SET send_started_at = $3, reason = $4
       WHERE id = $1 AND status = 'QUEUED' AND send_started_at = $2 RETURNING id`,
      [claim.command.id, claim.command.sendStartedAt, claim.before, problem],
    );
  }

  /** Ids of open commands whose time is over. */
  async due(at: Date, limit: number): Promise<string[]> {
    const rows: { id: string }[] = await this.#db.orm.query(
      `SELECT id FROM command WHERE finished_at IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
      [at, limit],
    );
    return rows.map((row) => row.id);
  }

  /** Ends those of the commands that are still open and whose time is over. */
  expire(ids: readonly string[], at: Date): Promise<Command[]> {
    return this.#update<Command>(
      // In one order, so that two servers that do this at the same time wait for each other and not in a circle.
      `UPDATE command SET finished_at = $2,
         status = CASE status WHEN 'QUEUED' THEN $3 WHEN 'SENT' THEN $4 ELSE $5 END,
         reason = CASE status WHEN 'QUEUED' THEN $6 || coalesce(': ' || reason, '') WHEN 'SENT' THEN $7 ELSE $8 END
       WHERE id IN (SELECT id FROM command WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
         AND finished_at IS NULL AND expires_at <= $2
       RETURNING ${COLUMNS}`,
      [
        ids,
        at,
        EXPIRIES.QUEUED.status,
        EXPIRIES.SENT.status,
        EXPIRIES.ACCEPTED.status,
        EXPIRIES.QUEUED.reason,
        EXPIRIES.SENT.reason,
        EXPIRIES.ACCEPTED.reason,
      ],
    );
  }

  /** When the next open command's time is over. */
  async nextExpiry(): Promise<Date | null> {
    const rows: { next: Date | null }[] = await this.#db.orm.query(
      "SELECT min(expires_at) AS next FROM command WHERE finished_at IS NULL",
    );
    return rows[0]?.next ?? null;
  }

  async machinesWithQueued(): Promise<string[]> {
    const rows: { machine_id: string }[] = await this.#db.orm.query(
      "SELECT DISTINCT machine_id FROM command WHERE status = 'QUEUED'",
    );
    return rows.map((row) => row.machine_id);
  }

  /** One page of each machine's commands in the order of their ids, in one statement. */
  async pages(
    machineIds: readonly string[],
    request: CommandPageRequest,
  ): Promise<Map<string, { items: Command[]; hasMore: boolean }>> {
    const values: unknown[] = [machineIds, request.limit + 1];
    let bounds = "";
    if (request.after !== null) bounds += ` AND id > $${values.push(request.after)}`;
    if (request.before !== null) bounds += ` AND id < $${values.push(request.before)}`;
    const rows: Command[] = await this.#db.orm.query(
      `SELECT page.* FROM unnest($1::uuid[]) AS machine (machine)
       CROSS JOIN LATERAL (
         SELECT ${COLUMNS} FROM command WHERE machine_id = machine${bounds}
         ORDER BY id ${request.fromEnd ? "DESC" : "ASC"} LIMIT $2
       ) AS page`,
      values,
    );
    const pages = new Map<string, { items: Command[]; hasMore: boolean }>();
    for (const id of machineIds) pages.set(id, { items: [], hasMore: false });
    for (const row of rows) {
      const page = pages.get(row.machineId);
      if (!page) continue;
      if (page.items.length === request.limit) page.hasMore = true;
      else page.items.push(row);
    }
    if (request.fromEnd) for (const page of pages.values()) page.items.reverse();
    return pages;
  }

  async counts(machineIds: readonly string[]): Promise<Map<string, number>> {
    const rows: { machine_id: string; count: string }[] = await this.#db.orm.query(
      "SELECT machine_id, count(*) FROM command WHERE machine_id = ANY ($1) GROUP BY machine_id",
      [machineIds],
    );
    return new Map(rows.map((row) => [row.machine_id, Number(row.count)]));
  }

  async #update<Row>(text: string, values: unknown[], tx?: Tx): Promise<Row[]> {
    // TypeORM gives the rows of an UPDATE together with their number.
    const [rows]: [Row[], number] = await (tx ?? this.#db.orm.manager).query(text, values);
    return rows;
  }
}

function commandOf(row: CommandEntity | null): Command | null {
  return row && { ...row, status: row.status as CommandStatus };
}
