import type { Database, Tx } from "../db/database.js";
import { CommandEntity } from "./command.entity.js";
import type { Command, CommandStatus } from "./command.js";
import { storedPolicy } from "./command-policy.js";
import { COLUMNS, type CommandRow, commandOf } from "./command-rows.js";

/** Bounds are exclusive ids. */
export interface CommandPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
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
      policy: storedPolicy(command.policy),
    });
  }

  async find(id: string): Promise<Command | null> {
    const row = await this.#db.orm.manager.findOneBy(CommandEntity, { id });
    return row && commandOf(row);
  }

  /** The command, kept from others until the transaction ends. */
  async lock(tx: Tx, id: string): Promise<Command | null> {
    const row = await tx.findOne(CommandEntity, { where: { id }, lock: { mode: "pessimistic_write" } });
    return row && commandOf(row);
  }

  /** Writes a step if the command is still in the status that the step leaves; false when it is not. */
  async step(from: CommandStatus, to: Command, tx?: Tx): Promise<boolean> {
    const result = to.result === null ? null : JSON.stringify(to.result);
    // TypeORM gives the rows of an UPDATE together with their number.
    const [, made]: [unknown, number] = await (tx ?? this.#db.orm.manager).query(
      `UPDATE command SET status = $3, reason = $4, result = $5, sent_at = $6, accepted_at = $7, finished_at = $8,
         sends = $9, retry_at = $10
       WHERE id = $1 AND status = $2`,
      [
        to.id,
        from,
        to.status,
        to.reason,
        result,
        to.sentAt,
        to.acceptedAt,
        to.finishedAt,
        to.sends,
        to.retryAt,
      ],
    );
    return made > 0;
  }

  /** Notes that the proof came after the command had ended. */
  async proveLate(tx: Tx, id: string, at: Date): Promise<void> {
    await tx.query("UPDATE command SET proved_late_at = $2 WHERE id = $1", [id, at]);
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
    const rows: CommandRow[] = await this.#db.orm.query(
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
      else page.items.push(commandOf(row));
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
}
