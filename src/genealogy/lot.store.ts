import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { Lot, LotLink, LotMovement, MovementKind } from "./lot.js";
import type { LotName } from "./lot-input.js";

/** A list of movements, read page by page; bounds are ids and exclusive. */
export interface MovementPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** What of a lot is booked, less what was taken back. Decimals. */
export interface LotSums {
  readonly lotId: string;
  readonly consumed: string;
  readonly produced: string;
}

const LOT_COLUMNS = `l.id, l.number, l.material, l.unit, l.created_at AS "createdAt"`;
const MOVEMENT_COLUMNS = `m.id, m.lot_id AS "lotId", m.operation_id AS "operationId", m.machine_id AS "machineId", m.kind,
  m.quantity, m.exact, ARRAY(SELECT s.serial FROM lot_serial s WHERE s.movement_id = m.id ORDER BY s.serial) AS serials,
  m.at, m.recorded_at AS "recordedAt", m.principal, m.system, m.reason, m.reverses, m.reversed`;

/** Lots and their movements. */
export class LotStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Undoes within the transaction what `work` wrote, unless `done` says of its outcome that it shall stay. */
  async allOrNothing<Outcome>(
    sql: Sql,
    work: () => Promise<Outcome>,
    done: (outcome: Outcome) => boolean,
  ): Promise<Outcome> {
    await sql.query("SAVEPOINT lots");
    const outcome = await work();
    await sql.query(done(outcome) ? "RELEASE SAVEPOINT lots" : "ROLLBACK TO SAVEPOINT lots");
    return outcome;
  }

  /** Makes the lots that are not there yet. @returns all of them as they are; one that was there keeps its unit. */
  async ensure(sql: Sql, lots: readonly Lot[]): Promise<Lot[]> {
    // In one order, so that two who make the same lots do not wait for each other.
    await sql.query(
      `INSERT INTO material_lot (id, number, material, unit, created_at)
       SELECT id, number, material, unit, "createdAt"
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, number text, material text, unit text, "createdAt" timestamptz)
       ORDER BY number, material ON CONFLICT (number, material) DO NOTHING`,
      [JSON.stringify(lots)],
    );
    return this.find(sql, lots);
  }

  /** Those of these lots that are there. */
  async find(sql: Sql, names: readonly LotName[]): Promise<Lot[]> {
    return await sql.query<Lot>(
      `SELECT ${LOT_COLUMNS} FROM material_lot l
       JOIN (SELECT DISTINCT number, material FROM unnest($1::text[], $2::text[]) AS x (number, material)) x
         ON x.number = l.number AND x.material = l.material`,
      [names.map((name) => name.number), names.map((name) => name.material)],
    );
  }

  /** The lots of a number, of whatever material. */
  async byNumber(number: string): Promise<Lot[]> {
    return await this.#db.query<Lot>(
      `SELECT ${LOT_COLUMNS} FROM material_lot l WHERE l.number = $1 ORDER BY l.material`,
      [number],
    );
  }

  async byIds(ids: readonly string[]): Promise<Lot[]> {
    return await this.#db.query<Lot>(
      `SELECT ${LOT_COLUMNS} FROM material_lot l WHERE l.id = ANY ($1::uuid[])`,
      [ids],
    );
  }

  /**
   * Writes movements with the serial numbers of what was moved.
   * @param materials of the lots, by their ids.
   * @returns by movement, a serial number of which a thing was produced before: the caller must undo all then.
   */
  async append(
    sql: Sql,
    movements: readonly LotMovement[],
    materials: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    await sql.query(
      `INSERT INTO lot_movement (id, lot_id, operation_id, machine_id, kind, quantity, exact, at, recorded_at, principal,
         system, reason, reverses, reversed)
       SELECT id, "lotId", "operationId", "machineId", kind, quantity, exact, at, "recordedAt", principal, system, reason,
         reverses, reversed
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "lotId" uuid, "operationId" uuid, "machineId" uuid, kind text,
         quantity numeric, exact boolean, at timestamptz, "recordedAt" timestamptz, principal text, system text,
         reason text, reverses uuid, reversed boolean)`,
      [JSON.stringify(movements)],
    );
    const serials = movements.flatMap(({ id, kind, lotId, serials: own }) =>
      own.map((serial) => ({ id, kind, serial, material: materials.get(lotId) })),
    );
    if (serials.length === 0) return new Map();
    const written = await sql.query<{ movementId: string; serial: string }>(
      `INSERT INTO lot_serial (movement_id, material, serial, kind)
       SELECT id, material, serial, kind
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, material text, serial text, kind text)
       ORDER BY material, serial ON CONFLICT DO NOTHING RETURNING movement_id AS "movementId", serial`,
      [JSON.stringify(serials)],
    );
    if (written.length === serials.length) return new Map();
    const keyOf = (movementId: string, serial: string) => `${movementId} ${serial}`;
    const fresh = new Set(written.map(({ movementId, serial }) => keyOf(movementId, serial)));
    const twice = serials.filter(({ id, serial }) => !fresh.has(keyOf(id, serial)));
    return new Map(twice.map(({ id, serial }) => [id, serial]));
  }

  async link(sql: Sql, links: readonly LotLink[]): Promise<void> {
    if (links.length === 0) return;
    await sql.query(
      `INSERT INTO lot_link (id, from_lot, to_lot, kind, movement_id, quantity, at, recorded_at, principal, system)
       SELECT id, "fromLot", "toLot", kind, "movementId", quantity, at, "recordedAt", principal, system
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "fromLot" uuid, "toLot" uuid, kind text, "movementId" uuid,
         quantity numeric, at timestamptz, "recordedAt" timestamptz, principal text, system text)`,
      [JSON.stringify(links)],
    );
  }

  /** A movement, locked until the transaction ends. */
  async lockMovement(sql: Sql, id: string): Promise<LotMovement | null> {
    const rows = await sql.query<LotMovement>(
      `SELECT ${MOVEMENT_COLUMNS} FROM lot_movement m WHERE m.id = $1 FOR UPDATE`,
      [id],
    );
    return rows[0] ?? null;
  }

  async markReversed(sql: Sql, id: string): Promise<void> {
    await sql.query("UPDATE lot_movement SET reversed = true WHERE id = $1", [id]);
    await sql.query("UPDATE lot_serial SET reversed = true WHERE movement_id = $1", [id]);
  }

  async movementsByIds(ids: readonly string[]): Promise<LotMovement[]> {
    return await this.#db.query<LotMovement>(
      `SELECT ${MOVEMENT_COLUMNS} FROM lot_movement m WHERE m.id = ANY ($1::uuid[])`,
      [ids],
    );
  }

  /** In the order in which they were written. */
  async movementsOfOperations(kind: MovementKind, operationIds: readonly string[]): Promise<LotMovement[]> {
    return await this.#db.query<LotMovement>(
      `SELECT ${MOVEMENT_COLUMNS} FROM lot_movement m
       WHERE m.operation_id = ANY ($1::uuid[]) AND m.kind = $2 ORDER BY m.id`,
      [operationIds, kind],
    );
  }

  /** The movements of a thing, in the order in which they were written. */
  async movementsOfSerial(serial: string, material: string | null): Promise<LotMovement[]> {
    return await this.#db.query<LotMovement>(
      `SELECT ${MOVEMENT_COLUMNS} FROM lot_serial x JOIN lot_movement m ON m.id = x.movement_id
       WHERE x.serial = $1 AND ($2::text IS NULL OR x.material = $2) ORDER BY m.id`,
      [serial, material],
    );
  }

  /** A page of each lot's movements, with one more at its far side if there is. */
  async page(lotIds: readonly string[], request: MovementPageRequest): Promise<LotMovement[]> {
    const order = request.fromEnd ? "DESC" : "ASC";
    return await this.#db.query<LotMovement>(
      `SELECT ${MOVEMENT_COLUMNS} FROM unnest($1::uuid[]) AS l (id)
       CROSS JOIN LATERAL (
         SELECT * FROM lot_movement WHERE lot_id = l.id
           AND ($2::uuid IS NULL OR id > $2) AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id ${order} LIMIT $4) m
       ORDER BY m.id`,
      [lotIds, request.after, request.before, request.limit + 1],
    );
  }

  async count(lotId: string): Promise<number> {
    const rows = await this.#db.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM lot_movement WHERE lot_id = $1",
      [lotId],
    );
    return rows[0]?.n ?? 0;
  }

  async sums(lotIds: readonly string[]): Promise<LotSums[]> {
    return await this.#db.query<LotSums>(
      `SELECT lot_id AS "lotId", coalesce(sum(quantity) FILTER (WHERE kind = 'CONSUMED'), 0) AS consumed,
              coalesce(sum(quantity) FILTER (WHERE kind = 'PRODUCED'), 0) AS produced
       FROM lot_movement WHERE lot_id = ANY ($1::uuid[]) GROUP BY lot_id`,
      [lotIds],
    );
  }
}
