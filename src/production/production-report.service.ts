import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { BulkSql } from "../kernel/sql.js";
import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { authorOf, type Caller, callOf, systemProblem } from "../orders/caller.js";
import { type ListPage, listPages } from "../orders/list-pages.js";
import type { Operation } from "../orders/operation.js";
import type { LockedOperation, OrderService, Outcome } from "../orders/order.service.js";
import { MOST_REPORTED, quantityProblem } from "../orders/quantity.js";
import { negated, sumOf } from "./decimal.js";
import type { ProductionStore, RecordPageRequest } from "./production.store.js";
import { type ProductionRecord, recordsOf, type ScrapSum } from "./production-record.js";

export interface ReportRequest {
  readonly order: string;
  readonly sequence: number;
  readonly good: number;
  readonly scrap: number;
  readonly scrapReason: string | null;
  /** When it was made; null: now. */
  readonly at: Date | null;
}

export interface CorrectionRequest {
  /** A record's id; null: what was given is none. */
  readonly recordId: string | null;
  /** What the record should have said. */
  readonly quantity: number;
  readonly reason: string;
}

/** What people say was made, corrections of it, and reading what was recorded. */
export class ProductionReportService {
  readonly #store: ProductionStore;
  readonly #orders: OrderService;
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(deps: { store: ProductionStore; orders: OrderService; db: Database; clock: Clock }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#db = deps.db;
    this.#clock = deps.clock;
  }

  /**
   * Takes what someone says that an operation has made: while it runs only where the machine does not count, and once it
   * is completed, until its order is closed, also what the machine missed.
   */
  report(caller: Caller, request: ReportRequest): Promise<Outcome> {
    return this.#run(caller, "reportProduction", request, (sql, effects) =>
      this.#report(sql, caller, request, effects),
    );
  }

  /**
   * Makes a record say another quantity, by a record of the difference that names it: also one of a machine's, and also
   * after the operation is completed, until its order is closed. What was completed stays completed.
   */
  correct(caller: Caller, request: CorrectionRequest): Promise<Outcome> {
    return this.#run(caller, "correctProduction", request, (sql, effects) =>
      this.#correct(sql, caller, request, effects),
    );
  }

  async recordsByIds(ids: readonly string[]): Promise<(ProductionRecord | null)[]> {
    const found = new Map((await this.#store.byIds(ids)).map((record) => [record.id, record]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** The same page of the records of each operation, in the order in which they were written. */
  async pages(
    operationIds: readonly string[],
    request: RecordPageRequest,
  ): Promise<ListPage<ProductionRecord>[]> {
    const rows = await this.#store.page([...new Set(operationIds)], request);
    const count = (id: string) => this.#store.count(id);
    return listPages(operationIds, rows, (record) => record.operationId, request, count);
  }

  /** What each operation or order has spoilt, by reason. */
  async scrapReasons(of: "operation" | "order", ids: readonly string[]): Promise<ScrapSum[][]> {
    const found = new Map<string, ScrapSum[]>(ids.map((id) => [id, []]));
    for (const sum of await this.#store.scrapReasons(of, [...found.keys()])) found.get(sum.key)?.push(sum);
    return ids.map((id) => found.get(id) ?? []);
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (sql: BulkSql, effects: (() => void)[]) => Promise<Outcome>,
  ): Promise<Outcome> {
    const call = callOf(caller, operation, input);
    let effects: (() => void)[] = [];
    const done = await this.#db.repeatable((tx) => {
      effects = [];
      return once(tx, call, () => work(sqlWithin(tx), effects));
    });
    if ("refused" in done) return { id: null, userErrors: [done.refused] };
    if (!done.replayed) for (const effect of effects) effect();
    return done.payload;
  }

  async #report(
    sql: BulkSql,
    caller: Caller,
    request: ReportRequest,
    effects: (() => void)[],
  ): Promise<Outcome> {
    const now = this.#clock.now();
    const problems = [systemProblem(caller) ?? [], requestProblems(request, now)].flat();
    if (problems.length > 0) return { id: null, userErrors: problems };
    const found = await this.#orders.lockOperation(sql, request.order, request.sequence);
    if ("code" in found) return { id: null, userErrors: [found] };
    const { operation } = found;
    const uncounted =
      operation.countingSource === "MACHINE" && operation.machineId !== null
        ? await this.#orders.uncounted(sql, operation.machineId)
        : null;
    const hindrance = whyNotReportable(found, request, uncounted?.error.message ?? null);
    if (hindrance) return { id: null, userErrors: [hindrance] };
    const good = String(request.good);
    const scrap = String(request.scrap);
    // What is found afterwards was made while it ran.
    const at = request.at ?? operation.endedAt ?? new Date(now);
    const source = {
      operationId: operation.id,
      machineId: operation.machineId,
      reason: request.scrapReason,
      countingSource: "OPERATOR",
      recordedBy: caller.principal,
      system: caller.system,
      at,
    } as const;
    await this.#store.append(sql, recordsOf(source, good, scrap, now));
    await this.#add(sql, caller, found, { good, scrap, at }, effects);
    return { id: operation.id, userErrors: [] };
  }

  async #correct(
    sql: BulkSql,
    caller: Caller,
    request: CorrectionRequest,
    effects: (() => void)[],
  ): Promise<Outcome> {
    const now = this.#clock.now();
    const problems = correctionProblems(caller, request);
    if (problems.length > 0) return { id: null, userErrors: problems };
    const { recordId } = request;
    const place = recordId === null ? null : await this.#store.placeOf(sql, recordId);
    const found = place && (await this.#orders.lockOperation(sql, place.order, place.sequence));
    if (recordId === null || !found || "code" in found) {
      const message = "there is no production record of this id";
      return { id: null, userErrors: [userError("NOT_FOUND", message, ["record"])] };
    }
    // Read again now that no one else can correct it.
    const record = await this.#store.correctable(sql, recordId);
    if (!record) throw new Error(`production record ${recordId} is gone`);
    const hindrance = whyNotCorrectable(found, record);
    if (hindrance) return { id: null, userErrors: [hindrance] };
    const difference = sumOf([String(request.quantity), negated(record.total)]);
    if (difference === "0") {
      const message = `the record says ${request.quantity} already`;
      return { id: null, userErrors: [userError("INVALID_INPUT", message, ["quantity"])] };
    }
    const id = newId(now);
    const at = within(record.at, found.operation);
    const correction: ProductionRecord = {
      ...{ id, operationId: record.operationId, machineId: record.machineId, kind: record.kind },
      ...{ quantity: difference, reason: record.reason, at, recordedAt: new Date(now) },
      ...{ countingSource: "OPERATOR", recordedBy: caller.principal, system: caller.system },
      ...{ corrects: record.id, comment: request.reason },
    };
    await this.#store.append(sql, [correction]);
    const [good, scrap] = record.kind === "GOOD" ? [difference, "0"] : ["0", difference];
    await this.#add(sql, caller, found, { good, scrap, at }, effects);
    return { id, userErrors: [] };
  }

  async #add(
    sql: BulkSql,
    caller: Caller,
    { state, operation }: LockedOperation,
    made: { good: string; scrap: string; at: Date },
    effects: (() => void)[],
  ): Promise<void> {
    const { id, number } = state.order;
    const author = { ...authorOf(caller), reason: null, recordedAt: new Date(this.#clock.now()) };
    const growth = [{ operationId: operation.id, ...made }];
    effects.push(await this.#orders.addCounts(sql, growth, author, { orderIds: [id] }));
    const machineIds = state.operations.map((one) => one.machineId);
    const change = this.#orders.changeOf(id, number, machineIds);
    effects.push(() => this.#orders.publish([change]));
  }
}

function requestProblems(request: ReportRequest, now: number): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof ReportRequest, problem: string) =>
    problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [field]));
  for (const field of ["good", "scrap"] as const) {
    const problem = quantityProblem(request[field], { zero: true, most: MOST_REPORTED });
    if (problem !== null) refuse(field, problem);
  }
  if (request.good === 0 && request.scrap === 0) refuse("good", "and scrap must not both be 0");
  const reason = request.scrapReason;
  const reasonProblem = reason === null ? null : textProblem(reason, 1_000);
  if (reasonProblem !== null) refuse("scrapReason", reasonProblem);
  if (reason !== null && request.scrap === 0) refuse("scrapReason", "is for scrap, and scrap is 0");
  if (request.at !== null && request.at.getTime() > now) refuse("at", "must not be in the future");
  if (request.at !== null && !storable(request.at)) refuse("at", "is not in the years 1 to 9999");
  return problems;
}

/** @param uncounted why nothing counts on the machine that should; null where it does. */
function whyNotReportable(
  { state, operation }: LockedOperation,
  { good, at }: ReportRequest,
  uncounted: string | null,
): UserErrorValue | null {
  const { order } = state;
  const { status, startedAt, endedAt } = operation;
  const name = `operation ${operation.sequence} of order ${order.number}`;
  if (order.status === "CLOSED") {
    const message = `order ${order.number} is CLOSED: nothing can be reported for it any more`;
    return userError("INVALID_TRANSITION", message, ["order"]);
  }
  const ended = status === "COMPLETED";
  if (operation.countingSource === "MACHINE" && !ended) {
    const why =
      uncounted === null
        ? `the machine counts for ${name}: what it counted wrong, correctProduction corrects`
        : `nothing counts for ${name}: ${uncounted}`;
    const message = `${why}; what was missed can be reported once the operation is COMPLETED`;
    return userError("PRECONDITION_FAILED", message, ["sequence"]);
  }
  if (operation.countingSource === "MACHINE" && good > 0 && Number(operation.goodQuantity) !== 0) {
    const message = `the machine counted the good of ${name}: correctProduction corrects its records`;
    return userError("PRECONDITION_FAILED", message, ["good"]);
  }
  if (status !== "RUNNING" && status !== "HELD" && !ended) {
    const message = `${name} is ${status}: reports are taken while it is RUNNING, HELD or COMPLETED`;
    return userError("INVALID_TRANSITION", message, ["sequence"]);
  }
  if (at !== null && startedAt !== null && at < startedAt) {
    const message = `at must not be before ${name} was started, which was at ${startedAt.toISOString()}`;
    return userError("INVALID_INPUT", message, ["at"]);
  }
  if (at === null || endedAt === null || at <= endedAt) return null;
  const message = `at must not be after ${name} was completed, which was at ${endedAt.toISOString()}: left out, it is that`;
  return userError("INVALID_INPUT", message, ["at"]);
}

/** A time, but not before an operation was started nor after it ended: a machine may have counted before that was known. */
function within(at: Date, { startedAt, endedAt }: Operation): Date {
  const from = startedAt !== null && at < startedAt ? startedAt : at;
  return endedAt !== null && from > endedAt ? endedAt : from;
}

function correctionProblems(caller: Caller, request: CorrectionRequest): UserErrorValue[] {
  const problems: UserErrorValue[] = [systemProblem(caller) ?? []].flat();
  const quantity = quantityProblem(request.quantity, { zero: true });
  if (quantity !== null) problems.push(userError("INVALID_INPUT", `quantity ${quantity}`, ["quantity"]));
  const reason = textProblem(request.reason, 1_000);
  if (reason !== null) problems.push(userError("INVALID_INPUT", `reason ${reason}`, ["reason"]));
  return problems;
}

function whyNotCorrectable({ state }: LockedOperation, record: ProductionRecord): UserErrorValue | null {
  if (record.corrects !== null) {
    const message = "this record is a correction itself: correct the one that it names";
    return userError("INVALID_INPUT", message, ["record"]);
  }
  if (state.order.status !== "CLOSED") return null;
  const message = `order ${state.order.number} is CLOSED: its records can no longer be corrected`;
  return userError("PRECONDITION_FAILED", message, ["record"]);
}
