import { expect } from "vitest";
import type { OrderPlant } from "./order-plant.js";

interface Answer {
  movements?: { id: string; quantity: number; serials: string[]; lot: { number: string } }[];
  lots?: { number: string; material: string; unit: string }[];
  userErrors: { code: string; field: string[]; message: string }[];
}

interface Tree {
  nodes: { depth: number; lot: { id: string; number: string; material: string } }[];
  edges: { from: string; to: string; kind: string; quantity: number | null }[];
  truncated: boolean;
}

/** Books lots and reads their trees. @param plant asked at each call, as a test starts it before its first one. */
export function lotDesk(plant: () => OrderPlant) {
  let orders = 0;

  async function book(mutation: string, input: object): Promise<Answer> {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    const result = /^(split|merge)/.test(mutation)
      ? "lots { number material unit }"
      : "movements { id quantity serials reversed lot { number } }";
    const answer = await plant().ask(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${result} userErrors { code field message } } }`,
      { input },
    );
    return answer[mutation] as Answer;
  }

  async function done(mutation: string, input: object): Promise<Answer> {
    const answer = await book(mutation, input);
    expect(answer.userErrors).toEqual([]);
    return answer;
  }

  const refusal = async (mutation: string, input: object) =>
    (await book(mutation, input)).userErrors.map(({ code, field }) => [code, ...field]);

  /** An order whose one operation was started and is completed; its product is what it makes. */
  async function order(product: string, end = "complete"): Promise<{ order: string; sequence: number }> {
    orders += 1;
    plant().time.now += 1_000;
    const number = `G-${orders}`;
    const operations = [{ sequence: 10, name: "Make", machine: "acme/line/m1", completion: "MANUAL" }];
    await plant().ask(
      "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { number } } }",
      { input: { orders: [{ number, product, quantity: 10, unit: "kg", operations }] } },
    );
    const steps = [`releaseOrder(input: { number: "${number}" })`];
    if (end !== "release") steps.push(`startOperation(input: { order: "${number}", sequence: 10 })`);
    if (end === "complete") steps.push(`completeOperation(input: { order: "${number}", sequence: 10 })`);
    for (const step of steps) await plant().ask(`mutation { ${step} { userErrors { message } } }`);
    return { order: number, sequence: 10 };
  }

  /** Makes lots of a product from lots of materials; a lot's material is the first letters of its number. */
  async function make(consumed: string[], produced: string[]): Promise<string> {
    const operation = await order("mix");
    const lots = (numbers: string[]) =>
      numbers.map((lot) => ({ lot, material: lot.replace(/[-\d]+$/, ""), quantity: 1, unit: "kg" }));
    if (consumed.length > 0) await done("reportConsumption", { ...operation, lots: lots(consumed) });
    if (produced.length > 0) await done("reportOutput", { ...operation, lots: lots(produced) });
    return operation.order;
  }

  async function tree(lot: string, direction: string, depth?: number) {
    const answer = (await plant().ask(
      `query ($lot: String!) { lot(number: $lot) { tree: ${direction}${depth === undefined ? "" : `(depth: ${depth})`} {
         nodes { depth lot { id number material } } edges { from to kind quantity } truncated } } }`,
      { lot },
    )) as { lot: { tree: Tree } };
    const { nodes, edges, truncated } = answer.lot.tree;
    const name = new Map(nodes.map((node) => [node.lot.id, node.lot.number]));
    return {
      nodes: nodes.map((node) => `${node.depth} ${node.lot.number}`),
      edges: edges.map(({ from, to, kind }) => `${name.get(from)} ${kind} ${name.get(to)}`).sort(),
      quantities: edges.map((edge) => edge.quantity),
      truncated,
    };
  }

  return { book, done, refusal, order, make, tree };
}
