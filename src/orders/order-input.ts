import { err, ok, type Result } from "../kernel/result.js";
import { keyProblem, storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { CountingSource, OperationCompletion } from "./operation.js";
import { quantityProblem } from "./quantity.js";

/** An order as a caller wants it to be. */
export interface OrderRequest {
  readonly number: string;
  readonly product: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dueAt: Date | null;
  readonly priority: number;
  readonly expectedVersion: number | null;
  /** Release it too, if it is CREATED. */
  readonly release: boolean;
  readonly operations: readonly OperationRequest[];
}

export interface OperationRequest {
  readonly sequence: number;
  readonly name: string;
  /** A path. */
  readonly machine: string | null;
  readonly overlap: boolean;
  readonly idealCycleTimeMs: number | null;
  readonly plannedStart: Date | null;
  readonly plannedEnd: Date | null;
  readonly countingSource: CountingSource;
  readonly completion: OperationCompletion;
}

/** An order that can be stored: every machine is known, the operations are in their sequence. */
export interface WantedOrder extends Omit<OrderRequest, "operations"> {
  readonly operations: readonly WantedOperation[];
}

export interface WantedOperation extends Omit<OperationRequest, "machine"> {
  readonly machineId: string | null;
  /** Where it stands in the input, for errors. */
  readonly at: readonly string[];
}

/** Whether an order can have this number; what cannot be stored must not be looked for either. */
export function isOrderNumber(number: string): boolean {
  return keyProblem(number, 100) === null;
}

const MOST_OPERATIONS = 1_000;
export const HIGHEST_PRIORITY = 1_000;
const HIGHEST_SEQUENCE = 99_999;
const LONGEST_CYCLE_MS = 30 * 86_400_000;

/**
 * Checks one order by itself.
 * @param at the order's place in the input, such as `["orders", "3"]`.
 * @returns all that is wrong with it at once.
 */
export function checkOrder(
  input: OrderRequest,
  at: readonly string[],
  machineIdOf: (path: string) => string | undefined,
): Result<WantedOrder, UserErrorValue[]> {
  const problems: UserErrorValue[] = [];
  const refuse = (field: string, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [...at, field]));
  };
  refuse("number", keyProblem(input.number, 100));
  refuse("product", textProblem(input.product, 500));
  refuse("unit", keyProblem(input.unit, 32));
  refuse("quantity", quantityProblem(input.quantity));
  const usual = input.priority >= 0 && input.priority <= HIGHEST_PRIORITY;
  refuse("priority", usual ? null : `must be 0 to ${HIGHEST_PRIORITY.toLocaleString("en")}`);
  refuse("dueAt", input.dueAt === null || storable(input.dueAt) ? null : "is not in the years 1 to 9999");
  const count = input.operations.length;
  refuse("operations", count === 0 ? "must not be empty" : null);
  refuse("operations", count > MOST_OPERATIONS ? `must be at most ${MOST_OPERATIONS}` : null);
  const seen = new Set<number>();
  const operations = input.operations.map((operation, index) => {
    const place = [...at, "operations", String(index)];
    problems.push(...operationProblems(operation, place, seen));
    const { machine, ...rest } = operation;
    const machineId = machine === null ? null : machineIdOf(machine);
    if (machineId === undefined) {
      problems.push(userError("NOT_FOUND", `there is no machine ${machine}`, [...place, "machine"]));
    }
    return { ...rest, machineId: machineId ?? null, at: place };
  });
  if (problems.length > 0) return err(problems);
  return ok({ ...input, operations: operations.sort((a, b) => a.sequence - b.sequence) });
}

function operationProblems(
  operation: OperationRequest,
  at: readonly string[],
  seen: Set<number>,
): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof OperationRequest, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [...at, field]));
  };
  const { sequence, idealCycleTimeMs: cycle, plannedStart, plannedEnd } = operation;
  const placed = sequence >= 1 && sequence <= HIGHEST_SEQUENCE;
  refuse("sequence", placed ? null : `must be 1 to ${HIGHEST_SEQUENCE.toLocaleString("en")}`);
  refuse("sequence", seen.has(sequence) ? `${sequence} is there twice` : null);
  seen.add(sequence);
  refuse("name", textProblem(operation.name, 200));
  const possible = cycle === null || (cycle > 0 && cycle <= LONGEST_CYCLE_MS);
  const longest = `${LONGEST_CYCLE_MS.toLocaleString("en")} (30 days)`;
  refuse("idealCycleTimeMs", possible ? null : `must be above 0 and at most ${longest}`);
  for (const field of ["plannedStart", "plannedEnd"] as const) {
    const moment = operation[field];
    refuse(field, moment === null || storable(moment) ? null : "is not in the years 1 to 9999");
  }
  const backwards = plannedStart !== null && plannedEnd !== null && plannedEnd < plannedStart;
  refuse("plannedEnd", backwards ? "must not be before plannedStart" : null);
  return problems;
}
