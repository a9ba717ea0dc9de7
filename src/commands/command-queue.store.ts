import type { Database } from "../db/database.js";
import { type Command, EXPIRIES, NOT_SENT, UNPROVEN } from "./command.js";
import { COLUMNS, type CommandRow, commandOf } from "./command-rows.js";

/** Those that others of the machine wait for: with the device, or perhaps with it. The index has the same words. */
const IN_FLIGHT = `one_at_a_time AND (status IN ('SENT', 'ACCEPTED') OR status = 'QUEUED' AND send_started_at IS NOT NULL)`;

/** The next command of a machine. */
export interface Next {
  readonly command: Command;
  /** It waits for the end of another one. */
  readonly blocked: boolean;
}

/** A machine to which something is to be sent. */
export interface DueMachine {
  readonly machineId: string;
  /** It is something that was sent before. */
  readonly retry: boolean;
}

/** All SQL of what waits: for its turn, for its time, for its proof. The queue is the table. */
export class CommandQueueStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Of a machine's queued commands whose time has come, the oldest that need not wait, else the oldest that must. */
  async next(machineId: string, at: Date, without: readonly string[]): Promise<Next | null> {
    const rows: (CommandRow & { blocked: boolean })[] = await this.#db.orm.query(
      `WITH flying AS (SELECT ARRAY(SELECT id FROM command WHERE machine_id = $1 AND ${IN_FLIGHT}) AS ids)
       SELECT ${COLUMNS}, one_at_a_time AND ids <> '{}' AND ids <> ARRAY[id] AS blocked
       FROM command, flying
       WHERE machine_id = $1 AND status = 'QUEUED' AND expires_at > $2
         AND (scheduled_at IS NULL OR scheduled_at <= $2) AND id <> ALL ($3::uuid[])
       ORDER BY blocked, coalesce(scheduled_at, queued_at), id LIMIT 1`,
      [machineId, at, without],
    );
    const row = rows[0];
    if (!row) return null;
    const { blocked, ...command } = row;
    return { command: commandOf(command), blocked };
  }

  /**
   * Marks a queued command as being sent, so that it is not cancelled any more. One that cannot have been sent before
   * goes where the machine is reached now.
   * @returns null when it is not queued any more, has expired, or another server has claimed it since.
   */
  async claim(
    { id, sendStartedAt }: Command,
    at: Date,
    to: { readonly source: string; readonly topic: string },
  ): Promise<Command | null> {
    const rows = await this.#update(
      `UPDATE command SET send_started_at = $2,
         source = CASE WHEN send_started_at IS NULL THEN $3 ELSE source END,
         topic = CASE WHEN send_started_at IS NULL THEN $4 ELSE topic END
       WHERE id = $1 AND status = 'QUEUED' AND expires_at > $2 AND send_started_at IS NOT DISTINCT FROM $5
       RETURNING ${COLUMNS}`,
      [id, at, to.source, to.topic, sendStartedAt],
    );
    return rows[0] ?? null;
  }

  /**
   * Takes a claim back, unless another server has claimed the command since.
   * @param before when it may have been sent before that; null when it surely was not.
   */
  async release(claimed: Command, before: Date | null, problem: string): Promise<void> {
    await this.#update(
      `UPDATE command SET send_started_at = $3, reason = $4
       WHERE id = $1 AND status = 'QUEUED' AND send_started_at = $2 RETURNING ${COLUMNS}`,
      [claimed.id, claimed.sendStartedAt, before, problem],
    );
  }

  /** Says why a queued command waits. */
  async explain(id: string, reason: string): Promise<void> {
    await this.#update(
      `UPDATE command SET reason = $2
       WHERE id = $1 AND status = 'QUEUED' AND reason IS DISTINCT FROM $2 RETURNING ${COLUMNS}`,
      [id, reason],
    );
  }

  /** Says why the queued commands of a machine wait whose time has come. */
  async explainAll(machineId: string, at: Date, reason: string): Promise<void> {
    await this.#update(
      `UPDATE command SET reason = $3
       WHERE machine_id = $1 AND status = 'QUEUED' AND (scheduled_at IS NULL OR scheduled_at <= $2)
         AND reason IS DISTINCT FROM $3 RETURNING ${COLUMNS}`,
      [machineId, at, reason],
    );
  }

  /** A machine's command that is to be sent again. */
  async nextRetry(machineId: string, at: Date): Promise<Command | null> {
    const rows: CommandRow[] = await this.#db.orm.query(
      `SELECT ${COLUMNS} FROM command
       WHERE machine_id = $1 AND status = 'SENT' AND retry_at <= $2 AND expires_at > $2
       ORDER BY retry_at, id LIMIT 1`,
      [machineId, at],
    );
    return rows[0] ? commandOf(rows[0]) : null;
  }

  /**
   * Changes when a command that waits for its proof is sent again, and how often it was sent.
   * @returns whether it still waited, as `from` says.
   */
  async setRetry(
    from: Command,
    to: { readonly retryAt: Date | null; readonly sends: number },
  ): Promise<boolean> {
    const rows = await this.#update(
      `UPDATE command SET retry_at = $3, sends = $4
       WHERE id = $1 AND status = 'SENT' AND retry_at IS NOT DISTINCT FROM $2 RETURNING ${COLUMNS}`,
      [from.id, from.retryAt, to.retryAt, to.sends],
    );
    return rows.length > 0;
  }

  /** The machines to which something is to be sent now. Those whose commands all wait for another one are left out. */
  dueMachines(at: Date): Promise<DueMachine[]> {
    return this.#db.orm.query(
      `SELECT DISTINCT machine_id AS "machineId", false AS retry FROM command
       WHERE status = 'QUEUED' AND expires_at > $1 AND (scheduled_at IS NULL OR scheduled_at <= $1)
         AND (NOT one_at_a_time OR send_started_at IS NOT NULL OR NOT EXISTS (
           SELECT FROM command AS other WHERE other.machine_id = command.machine_id
             AND other.one_at_a_time AND (other.status IN ('SENT', 'ACCEPTED')
               OR other.status = 'QUEUED' AND other.send_started_at IS NOT NULL)))
       UNION ALL
       SELECT DISTINCT machine_id, true FROM command WHERE status = 'SENT' AND retry_at <= $1 AND expires_at > $1`,
      [at],
    );
  }

  /** When after `at` the next command's time comes, to be sent or to be sent again. */
  async nextDue(at: Date): Promise<Date | null> {
    const rows: { next: Date | null }[] = await this.#db.orm.query(
      `SELECT least(
         (SELECT min(scheduled_at) FROM command WHERE status = 'QUEUED' AND scheduled_at > $1),
         (SELECT min(retry_at) FROM command WHERE status = 'SENT' AND retry_at > $1)) AS next`,
      [at],
    );
    return rows[0]?.next ?? null;
  }

  /**
   * The commands of these sources that the device may have, that reports of the machine prove, and that are open or have
   * ended without proof since then; the oldest first.
   */
  async unproven(sources: readonly string[], since: Date): Promise<Command[]> {
    const rows: CommandRow[] = await this.#db.orm.query(
      `SELECT ${COLUMNS} FROM command
       WHERE (finished_at IS NULL
           OR status IN ('TIMED_OUT', 'EXPIRED') AND finished_at > $2 AND proved_late_at IS NULL)
         AND send_started_at IS NOT NULL AND source = ANY ($1) AND policy->>'confirm' IN ('echo', 'state')
       ORDER BY id`,
      [sources, since],
    );
    return rows.map(commandOf);
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
    const { QUEUED, SENT, ACCEPTED } = EXPIRIES;
    return this.#update(
      // In one order, so that two servers that do this at the same time wait for each other and not in a circle.
      `UPDATE command SET finished_at = $2, retry_at = NULL,
         status = CASE status WHEN 'QUEUED' THEN $3 WHEN 'SENT' THEN $4 ELSE $5 END,
         reason = CASE
           WHEN status = 'QUEUED'
             THEN CASE WHEN send_started_at IS NULL THEN $6::text ELSE $7::text END || coalesce(': ' || reason, '')
           WHEN policy->>'confirm' = 'echo' THEN $10
           WHEN policy->>'confirm' = 'state' THEN $11::text || ' ' || array_to_string(ARRAY(SELECT jsonb_array_elements_text(policy->'reaches')), ' or ')
           WHEN status = 'SENT' THEN $8 ELSE $9 END
       WHERE id IN (SELECT id FROM command WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
         AND finished_at IS NULL AND expires_at <= $2
       RETURNING ${COLUMNS}`,
      [
        ids,
        at,
        QUEUED.status,
        SENT.status,
        ACCEPTED.status,
        NOT_SENT,
        QUEUED.reason,
        SENT.reason,
        ACCEPTED.reason,
        UNPROVEN.echo,
        UNPROVEN.state,
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

  async #update(text: string, values: unknown[]): Promise<Command[]> {
    // TypeORM gives the rows of an UPDATE together with their number.
    const [rows]: [CommandRow[], number] = await this.#db.orm.manager.query(text, values);
    return rows.map(commandOf);
  }
}
