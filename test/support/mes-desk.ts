import { expect } from "vitest";
import type { GraphQLAnswer } from "./app.js";
import { operationName } from "./mes-oracle.js";
import type { MachineStory, MaintenanceStory, RunStory, StopStory } from "./mes-story.js";

export type Ask = (query: string, variables?: Record<string, unknown>) => Promise<GraphQLAnswer["data"]>;

const MUTATIONS_AT_ONCE = 40;
const MINUTE = 60_000;

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Asks all of these mutations, in their order; each must succeed. */
export async function doAll(ask: Ask, mutations: readonly string[]): Promise<GraphQLAnswer["data"][]> {
  const answers: GraphQLAnswer["data"][] = [];
  for (let at = 0; at < mutations.length; at += MUTATIONS_AT_ONCE) {
    const some = mutations.slice(at, at + MUTATIONS_AT_ONCE);
    const answer = await ask(`mutation { ${some.map((one, index) => `m${index}: ${one}`).join(" ")} }`);
    some.forEach((one, index) => {
      const payload = answer[`m${index}`];
      expect([one, payload.userErrors]).toEqual([one, []]);
      answers.push(payload);
    });
  }
  return answers;
}

export async function planStops(ask: Ask, stops: readonly StopStory[]): Promise<void> {
  const planned = stops.map(
    ({ path, from, to }) =>
      `planStop(input: { equipment: "${path}", from: "${iso(from)}", to: "${iso(to)}", reason: "Planned" }) {
         userErrors { message } }`,
  );
  await doAll(ask, planned);
}

/** Makes the orders of these machines and does all that happened to them, in the order of time. */
export async function tellOrders(ask: Ask, machines: readonly MachineStory[], late: boolean): Promise<void> {
  const operations = machines.flatMap(({ path, runs }) =>
    runs.filter((run) => run.late === late).map((run) => ({ ...run, path })),
  );
  const orders = [...new Set(operations.map(({ order }) => order))].map((number) => {
    const own = operations.filter(({ order }) => order === number);
    return {
      ...{ number, product: "part", quantity: 1_000_000 },
      operations: own.map(({ sequence, overlap, path: machine, idealCycleTimeMs, reports }) => ({
        ...{ sequence, overlap, machine, idealCycleTimeMs },
        ...{ name: `step ${sequence}`, completion: "MANUAL" },
        countingSource: reports === null ? "MACHINE" : "OPERATOR",
      })),
    };
  });
  const { upsertOrders } = await ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders } },
  );
  for (const { userErrors } of upsertOrders.results) expect(userErrors).toEqual([]);
  const steps = operations.flatMap(stepsOf).sort((a, b) => a.at - b.at);
  await doAll(
    ask,
    steps.map(({ mutation }) => `${mutation} { userErrors { message } }`),
  );
}

function stepsOf(run: RunStory): { at: number; mutation: string }[] {
  const { order, sequence, steps, reports } = run;
  const begin = (steps[0]?.at ?? 0) - 1;
  const operation = (at: number) => `order: "${order}", sequence: ${sequence}, at: "${iso(at)}"`;
  const release = `releaseOrder(input: { number: "${order}", at: "${iso(begin)}" })`;
  return [
    ...(sequence === 10 ? [{ at: begin, mutation: release }] : []),
    ...steps.map(({ at, action }) => ({ at, mutation: `${action}Operation(input: { ${operation(at)} })` })),
    ...(reports ?? []).map(({ at, good, scrap, scrapReason }) => {
      const made = `good: ${good}, scrap: ${scrap}, scrapReason: ${JSON.stringify(scrapReason)}`;
      return { at, mutation: `reportProduction(input: { ${operation(at)}, ${made} })` };
    }),
  ];
}

/** Makes maintenance orders, and does what was done to them. */
export async function tellMaintenance(
  ask: Ask,
  machines: readonly MachineStory[],
  late: boolean,
): Promise<void> {
  const all = machines.flatMap(({ path, maintenance }) =>
    maintenance.filter((one) => one.late === late).map((one) => ({ ...one, path })),
  );
  const created = await doAll(
    ask,
    all.map(({ path, kind, dueAt }) => {
      const due = dueAt === null ? "" : `, dueAt: "${iso(dueAt)}"`;
      return `createMaintenanceOrder(input: { machine: "${path}", kind: ${kind}, title: "Look after it"${due} }) {
        maintenanceOrder { number } userErrors { message } }`;
    }),
  );
  const done = all.flatMap((one, index) => workOf(one, created[index].maintenanceOrder.number));
  await doAll(
    ask,
    done.map((mutation) => `${mutation} { userErrors { message } }`),
  );
}

function workOf({ work, workedMinutes }: MaintenanceStory, number: string): string[] {
  if (work === null) return [];
  const { from, to } = work;
  const worked = `from: "${iso(from)}", to: "${iso(from + workedMinutes * MINUTE)}"`;
  return [
    `startMaintenance(input: { number: "${number}", at: "${iso(from)}" })`,
    `logMaintenanceWork(input: { number: "${number}", worker: "eve", ${worked} })`,
    `completeMaintenance(input: { number: "${number}", at: "${iso(to)}" })`,
  ];
}

export interface RecordToCorrect {
  readonly id: string;
  readonly kind: "GOOD" | "SCRAP";
  /** What it says by now. */
  readonly quantity: number;
  readonly at: number;
  readonly scrapReason: string | null;
}

/** What was recorded for an operation, without corrections and what those may not touch. */
export async function recordsOf(ask: Ask, run: RunStory): Promise<RecordToCorrect[]> {
  const { order } = await ask(
    `{ order(number: "${run.order}") { operations { sequence productionRecords(first: 500) { edges { node {
         id kind quantity at scrapReason corrects { id } } } } } } }`,
  );
  const operation = order.operations.find(({ sequence }: RunStory) => sequence === run.sequence);
  if (!operation) throw new Error(`there is no operation ${operationName(run)}`);
  const nodes: (Omit<RecordToCorrect, "at"> & { at: string; corrects: object | null })[] =
    operation.productionRecords.edges.map((edge: { node: object }) => edge.node);
  return nodes.flatMap((one) =>
    one.corrects === null && one.quantity > 0 ? [{ ...one, at: Date.parse(one.at) }] : [],
  );
}
