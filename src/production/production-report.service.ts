import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { BulkSql } from "../kernel/sql.js";
import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { authorOf, type Caller, systemProblem } from "../orders/caller.js";
import type { LockedOperation, OrderService, Outcome } from "../orders/order.service.js";
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

/** A page of the records of one operation. */
export interface RecordPage {
  readonly items: readonly ProductionRecord[];
  readonly hasMore: boolean;
  readonly total: () => Promise<number>;
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

  /** Takes what someone says that an operation has made; only where the machine does not count. */
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
  async pages(operationIds: readonly string[], request: RecordPageRequest): Promise<RecordPage[]> {
    const found = new Map<string, ProductionRecord[]>(operationIds.map((id) => [id, []]));
    for (const record of await this.#store.page([...found.keys()], request)) {
      found.get(record.operationId)?.push(record);
    }
    return operationIds.map((id) => {
      const rows = found.get(id) ?? [];
      const hasMore = rows.length > request.limit;
      const items = hasMore ? (request.fromEnd ? rows.slice(1) : rows.slice(0, -1)) : rows;
      return { items, hasMore, total: () => this.#store.count(id) };
    });
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
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const effects: (() => void)[] = [];
    const done = await this.#db.transaction((tx) => once(tx, call, () => work(sqlWithin(tx), effects)));
    if ("refused" in done) return { id: null, userErrors: [done.refused] };
    for (const effect of effects) effect();
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
    const hindrance = whyNotReportable(found, request);
    if (hindrance) return { id: null, userErrors: [hindrance] };
    const { operation } = found;
    const good = String(request.good);
    const scrap = String(request.scrap);
    const at = request.at ?? new Date(now);
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
    const correction: ProductionRecord = {
      ...{ id, operationId: record.operationId, machineId: record.machineId, kind: record.kind },
      ...{ quantity: difference, reason: record.reason, at: record.at, recordedAt: new Date(now) },
      ...{ countingSource: "OPERATOR", recordedBy: caller.principal, system: caller.system },
      ...{ corrects: record.id, comment: request.reason },
    };
    await this.#store.append(sql, [correction]);
    const [good, scrap] = record.kind === "GOOD" ? [difference, "0"] : ["0", difference];
    await this.#add(sql, caller, found, { good, scrap, at: record.at }, effects);
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
    const quantity = request[field];
    if (!Number.isFinite(quantity) || quantity < 0) refuse(field, "must not be below 0");
  }
  if (request.good === 0 && request.scrap === 0) refuse("good", "and scrap must not both be 0");
  const reason = request.scrapReason;
  const reasonProblem = reason === null || reason === "" ? null : textProblem(reason, 1_000);
  if (reasonProblem !== null) refuse("scrapReason", reasonProblem);
  if (request.at !== null && request.at.getTime() > now) refuse("at", "must not be in the future");
  if (request.at !== null && !storable(request.at)) refuse("at", "is not in the years 1 to 9999");
  return problems;
}

function whyNotReportable(
  { state, operation }: LockedOperation,
  { at }: ReportRequest,
): UserErrorValue | null {
  const name = `operation ${operation.sequence} of order ${state.order.number}`;
  if (operation.countingSource !== "OPERATOR") {
    const message = `the machine counts for ${name}: what it counted wrong, correctProduction corrects`;
    return userError("PRECONDITION_FAILED", message, ["sequence"]);
  }
  if (operation.status !== "RUNNING" && operation.status !== "HELD") {
    const message = `${name} is ${operation.status}: nothing can be reported for it`;
    return userError("INVALID_TRANSITION", message, ["sequence"]);
  }
  if (at === null || operation.startedAt === null || at >= operation.startedAt) return null;
  const message = `at must not be before ${name} was started, which was at ${operation.startedAt.toISOString()}`;
  return userError("INVALID_INPUT", message, ["at"]);
}

function correctionProblems(caller: Caller, request: CorrectionRequest): UserErrorValue[] {
  const problems: UserErrorValue[] = [systemProblem(caller) ?? []].flat();
  if (!Number.isFinite(request.quantity) || request.quantity < 0) {
    problems.push(userError("INVALID_INPUT", "quantity must not be below 0", ["quantity"]));
  }
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
