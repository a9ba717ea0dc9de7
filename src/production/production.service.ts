import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { Logger } from "../kernel/logger.js";
import type { Sql } from "../kernel/sql.js";
import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { OrderChanged } from "../live/live-events.js";
import type { Caller, LockedOperation, OrderService, Outcome } from "../orders/order.service.js";
import type { CounterFact, Facts, FactWriter } from "../twin/facts.js";
import type { ProductionRecord, ProductionStore } from "./production.store.js";
import { type Flagged, tallyOf } from "./tally.js";

export interface ReportRequest {
  readonly order: string;
  readonly sequence: number;
  readonly good: number;
  readonly scrap: number;
  readonly scrapReason: string | null;
  /** When it was made; null: now. */
  readonly at: Date | null;
}

const NOTHING = () => undefined;

/** Counts what is made: from machines' counters as they come in, and from people's reports. */
export class ProductionService implements FactWriter {
  readonly #store: ProductionStore;
  readonly #orders: OrderService;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(deps: {
    store: ProductionStore;
    orders: OrderService;
    db: Database;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /**
   * Counts for the operations that run on the machines of a batch, in the transaction of its samples, and completes
   * those that reach their quantity. Costs nothing without counters, and one statement without running operations.
   */
  async write(sql: Sql, facts: Facts): Promise<() => void> {
    if (facts.counters.length === 0) return NOTHING;
    const byMachine = new Map<string, CounterFact[]>();
    for (const fact of facts.counters) {
      const known = byMachine.get(fact.machine.id);
      if (known) known.push(fact);
      else byMachine.set(fact.machine.id, [fact]);
    }
    const operations = await this.#orders.lockCounting(sql, [...byMachine.keys()], "MACHINE");
    const records: ProductionRecord[] = [];
    const growth: { operationId: string; good: string; scrap: string }[] = [];
    const changes = new Map<string, OrderChanged>();
    for (const operation of operations) {
      const moved = byMachine.get(operation.machineId) ?? [];
      const { tally, flagged } = tallyOf(operation, moved);
      for (const one of flagged) this.#warn(one, operation.orderNumber);
      if (!tally) continue;
      const { good, scrap, at } = tally;
      const source = { operationId: operation.id, machineId: operation.machineId };
      const path = moved[0]?.machine.path ?? operation.machineId;
      const counted = { ...source, reason: null, countingSource: "MACHINE", recordedBy: path, at } as const;
      records.push(...recordsOf(counted, good, scrap, this.#clock.now()));
      growth.push({ operationId: operation.id, good, scrap });
      const { orderId, orderNumber, machineIds } = operation;
      changes.set(orderId, this.#orders.changeOf(orderId, orderNumber, machineIds));
    }
    if (growth.length === 0) return NOTHING;
    await this.#store.append(sql, records);
    await this.#orders.addCounts(sql, growth);
    return () => this.#orders.publish(changes.values());
  }

  /** Takes what someone says that an operation has made; only where the machine does not count. */
  async report(caller: Caller, request: ReportRequest): Promise<Outcome> {
    const operation = "reportProduction";
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input: request };
    const changes: OrderChanged[] = [];
    const done = await this.#db.transaction((tx) =>
      once(tx, call, () => this.#report(sqlWithin(tx), caller, request, changes)),
    );
    if ("refused" in done) return { id: null, userErrors: [done.refused] };
    this.#orders.publish(changes);
    return done.payload;
  }

  async #report(sql: Sql, caller: Caller, request: ReportRequest, changes: OrderChanged[]): Promise<Outcome> {
    const now = this.#clock.now();
    const problems = requestProblems(request, now);
    if (problems.length > 0) return { id: null, userErrors: problems };
    const found = await this.#orders.lockOperation(sql, request.order, request.sequence);
    if ("code" in found) return { id: null, userErrors: [found] };
    const hindrance = whyNotReportable(found);
    if (hindrance) return { id: null, userErrors: [hindrance] };
    const { operation, state } = found;
    const good = String(request.good);
    const scrap = String(request.scrap);
    const counted = {
      operationId: operation.id,
      machineId: operation.machineId,
      reason: request.scrapReason,
      countingSource: "OPERATOR",
      recordedBy: caller.principal,
      at: request.at ?? new Date(now),
    } as const;
    await this.#store.append(sql, recordsOf(counted, good, scrap, now));
    const { id, number } = state.order;
    await this.#orders.addCounts(sql, [{ operationId: operation.id, good, scrap }], { orderIds: [id] });
    const machineIds = state.operations.map((one) => one.machineId);
    changes.push(this.#orders.changeOf(id, number, machineIds));
    return { id: operation.id, userErrors: [] };
  }

  #warn({ fact, reason }: Flagged, order: string): void {
    const { from, to, series } = fact.move;
    const fields = {
      metric: `${fact.machine.path}/${series.metric}`,
      from: String(from),
      to: String(to),
      order,
      reason,
    };
    this.#logger.warn(fields, "a counter's step is not counted");
  }
}

/** One record per kind that there is any of; the reason belongs to the scrap. */
function recordsOf(
  counted: Omit<ProductionRecord, "id" | "kind" | "quantity">,
  good: string,
  scrap: string,
  now: number,
): ProductionRecord[] {
  const records: ProductionRecord[] = [];
  if (Number(good) !== 0) {
    records.push({ ...counted, id: newId(now), kind: "GOOD", quantity: good, reason: null });
  }
  if (Number(scrap) !== 0) records.push({ ...counted, id: newId(now), kind: "SCRAP", quantity: scrap });
  return records;
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

function whyNotReportable({ state, operation }: LockedOperation): UserErrorValue | null {
  const name = `operation ${operation.sequence} of order ${state.order.number}`;
  if (operation.countingSource !== "OPERATOR") {
    return userError("PRECONDITION_FAILED", `the machine counts for ${name}`, ["sequence"]);
  }
  if (operation.status === "RUNNING" || operation.status === "HELD") return null;
  const message = `${name} is ${operation.status}: nothing can be reported for it`;
  return userError("INVALID_TRANSITION", message, ["sequence"]);
}
