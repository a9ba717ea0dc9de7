import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import pg from "pg";
import { from, to } from "pg-copy-streams";
import { figure, median, table } from "./figures.js";
import { ask } from "./kpi-plant.js";
import { bookLots, erpOrders, LEVELS, orderPlantFile } from "./order-load.js";
import { mosquitto, postgres, server } from "./parts.js";
import { size } from "./sizes.js";

const ROUNDS = 5;
const WARM_UP = 3;
const RUNS = 20;

export interface OrdersResult {
  readonly orders: number;
  /** Seconds of each round. */
  readonly made: readonly number[];
  /** The same call again with its idempotency key. */
  readonly repeated: readonly number[];
  /** The same orders again without a key, none of them changed. */
  readonly unchanged: readonly number[];
  /** All of them with another priority. */
  readonly changed: readonly number[];
  /** COPY of the rows that making them wrote. */
  readonly bare: readonly number[];
  readonly lots: number;
  readonly trees: readonly LotTree[];
}

interface LotTree {
  readonly id: "ancestors" | "descendants";
  readonly name: string;
  /** Median milliseconds over GraphQL, and of plain SQL. */
  readonly server: number;
  readonly bare: number;
}

/** A whole import of orders in one call, beside COPY of the same rows; and lots over five levels, beside a recursive query. */
export async function orders(): Promise<OrdersResult> {
  const count = size("BENCH_ORDERS", 10_000, 500);
  const fanOut = size("BENCH_FAN_OUT", 5, 2);
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-bench-"));
  const file = path.join(folder, "plant.yaml");
  await writeFile(file, orderPlantFile());
  const database = await postgres();
  const broker = await mosquitto();
  try {
    const own = await database.create("bench_orders");
    const started = await server({ DATABASE_URL: own, MQTT_URL: broker.url, PLANT_FILE: file });
    const client = new pg.Client({ connectionString: own });
    await client.connect();
    try {
      const imports = await importAll(started.url, client, count);
      const { lots, top, bottom } = await bookLots(started.url, fanOut);
      await client.query("ANALYZE");
      const trees = [
        await tree(started.url, client, "ancestors", top, lots),
        await tree(started.url, client, "descendants", bottom, LEVELS + 1),
      ];
      const result = { orders: count, ...imports, lots, trees };
      process.stdout.write(print(result));
      return result;
    } finally {
      await client.end();
      await started.stop();
    }
  } finally {
    await broker.stop();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const UPSERT = `mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) {
  results { number created order { status version } userErrors { code message field } } } }`;

async function importAll(url: string, client: pg.Client, count: number) {
  const times = {
    made: [] as number[],
    repeated: [] as number[],
    unchanged: [] as number[],
    changed: [] as number[],
    bare: [] as number[],
  };
  const send = (input: object) => seconds(() => ask(url, UPSERT, { input }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const all = erpOrders(count, round);
    const input = { orders: all, system: "erp", idempotencyKey: `round-${round}` };
    times.made.push(await send(input));
    times.bare.push(await copied(client, round));
    times.repeated.push(await send(input));
    times.unchanged.push(await send({ orders: all }));
    times.changed.push(await send({ orders: all.map((order) => ({ ...order, priority: 101 })) }));
  }
  return times;
}

/** Writes what a round's orders wrote once more, into tables with the same indexes and without foreign keys. */
async function copied(client: pg.Client, round: number): Promise<number> {
  const own = `number LIKE 'ERP-${round}-%'`;
  const ofOrders = `order_id IN (SELECT id FROM production_order WHERE ${own})`;
  const parts: [string, string][] = [
    ["production_order", own],
    ["operation", ofOrders],
    ["order_event", ofOrders],
  ];
  const rows: [string, Buffer][] = [];
  for (const [name, where] of parts) {
    await client.query(`CREATE TABLE IF NOT EXISTS bare_${name} (LIKE ${name} INCLUDING ALL)`);
    const query = `COPY (SELECT * FROM ${name} WHERE ${where}) TO STDOUT (FORMAT binary)`;
    rows.push([name, await buffer(client.query(to(query)))]);
  }
  return seconds(async () => {
    await client.query("BEGIN");
    for (const [name, data] of rows) {
      const stream = client.query(from(`COPY bare_${name} FROM STDIN (FORMAT binary)`));
      stream.end(data);
      await finished(stream);
    }
    await client.query("COMMIT");
  });
}

/** The lots above or below one, which must be `expected`. */
async function tree(
  url: string,
  client: pg.Client,
  id: LotTree["id"],
  lot: string,
  expected: number,
): Promise<LotTree> {
  const document = `query ($lot: String!) { lot(number: $lot) { ${id}(depth: ${LEVELS}) {
    nodes { depth lot { number material } } edges { from to } truncated } } }`;
  const asked = () => ask<TreeAnswer>(url, document, { lot });
  const plain = async () => (await client.query(plainTree(id), [lot, LEVELS])).rows.length;
  const found = [(await asked()).lot[id]?.nodes.length, await plain()];
  if (found.some((nodes) => nodes !== expected))
    throw new Error(`${id} of lot ${lot}: ${found.join(" and ")} lots in place of ${expected}`);
  const name = `${id} over ${LEVELS} levels, ${figure(expected)} lots`;
  return { id, name, server: await medianMs(asked), bare: await medianMs(plain) };
}

type TreeAnswer = { readonly lot: Partial<Record<LotTree["id"], { readonly nodes: readonly object[] }>> };

/** Lots and their least distance; no steps between them, nothing that was taken back, split or merged. */
function plainTree(id: LotTree["id"]): string {
  const [here, there] = id === "ancestors" ? ["PRODUCED", "CONSUMED"] : ["CONSUMED", "PRODUCED"];
  return `WITH RECURSIVE walk (id, depth) AS (
      SELECT id, 0 FROM material_lot WHERE number = $1
      UNION
      SELECT b.lot_id, w.depth + 1 FROM walk w
      JOIN lot_movement a ON a.lot_id = w.id AND a.kind = '${here}'
      JOIN lot_movement b ON b.operation_id = a.operation_id AND b.kind = '${there}' WHERE w.depth < $2)
    SELECT l.number, l.material, min(w.depth) FROM walk w JOIN material_lot l USING (id) GROUP BY l.id`;
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run += 1) all.push(await seconds(work));
  return median(all.slice(WARM_UP)) * 1000;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** What an import's calls are named, with their seconds. */
export function importCalls({
  made,
  repeated,
  unchanged,
  changed,
}: OrdersResult): [string, readonly number[]][] {
  return [
    ["all new", made],
    ["again with the same idempotency key", repeated],
    ["again without a key, unchanged", unchanged],
    ["again with another priority", changed],
  ];
}

function print(result: OrdersResult): string {
  const { orders: count, bare, lots, trees } = result;
  const bareMedian = median(bare);
  const rows = [["COPY of the same rows", bare] as const, ...importCalls(result)].map(([name, times]) => [
    name,
    figure(median(times)),
    figure(Math.max(...times)),
    (median(times) / bareMedian).toFixed(1),
  ]);
  return [
    `${figure(count)} orders of two operations in one call, ${bare.length} rounds; seconds\n`,
    table([["", "median", "longest", "ratio"], ...rows]),
    `\n${figure(lots)} lots; median milliseconds\n`,
    table([
      ["", "server", "plain SQL", "ratio"],
      ...trees.map(({ name, server: own, bare: plain }) => [
        name,
        figure(own),
        figure(plain),
        (own / plain).toFixed(2),
      ]),
    ]),
  ].join("");
}
