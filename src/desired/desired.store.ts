import type { EntityManager } from "typeorm";
import type { Database, Tx } from "../db/database.js";
import type { DataType } from "../plant/machine-type.js";
import { coerce } from "../twin/sample.js";
import { DesiredEntity, DesiredMachineEntity } from "./desired.entity.js";
import type { Desired, DesiredMachine, DesiredStatus } from "./desired.js";
import { CHANNEL } from "./desired-watch.store.js";

/** A machine's row while it is locked. */
export interface LockedMachine {
  readonly version: number;
  readonly withdrawn: boolean;
  readonly metrics: readonly Desired[];
}

/** A new version of what is desired of a machine. */
export interface DesiredChange {
  readonly machineId: string;
  readonly version: number;
  readonly at: Date;
  readonly set: readonly Desired[];
  readonly cleared: readonly string[];
  readonly withdrawn: boolean;
}

/** Machines in one statement; a statement's parameter stays well below what Postgres takes. */
const CHUNK = 1_000;

export class DesiredStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Calls `take` with the machines of which something is or was desired, many at a time. */
  async loadAll(take: (machines: readonly DesiredMachine[]) => void): Promise<void> {
    let after = "00000000-0000-0000-0000-000000000000";
    for (;;) {
      const rows: { id: string }[] = await this.#db.orm.query(
        "SELECT machine_id AS id FROM desired_machine WHERE machine_id > $1 ORDER BY machine_id LIMIT $2",
        [after, CHUNK],
      );
      const last = rows.at(-1);
      if (!last) return;
      take(await this.load(rows.map((row) => row.id)));
      after = last.id;
    }
  }

  /** What is stored of these machines; those that have nothing are left out. */
  async load(machineIds: readonly string[], tx?: Tx): Promise<DesiredMachine[]> {
    // One snapshot for both tables, so that values and revision belong together.
    const rows: MachineRow[] = await (tx ?? this.#db.orm.manager).query(
      `SELECT machine_id AS "machineId", version, revision, changed_at AS "changedAt", withdrawn,
              (SELECT coalesce(jsonb_agg(to_jsonb(desired) ORDER BY metric), '[]') FROM desired
               WHERE desired.machine_id = desired_machine.machine_id) AS metrics
       FROM desired_machine WHERE machine_id = ANY ($1::uuid[])`,
      [machineIds],
    );
    return rows.map((row) => ({ ...row, metrics: row.metrics.map(desiredOf) }));
  }

  /**
   * Keeps others from writing what is desired of a machine until the transaction ends.
   * @returns null when the machine itself is not stored yet.
   */
  async lock(tx: Tx, machineId: string, at: Date): Promise<LockedMachine | null> {
    await tx.query(
      `INSERT INTO desired_machine (machine_id, version, revision, changed_at, withdrawn)
       SELECT id, 0, 0, $2, false FROM equipment WHERE id = $1 ON CONFLICT DO NOTHING`,
      [machineId, at],
    );
    const locked = await tx.findOne(DesiredMachineEntity, {
      where: { machineId },
      lock: { mode: "pessimistic_write" },
    });
    if (!locked) return null;
    const [stored] = await this.load([machineId], tx);
    return { version: locked.version, withdrawn: locked.withdrawn, metrics: stored?.metrics ?? [] };
  }

  /** Writes a new version of a locked machine. @returns the machine as it is then. */
  async change(tx: Tx, change: DesiredChange): Promise<DesiredMachine> {
    const { machineId, version, at, set, cleared, withdrawn } = change;
    if (cleared.length > 0)
      await tx.query("DELETE FROM desired WHERE machine_id = $1 AND metric = ANY ($2)", [machineId, cleared]);
    if (set.length > 0) await tx.getRepository(DesiredEntity).save(set.map(rowOf));
    await tx.update(DesiredMachineEntity, { machineId }, { version, changedAt: at, withdrawn });
    return this.#finish(tx, machineId);
  }

  /**
   * Writes steps of values that are still of the version that they step from.
   * @param toldVersion the version of the document that the device was sent, when that is news; null when not.
   * @returns the machine as it is then.
   */
  step(
    machineId: string,
    steps: readonly Desired[],
    toldVersion: number | null,
  ): Promise<DesiredMachine | null> {
    return this.#db.transaction(async (tx) => {
      // Locked before the values, as by whoever sets them.
      const lock = { mode: "pessimistic_write" } as const;
      const machine = await tx.findOne(DesiredMachineEntity, { where: { machineId }, lock });
      if (!machine) return null;
      for (const { metric, version, status, reason, sentAt, followBy, since } of steps) {
        const next = { status, reason, sentAt, followBy, since };
        await tx.update(DesiredEntity, { machineId, metric, version }, next);
      }
      if (toldVersion === machine.version && machine.withdrawn)
        await tx.update(DesiredMachineEntity, { machineId }, { withdrawn: false });
      return this.#finish(tx, machineId);
    });
  }

  async #finish(tx: EntityManager, machineId: string): Promise<DesiredMachine> {
    await tx.increment(DesiredMachineEntity, { machineId }, "revision", 1);
    const [stored] = await this.load([machineId], tx);
    if (!stored) throw new Error(`desired_machine ${machineId} is gone`);
    await tx.query("SELECT pg_notify($1, $2)", [CHANNEL, `${machineId} ${stored.revision}`]);
    return stored;
  }
}

interface MachineRow extends Omit<DesiredMachine, "metrics"> {
  readonly metrics: readonly Record<string, string | number | null>[];
}

function rowOf(desired: Desired): DesiredEntity {
  return { ...desired, value: String(desired.value) };
}

function desiredOf(row: Readonly<Record<string, string | number | null>>): Desired {
  const text = (name: string) => String(row[name]);
  const maybe = (name: string) => (row[name] === null ? null : text(name));
  const moment = (name: string) => new Date(text(name));
  const dataType = text("data_type") as DataType;
  return {
    machineId: text("machine_id"),
    metric: text("metric"),
    value: coerce(text("value"), dataType) ?? null,
    dataType,
    version: Number(row.version),
    status: text("status") as DesiredStatus,
    reason: maybe("reason"),
    requestedBy: text("requested_by"),
    requestedAt: moment("requested_at"),
    sentAt: row.sent_at === null ? null : moment("sent_at"),
    followBy: row.follow_by === null ? null : moment("follow_by"),
    since: moment("since"),
  };
}
