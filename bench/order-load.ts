import { ask } from "./kpi-plant.js";

const STEPS_AT_ONCE = 50;

/** The levels of the lots' tree below the lot at its top. */
export const LEVELS = 5;

export const ORDER_LINE = "acme/site/hall/line";

export function machineOf(index: number): string {
  return `${ORDER_LINE}/cell-${index % 10}`;
}

/** Ten machines that nothing is heard of. */
export function orderPlantFile(): string {
  const machines = Array.from(
    { length: 10 },
    (_, index) => `  - { path: ${machineOf(index)}, level: MACHINE }`,
  );
  return `equipment:\n${machines.join("\n")}\n`;
}

/** Orders of two operations, as an ERP system sends them. */
export function erpOrders(count: number, round: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    number: `ERP-${round}-${String(index).padStart(6, "0")}`,
    product: `Lemonade 0.5 l, article ${100_000 + (index % 50)}`,
    quantity: 1_000 + index,
    dueAt: "2030-12-24T12:00:00+01:00",
    priority: index % 100,
    operations: [
      {
        ...{ sequence: 10, name: "Filling", machine: machineOf(index), idealCycleTimeMs: 200 },
        plannedStart: "2030-12-20T06:00:00Z",
      },
      { sequence: 20, name: "Packing", machine: machineOf(index + 1), overlap: true },
    ],
  }));
}

/**
 * Makes a tree of lots over GraphQL: each lot but those of the lowest level is made of `fanOut` others by an order of its own.
 * @returns how many lots there are, the number of the one at the top, and of one at the bottom.
 */
export async function bookLots(
  url: string,
  fanOut: number,
): Promise<{ lots: number; top: string; bottom: string }> {
  let level = ["L"];
  let lots = 1;
  for (let depth = 0; depth < LEVELS; depth += 1) {
    await makeLevel(url, level, fanOut);
    level = level.flatMap((lot) => partsOf(lot, fanOut));
    lots += level.length;
  }
  return { lots, top: "L", bottom: level[0] ?? "" };
}

function partsOf(lot: string, fanOut: number): string[] {
  return Array.from({ length: fanOut }, (_, part) => `${lot}.${part}`);
}

async function makeLevel(url: string, level: readonly string[], fanOut: number): Promise<void> {
  const orders = level.map((lot, index) => ({
    ...{ number: `MAKE-${lot}`, product: "part", quantity: 1 },
    operations: [{ sequence: 10, name: "Join", machine: machineOf(index), completion: "MANUAL" }],
  }));
  await ask(
    url,
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders } },
  );
  const steps = level.flatMap((lot) => {
    const operation = `order: "MAKE-${lot}", sequence: 10`;
    const consumed = partsOf(lot, fanOut).map((part) => `{ lot: "${part}", material: "part", quantity: 1 }`);
    return [
      `releaseOrder(input: { number: "MAKE-${lot}" })`,
      `startOperation(input: { ${operation} })`,
      `reportConsumption(input: { ${operation}, lots: [${consumed.join(", ")}] })`,
      `reportOutput(input: { ${operation}, lots: { lot: "${lot}", quantity: 1 } })`,
      `completeOperation(input: { ${operation} })`,
    ];
  });
  for (let at = 0; at < steps.length; at += STEPS_AT_ONCE) {
    const some = steps
      .slice(at, at + STEPS_AT_ONCE)
      .map((step, index) => `s${index}: ${step} { userErrors { message } }`);
    await ask(url, `mutation { ${some.join(" ")} }`, {});
  }
}
