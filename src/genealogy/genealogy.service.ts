import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { Sql } from "../kernel/sql.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { type Caller, callOf, systemProblem } from "../orders/caller.js";
import type { LockedOperation, OrderService } from "../orders/order.service.js";
import type { Plant } from "../plant/plant.js";
import type { LotLink, LotMovement, MovementKind } from "./lot.js";
import type { LotStore } from "./lot.store.js";
import { LotBook, newLots } from "./lot-book.js";
import {
  type LotName,
  lotProblems,
  type ProducedAmount,
  partProblems,
  reasonProblem,
  timeProblem,
} from "./lot-input.js";

/** What went into an operation, or came out of it. */
export interface MovementRequest {
  readonly order: string;
  readonly sequence: number;
  /** A path; null: the operation's machine. */
  readonly machine: string | null;
  /** When it happened; null: now. */
  readonly at: Date | null;
  readonly lots: readonly WantedAmount[];
}

/**
 * A material that is null is the order's; so is a unit of what was produced. A unit of what was consumed that is null is the
 * lot's own, or pieces where the lot was not known.
 */
export interface WantedAmount extends Omit<ProducedAmount, "material" | "unit"> {
  readonly material: string | null;
  readonly unit: string | null;
}

/** One lot, and those that it was split into or merged from. */
export interface DivisionRequest {
  readonly lot: LotName;
  readonly parts: readonly { readonly number: string; readonly quantity: number }[];
  readonly at: Date | null;
}

/** What became of a mutation: the ids of the movements or lots that it made, none when nothing was done. */
export interface LotOutcome {
  readonly ids: readonly string[];
  readonly userErrors: readonly UserErrorValue[];
}

/** What is common to the movements of one request. */
interface Booking extends Pick<LotMovement, "at" | "recordedAt" | "principal" | "system"> {
  readonly operationId: string;
  readonly machineId: string | null;
  /** Of the movements, in the order of the lots. */
  readonly ids: readonly string[];
}

const PIECES = "pcs";

/** Records which lots went into operations and came out of them, and which became others. */
export class GenealogyService {
  readonly #store: LotStore;
  readonly #orders: OrderService;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #clock: Clock;

  constructor(deps: { store: LotStore; orders: OrderService; db: Database; plant: Plant; clock: Clock }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
  }

  /** Records what an operation consumed: all lots of the request or none. */
  reportConsumption(caller: Caller, request: MovementRequest): Promise<LotOutcome> {
    return this.#run(caller, "reportConsumption", request, (sql) =>
      this.#move(sql, caller, "CONSUMED", request),
    );
  }

  /** Records what an operation produced: all lots of the request or none. Counts no pieces. */
  reportOutput(caller: Caller, request: MovementRequest): Promise<LotOutcome> {
    return this.#run(caller, "reportOutput", request, (sql) => this.#move(sql, caller, "PRODUCED", request));
  }

  /** Takes a movement back by one of the opposite quantity that names it: it links no lots from then on. */
  reverse(
    caller: Caller,
    request: { readonly movementId: string | null; readonly reason: string },
  ): Promise<LotOutcome> {
    return this.#run(caller, "reverseLotMovement", request, (sql) => this.#reverse(sql, caller, request));
  }

  /** Records that a lot was split into others of its material. @returns the ids of these. */
  split(caller: Caller, request: DivisionRequest): Promise<LotOutcome> {
    return this.#run(caller, "splitLot", request, (sql) => this.#divide(sql, caller, "SPLIT", request));
  }

  /** Records that lots of one material were merged into another. @returns the id of that one. */
  merge(caller: Caller, request: DivisionRequest): Promise<LotOutcome> {
    return this.#run(caller, "mergeLots", request, (sql) => this.#divide(sql, caller, "MERGE", request));
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (sql: Sql) => Promise<LotOutcome>,
  ): Promise<LotOutcome> {
    const call = callOf(caller, operation, input);
    const done = await this.#db.repeatable((tx) =>
      once(tx, call, async () => {
        const problem = systemProblem(caller);
        if (problem) return refused(problem);
        const sql = sqlWithin(tx);
        return this.#store.allOrNothing(
          sql,
          () => work(sql),
          (outcome) => outcome.userErrors.length === 0,
        );
      }),
    );
    return "refused" in done ? refused(done.refused) : done.payload;
  }

  async #move(sql: Sql, caller: Caller, kind: MovementKind, request: MovementRequest): Promise<LotOutcome> {
    const now = this.#clock.now();
    const found = await this.#orders.lockOperation(sql, request.order, request.sequence);
    if ("code" in found) return refused(found);
    const { product, unit } = found.state.order;
    const lots = request.lots.map((lot) => ({
      ...lot,
      material: lot.material ?? product,
      unit: lot.unit ?? (kind === "PRODUCED" ? unit : PIECES),
    }));
    const machine = request.machine === null ? null : this.#plant.machine(request.machine);
    const missing =
      machine === undefined
        ? userError("NOT_FOUND", `there is no machine ${request.machine}`, ["machine"])
        : null;
    const problems = [timeProblem(request.at, now), missing, whyNot(found), ...lotProblems(lots, "lots")];
    const wrong = problems.filter((one) => one !== null);
    if (wrong.length > 0) return refused(...wrong);
    const book = new LotBook(
      await this.#store.ensure(
        sql,
        newLots(lots, () => newId(now), now),
      ),
    );
    const sources = new LotBook(
      await this.#store.find(
        sql,
        lots.flatMap((lot) => lot.from ?? []),
      ),
    );
    const units = lots.map((lot, index) =>
      kind === "CONSUMED" && request.lots[index]?.unit === null ? book.unitOf(lot) : lot.unit,
    );
    const mismatches = bookProblems(lots, units, book, sources);
    if (mismatches.length > 0) return refused(...mismatches);
    const booking: Booking = {
      ...{ at: request.at ?? new Date(now), recordedAt: new Date(now) },
      ...{ principal: caller.principal, system: caller.system },
      // Sorted, so that lots sent together stay in their order.
      ids: lots.map(() => newId(now)).sort(),
      ...{ operationId: found.operation.id, machineId: machine?.id ?? found.operation.machineId },
    };
    const materials = new Map(lots.map((lot) => [book.idOf(lot), lot.material]));
    const made = await this.#store.append(sql, movementsOf(kind, lots, book, booking), materials);
    if (made.size > 0) return refused(...serialProblems(lots, booking.ids, made));
    await this.#store.link(sql, linksOf(lots, book, sources, booking));
    return { ids: booking.ids, userErrors: [] };
  }

  async #reverse(
    sql: Sql,
    caller: Caller,
    request: { readonly movementId: string | null; readonly reason: string },
  ): Promise<LotOutcome> {
    const problem = reasonProblem(request.reason);
    if (problem) return refused(problem);
    const { movementId } = request;
    const movement = movementId === null ? null : await this.#store.lockMovement(sql, movementId);
    if (!movement) return refused(userError("NOT_FOUND", "there is no movement of this id", ["movement"]));
    if (movement.reversed) {
      const what = movement.reverses === null ? "was taken back already" : "takes another one back itself";
      return refused(userError("INVALID_TRANSITION", `the movement ${what}`, ["movement"]));
    }
    const now = this.#clock.now();
    const reversal: LotMovement = {
      ...movement,
      id: newId(now),
      quantity: `-${movement.quantity}`,
      serials: [],
      recordedAt: new Date(now),
      principal: caller.principal,
      system: caller.system,
      reason: request.reason,
      reverses: movement.id,
      reversed: true,
    };
    await this.#store.markReversed(sql, movement.id);
    await this.#store.append(sql, [reversal], new Map());
    return { ids: [reversal.id], userErrors: [] };
  }

  async #divide(
    sql: Sql,
    caller: Caller,
    kind: "SPLIT" | "MERGE",
    request: DivisionRequest,
  ): Promise<LotOutcome> {
    const now = this.#clock.now();
    const { lot, parts } = request;
    const splits = kind === "SPLIT";
    const problems = [...partProblems(lot, parts, splits ? "into" : "from"), timeProblem(request.at, now)];
    const wrong = problems.filter((one) => one !== null);
    if (wrong.length > 0) return refused(...wrong);
    const many = parts.map((part) => ({ ...part, material: lot.material }));
    // What is split or merged must be there; what comes of it may be.
    const before = new LotBook(await this.#store.find(sql, splits ? [lot] : many));
    const unknown = splits
      ? [before.missing(lot, ["lot"])]
      : many.map((part, index) => before.missing(part, ["from", String(index), "lot"]));
    const missing = unknown.filter((one) => one !== null);
    if (missing.length > 0) return refused(...missing);
    const unit = before.unitOf(splits ? lot : many[0]);
    const names = (splits ? many : [lot]).map((name) => ({ ...name, unit }));
    const after = new LotBook(
      await this.#store.ensure(
        sql,
        newLots(names, () => newId(now), now),
      ),
    );
    const units = [
      ...names.map((name, index) =>
        after.unitProblem(name, unit, splits ? ["into", String(index)] : ["into"]),
      ),
      ...(splits ? [] : many.map((part, index) => before.unitProblem(part, unit, ["from", String(index)]))),
    ].filter((one) => one !== null);
    if (units.length > 0) return refused(...units);
    const links = many.map(
      (part): LotLink => ({
        ...{
          id: newId(now),
          fromLot: before.idOf(splits ? lot : part),
          toLot: after.idOf(splits ? part : lot),
          kind,
        },
        ...{ movementId: null, quantity: String(part.quantity), at: request.at ?? new Date(now) },
        ...{ recordedAt: new Date(now), principal: caller.principal, system: caller.system },
      }),
    );
    await this.#store.link(sql, links);
    return { ids: names.map((name) => after.idOf(name)), userErrors: [] };
  }
}

function movementsOf(
  kind: MovementKind,
  lots: readonly ProducedAmount[],
  book: LotBook,
  { ids, ...common }: Booking,
): LotMovement[] {
  return lots.flatMap((lot, index) => {
    const id = ids[index];
    if (id === undefined) return [];
    const { serials, quantity, from } = lot;
    const made = {
      id,
      lotId: book.idOf(lot),
      kind,
      quantity: String(quantity),
      exact: from !== null,
      serials,
    };
    return { ...common, ...made, reason: null, reverses: null, reversed: false };
  });
}

/** The lots that are named with what was made of them. */
function linksOf(
  lots: readonly ProducedAmount[],
  book: LotBook,
  sources: LotBook,
  { ids, at, recordedAt, principal, system }: Booking,
): LotLink[] {
  const common = { kind: "OPERATION", quantity: null, at, recordedAt, principal, system } as const;
  return lots.flatMap((lot, index) =>
    (lot.from ?? []).map((from) => ({
      ...{ ...common, id: newId(recordedAt.getTime()), movementId: ids[index] ?? null },
      ...{ fromLot: sources.idOf(from), toLot: book.idOf(lot) },
    })),
  );
}

function refused(...userErrors: UserErrorValue[]): LotOutcome {
  return { ids: [], userErrors };
}

/** Material is booked also after the operation is done, but not before it was started, nor on a settled order. */
function whyNot({ state, operation }: LockedOperation): UserErrorValue | null {
  const { number, status } = state.order;
  if (status === "CLOSED") {
    return userError("PRECONDITION_FAILED", `order ${number} is CLOSED: nothing is booked on it`, ["order"]);
  }
  if (operation.startedAt !== null) return null;
  const message = `operation ${operation.sequence} of order ${number} was not started: no lots are booked on it`;
  return userError("INVALID_TRANSITION", message, ["sequence"]);
}

function bookProblems(
  lots: readonly ProducedAmount[],
  units: readonly string[],
  book: LotBook,
  sources: LotBook,
): UserErrorValue[] {
  return lots.flatMap((lot, index) => {
    const at = ["lots", String(index)];
    const unit = book.unitProblem(lot, units[index] ?? lot.unit, [...at, "unit"]);
    const missing = (lot.from ?? []).map((from, place) =>
      sources.missing(from, [...at, "from", String(place), "lot"]),
    );
    return [unit, ...missing].filter((one) => one !== null);
  });
}

function serialProblems(
  lots: readonly ProducedAmount[],
  movementIds: readonly string[],
  made: ReadonlyMap<string, string>,
): UserErrorValue[] {
  return lots.flatMap((lot, index) => {
    const serial = made.get(movementIds[index] ?? "");
    if (serial === undefined) return [];
    const message = `${lot.material} with the serial number ${serial} was produced already`;
    return [userError("INVALID_INPUT", message, ["lots", String(index), "serials"])];
  });
}
