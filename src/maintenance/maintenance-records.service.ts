import { sqlWithin } from "../db/sql.js";
import { grouped } from "../kernel/grouped.js";
import { newId } from "../kernel/ids.js";
import { textProblem } from "../kernel/text.js";
import { type UserErrorCode, userError } from "../kernel/user-error.js";
import { sumOf } from "../production/decimal.js";
import type { MaintenanceOrder, MaintenanceStatus } from "./maintenance.js";
import type { MaintenanceResult, MaintenanceService } from "./maintenance.service.js";
import type { MaintenanceStore } from "./maintenance.store.js";
import {
  type ChecklistItem,
  type MaintenanceEvent,
  type NewPart,
  type NewWork,
  type Part,
  partProblems,
  type WorkLog,
  workMinutes,
} from "./maintenance-details.js";
import type { MaintenanceRecordsStore } from "./maintenance-records.store.js";
import type { Caller, OrderStep } from "./maintenance-request.js";

/** Which order is meant, and at which version it must be. */
interface OrderKey {
  readonly number: string;
  readonly expectedVersion: number | null;
}

export interface CheckRequest extends OrderKey {
  /** From 1. */
  readonly position: number;
  readonly done: boolean;
  readonly value: string | null;
}

const WORKING: readonly MaintenanceStatus[] = ["IN_PROGRESS"];
/** What was used and how long it took is often written down afterwards. */
const WORKED: readonly MaintenanceStatus[] = ["IN_PROGRESS", "COMPLETED"];

/** What people record with maintenance orders: comments, checked items, parts that were used, time spent. */
export class MaintenanceRecords {
  readonly #store: MaintenanceRecordsStore;
  readonly #orders: MaintenanceStore;
  readonly #maintenance: MaintenanceService;

  constructor(deps: {
    store: MaintenanceRecordsStore;
    orders: MaintenanceStore;
    maintenance: MaintenanceService;
  }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#maintenance = deps.maintenance;
  }

  /** Adds a comment to an order, whatever its status. */
  comment(caller: Caller, input: OrderKey & { comment: string }): Promise<MaintenanceResult> {
    return this.#maintenance.change(caller, "addMaintenanceComment", input, async (tx, order, now) => {
      const { comment } = input;
      const problem = textProblem(comment, 10_000);
      if (problem !== null) return refused("INVALID_INPUT", `comment ${problem}`, "comment");
      const written = { id: newId(now.getTime()), writtenBy: caller.principal, writtenAt: now };
      await this.#orders.addComment(tx, { ...written, maintenanceOrderId: order.id, comment });
      return recorded(order, "COMMENTED", comment);
    });
  }

  /** Marks a checklist item of an order in progress as done, or as not done. */
  check(caller: Caller, input: CheckRequest): Promise<MaintenanceResult> {
    return this.#maintenance.change(caller, "checkMaintenanceItem", input, async (tx, order, now) => {
      const wrong = statusProblem(order, WORKING, "nothing can be checked");
      if (wrong) return wrong;
      const { position, done, value } = input;
      const problem = value === null ? null : textProblem(value, 1_000);
      if (problem !== null) return refused("INVALID_INPUT", `value ${problem}`, "value");
      const sql = sqlWithin(tx);
      const item = isPosition(position) ? await this.#store.item(sql, order.id, position) : null;
      if (!item) {
        return refused("NOT_FOUND", `${order.number} has no checklist item ${position}`, "position");
      }
      const by = done ? { doneBy: caller.principal, doneAt: now } : { doneBy: null, doneAt: null };
      await this.#store.saveItem(sql, { ...item, ...by, done, value });
      const detail = `${position} ${item.text}${value === null ? "" : `: ${value}`}`;
      return recorded(order, done ? "ITEM_CHECKED" : "ITEM_UNCHECKED", detail);
    });
  }

  /**
   * Records a part that was used, while an order is in progress or after it. A quantity below 0 takes back what was
   * recorded, and not more than that.
   */
  addPart(caller: Caller, input: OrderKey & NewPart): Promise<MaintenanceResult> {
    return this.#maintenance.change(caller, "addMaintenancePart", input, async (tx, order, now) => {
      const wrong = statusProblem(order, WORKED, "no part can be recorded");
      if (wrong) return wrong;
      const { partNumber, name, quantity, unit } = input;
      const problems = partProblems({ partNumber, name, quantity, unit });
      if (quantity === 0) problems.push(userError("INVALID_INPUT", "quantity must not be 0", ["quantity"]));
      if (problems.length > 0) return { refused: problems };
      const sql = sqlWithin(tx);
      const used = quantity < 0 ? await this.#store.used(sql, order.id, partNumber, unit) : "0";
      if (quantity < 0 && Number(sumOf([used, String(quantity)])) < 0) {
        const message = `only ${used} ${unit} of ${partNumber} are recorded`;
        return refused("PRECONDITION_FAILED", message, "quantity");
      }
      const by = { recordedBy: caller.principal, recordedAt: now, planned: false };
      const part = { ...by, partNumber, name, unit, quantity: String(quantity), orderId: order.id };
      await this.#orders.insertParts(sql, [{ ...part, id: newId(now.getTime()) }]);
      return recorded(order, "PART_RECORDED", `${quantity} ${unit} ${partNumber}`);
    });
  }

  /** Records time spent, while an order is in progress or after it; by the caller, where no worker is named. */
  logWork(caller: Caller, input: OrderKey & NewWork): Promise<MaintenanceResult> {
    return this.#maintenance.change(caller, "logMaintenanceWork", input, async (tx, order, now) => {
      const wrong = statusProblem(order, WORKED, "no work can be logged");
      if (wrong) return wrong;
      const spent = workMinutes(input, now.getTime());
      if ("refused" in spent) return spent;
      const { minutes } = spent;
      const worker = input.worker ?? caller.principal;
      const { from, to } = input;
      const by = { recordedBy: caller.principal, recordedAt: now, orderId: order.id };
      const work = { ...by, worker, from, to, minutes, note: input.note?.trim() ? input.note : null };
      await this.#store.addWork(sqlWithin(tx), { ...work, id: newId(now.getTime()) });
      return recorded(order, "WORK_LOGGED", `${minutes} min by ${worker}`);
    });
  }

  /** The checklist of each order, in the order of `orderIds`. */
  async itemsOf(orderIds: readonly string[]): Promise<ChecklistItem[][]> {
    return ofOrders(orderIds, await this.#store.items(orderIds));
  }

  /** The parts of each order, oldest first. */
  async partsOf(orderIds: readonly string[]): Promise<Part[][]> {
    return ofOrders(orderIds, await this.#store.parts(orderIds));
  }

  /** The time spent on each order, as it was recorded. */
  async workOf(orderIds: readonly string[]): Promise<WorkLog[][]> {
    return ofOrders(orderIds, await this.#store.work(orderIds));
  }

  /** What happened to each order, as it was recorded. */
  async eventsOf(orderIds: readonly string[]): Promise<MaintenanceEvent[][]> {
    return ofOrders(orderIds, await this.#store.events(orderIds));
  }
}

function ofOrders<Item extends { readonly orderId: string }>(
  orderIds: readonly string[],
  items: readonly Item[],
): Item[][] {
  return grouped(orderIds, items, ({ orderId }) => orderId);
}

function recorded(order: MaintenanceOrder, kind: MaintenanceEvent["kind"], detail: string): OrderStep {
  return { order: { ...order, version: order.version + 1 }, events: [{ kind, detail }] };
}

function statusProblem(
  { number, status }: MaintenanceOrder,
  allowed: readonly MaintenanceStatus[],
  what: string,
): OrderStep | null {
  if (allowed.includes(status)) return null;
  return refused("INVALID_TRANSITION", `maintenance order ${number} is ${status}: ${what}`, "number");
}

function refused(code: UserErrorCode, message: string, field: string): OrderStep {
  return { refused: [userError(code, message, [field])] };
}

/** What the column cannot hold must not be looked for. */
function isPosition(position: number): boolean {
  return position >= 1 && position <= 1_000;
}
