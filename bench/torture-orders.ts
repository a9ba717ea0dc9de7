import { askUntilAnswered, type Expected } from "./torture-check.js";
import { countingMachines, isOrdered } from "./torture-made.js";
import type { TortureServer } from "./torture-parts.js";
import { pathOf } from "./torture-publisher.js";

/** Mutations in one request. */
const STEPS_AT_ONCE = 20;
const LEAD_MS = 1_000;

/** The operations of each order, one after the other. */
export const OPERATIONS = { first: 10, second: 20 } as const;

/** When the first operations begin, before all messages, and when the second ones take their place. */
export function changesOf({ base, messages }: Expected): { start: number; change: number } {
  return { start: base - LEAD_MS, change: base + Math.floor(messages / 2) };
}

export function orderNumber(machine: number): string {
  return `T-${machine}`;
}

/** Makes an order of two operations for each machine that has one, and starts the first. @returns what was refused. */
export async function startOrders(server: TortureServer, expected: Expected): Promise<string[]> {
  const at = new Date(changesOf(expected).start).toISOString();
  const orders = ordered(expected).map((machine) => {
    const operation = (sequence: number) =>
      `{ sequence: ${sequence}, name: "Pressing", machine: "${pathOf(expected.root, machine)}",
         idealCycleTimeMs: ${expected.machines}, completion: MANUAL }`;
    return `{ number: "${orderNumber(machine)}", product: "lid", quantity: 1000000000,
      operations: [${operation(OPERATIONS.first)}, ${operation(OPERATIONS.second)}] }`;
  });
  const made = await askUntilAnswered<{ upsertOrders: { results: Refused[] } }>(
    server,
    `mutation { upsertOrders(input: { orders: [${orders.join(" ")}], idempotencyKey: "torture" })
     { results { userErrors { message } } } }`,
  );
  const steps = ordered(expected).flatMap((machine) => [
    step("releaseOrder", `number: "${orderNumber(machine)}"`, at),
    operationStep("start", machine, OPERATIONS.first, at),
  ]);
  return [...messagesOf(made.upsertOrders.results), ...(await take(server, steps))];
}

/** One of so many parts of the orders. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/**
 * Tells of a share of the orders that their first operation was over in the middle of the run, and the second one began: what
 * was counted since then belongs to this. It can be told before that and afterwards, and whatever dies meanwhile, it happens once.
 * @returns what was refused, or could not be told.
 */
export function changeOperations(server: TortureServer, expected: Expected, share: Share): Promise<string[]> {
  const at = new Date(changesOf(expected).change).toISOString();
  const steps = ordered(expected)
    .filter((_, place) => place % share.of === share.index)
    .flatMap((machine) => [
      operationStep("complete", machine, OPERATIONS.first, at),
      operationStep("start", machine, OPERATIONS.second, at),
    ]);
  return take(server, steps).catch((error: unknown) => [`not told: ${String(error)}`]);
}

interface Refused {
  readonly userErrors: readonly { readonly message: string }[];
}

function ordered(expected: Expected): number[] {
  return countingMachines(expected).filter(isOrdered);
}

function operationStep(action: "start" | "complete", machine: number, sequence: number, at: string): string {
  return step(`${action}Operation`, `order: "${orderNumber(machine)}", sequence: ${sequence}`, at);
}

function step(mutation: string, what: string, at: string): string {
  const key = `${mutation} ${what.replaceAll('"', "")}`;
  return `${mutation}(input: { ${what}, at: "${at}", idempotencyKey: "${key}" }) { userErrors { message } }`;
}

async function take(server: TortureServer, steps: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (let at = 0; at < steps.length; at += STEPS_AT_ONCE) {
    const some = steps.slice(at, at + STEPS_AT_ONCE).map((one, index) => `s${index}: ${one}`);
    const answers = await askUntilAnswered<Record<string, Refused>>(server, `mutation { ${some.join(" ")} }`);
    refused.push(...messagesOf(Object.values(answers)));
  }
  return refused;
}

function messagesOf(answers: readonly Refused[]): string[] {
  return answers.flatMap(({ userErrors }) => userErrors.map(({ message }) => `refused: ${message}`));
}
