import { ActivityWriteStore } from "../src/activity/activity-write.store.js";
import { HOUR_MS, MINUTE_MS, type MinuteStep } from "../src/activity/count-minutes.js";
import type { HourRow, MinuteRow } from "../src/activity/minute-rows.js";
import { Database } from "../src/db/database.js";
import { sqlOf } from "../src/db/sql.js";
import { between, type Random, seededRandom } from "../src/demo/random.js";
import { entities } from "../src/entities.js";
import { BlockStore } from "../src/history/block.store.js";
import { SampleBuilder } from "../src/history/columns.js";
import { PartitionStore } from "../src/history/partition.store.js";
import { RollupStore } from "../src/history/rollup.store.js";
import { planDay, sealDay } from "../src/history/sealed-rows.js";
import type { BulkSql } from "../src/kernel/sql.js";
import { connectDevice } from "../src/mqtt/device-client.js";
import type { Part } from "./parts.js";
import { query, silent } from "./parts.js";
import { untilCommitted } from "./server-metrics.js";

export const DAY_MS = 86_400_000;
const SECONDS = 86_400;
const SEED = 11;
const IDEAL_MS = 1_000;
const METRICS = ["state", "good", "reject"] as const;
const STEPS_AT_ONCE = 60;

/** Machines of one line that ran for whole days before `end`. */
export interface KpiPlant {
  readonly machines: number;
  readonly days: number;
  /** Midnight, UTC. */
  readonly end: number;
}

export const KPI_LINE = "acme/site/hall/line";

export function machinePath(machine: number): string {
  return `${KPI_LINE}/press-${machine}`;
}

export function kpiPlantFile({ machines }: KpiPlant): string {
  const shift = (name: string, start: string, end: string, pause: [string, string]) =>
    `      - { name: ${name}, start: "${start}", end: "${end}", breaks: [{ name: Pause, start: "${pause[0]}", end: "${pause[1]}" }] }`;
  return `
calendars:
  - name: three-shift
    timeZone: Europe/Berlin
    shifts:
${shift("Early", "06:00", "14:00", ["10:00", "10:30"])}
${shift("Late", "14:00", "22:00", ["18:00", "18:30"])}
${shift("Night", "22:00", "06:00", ["02:00", "02:30"])}
machineTypes:
  - name: press
    metrics:
      - { name: state, type: String, role: STATE }
      - { name: good, type: Int64, role: GOOD_COUNT }
      - { name: reject, type: Int64, role: REJECT_COUNT }
equipment:
  - { path: ${KPI_LINE}, calendar: three-shift }
${Array.from({ length: machines }, (_, machine) => `  - { path: ${machinePath(machine)}, type: press }`).join("\n")}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: 1
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;
}

/** What comes over the network: each machine's first message, and one order per machine and day. */
export async function tellOrders(server: Part, broker: Part, plant: KpiPlant): Promise<void> {
  const { machines, days, end } = plant;
  const device = connectDevice({ url: broker.url, clientId: "kpi-plant" });
  await device.ready();
  const first = JSON.stringify({ ts: end - days * DAY_MS, state: "EXECUTE", good: 0, reject: 0 });
  for (let machine = 0; machine < machines; machine += 1)
    await device.publish(`${machinePath(machine)}/telemetry`, first, { qos: 1 });
  await untilCommitted(server.url, machines);
  await device.end();
  const numbers = Array.from({ length: machines }, (_, machine) =>
    Array.from({ length: days }, (_, day) => `PO-${machine}-${day}`),
  );
  const orders = numbers.flatMap((own, machine) =>
    own.map((number) => ({
      number,
      product: "lid",
      quantity: 1_000_000,
      operations: [
        {
          sequence: 10,
          name: "Press",
          machine: machinePath(machine),
          idealCycleTimeMs: IDEAL_MS,
          completion: "MANUAL",
        },
      ],
    })),
  );
  await ask(
    server.url,
    "mutation ($input: UpsertOrdersInput!) { r: upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders } },
  );
  const steps = numbers.flatMap((own) =>
    own.flatMap((number, day) => {
      const from = new Date(end - (days - day) * DAY_MS).toISOString();
      const to = new Date(end - (days - day - 1) * DAY_MS).toISOString();
      const operation = `order: "${number}", sequence: 10`;
      return [
        `releaseOrder(input: { number: "${number}", at: "${from}" }) { userErrors { message } }`,
        `startOperation(input: { ${operation}, at: "${from}" }) { userErrors { message } }`,
        `completeOperation(input: { ${operation}, at: "${to}" }) { userErrors { message } }`,
      ];
    }),
  );
  for (let at = 0; at < steps.length; at += STEPS_AT_ONCE) {
    const some = steps.slice(at, at + STEPS_AT_ONCE).map((step, index) => `s${index}: ${step}`);
    await ask(server.url, `mutation { ${some.join(" ")} }`, {});
  }
}

/** Samples, and changes of state that the facts keep, so far written. */
export interface Loaded {
  readonly samples: number;
  readonly states: number;
  readonly minutes: number;
}

/**
 * Writes what the machines would have sent once a second, sealed, and the facts that prove it, through the server's own
 * stores: over MQTT it would take hours. Only while no server runs.
 */
export async function loadHistory(databaseUrl: string, plant: KpiPlant): Promise<Loaded> {
  const db = new Database({ url: databaseUrl, entities, logger: silent });
  await db.start();
  try {
    const loader = new Loader(db);
    for (let machine = 0; machine < plant.machines; machine += 1) {
      const ids = await idsOf(databaseUrl, machine);
      const random = seededRandom(SEED + machine);
      const run: Run = { good: 0, reject: 0, state: "EXECUTE", left: 0 };
      for (let day = 0; day < plant.days; day += 1)
        await db.withConnection((_, client) =>
          loader.day(sqlOf(client), ids, day, plant.end - (plant.days - day) * DAY_MS, run, random),
        );
    }
    await db.query("VACUUM (ANALYZE)");
    return loader.loaded;
  } finally {
    await db.stop();
  }
}

interface MachineIds {
  readonly machineId: string;
  readonly series: Readonly<Record<(typeof METRICS)[number], number>>;
  /** By day. */
  readonly operations: readonly string[];
}

/** How a machine goes on from one day to the next. */
interface Run {
  good: number;
  reject: number;
  state: string;
  /** Seconds that the state still lasts. */
  left: number;
}

class Loader {
  readonly #partitions: PartitionStore;
  readonly #blocks = new BlockStore();
  readonly #rollups = new RollupStore();
  readonly #facts = new ActivityWriteStore();
  readonly loaded = { samples: 0, states: 0, minutes: 0 };

  constructor(db: Database) {
    this.#partitions = new PartitionStore(db);
  }

  async day(
    sql: BulkSql,
    { machineId, series, operations }: MachineIds,
    day: number,
    begin: number,
    run: Run,
    random: Random,
  ): Promise<void> {
    const builders = METRICS.map(() => new SampleBuilder({ capacity: SECONDS }));
    const reports: { at: number; value: string }[] = [];
    const counts = new DayOfCounts({ machineId, operationId: operations[day] ?? null, series });
    for (let second = 0; second < SECONDS; second += 1) {
      const at = begin + second * 1_000;
      if (run.left === 0) {
        [run.state, run.left] = nextState(run.state, random);
        reports.push({ at, value: run.state });
      }
      run.left -= 1;
      if (run.state === "EXECUTE") {
        const metric = (second + day) % 50 === 0 ? "reject" : "good";
        run[metric] += 1;
        counts.add(metric, at);
      }
      builders[0]?.add(at, run.state);
      builders[1]?.add(at, run.good);
      builders[2]?.add(at, run.reject);
    }
    await sql.query("BEGIN");
    await this.#facts.addReports(
      sql,
      reports.map((one) => ({ ...one, machineId, seriesId: series.state, kind: "STATE" })),
    );
    await this.#facts.addToMinutes(sql, counts.minutes);
    await this.#facts.addToHours(sql, counts.hours());
    for (const [index, metric] of METRICS.entries())
      await this.#seal(sql, series[metric], begin, builders[index] as SampleBuilder);
    await sql.query("COMMIT");
    this.loaded.samples += SECONDS * METRICS.length;
    this.loaded.states += reports.length;
    this.loaded.minutes += counts.minutes.length;
  }

  async #seal(sql: BulkSql, seriesId: number, day: number, builder: SampleBuilder): Promise<void> {
    const retention = "default";
    const plan = planDay({ retention, seriesId, day, columns: builder.build() }, []);
    const rows = sealDay(plan, () => Buffer.alloc(0));
    const places = [{ policy: retention, time: day }];
    for (const table of ["sample_block", "minute_block", "hour_rollup", "day_rollup"] as const)
      await this.#partitions.ensure(table, places);
    await this.#blocks.replace(sql, "sample_block", [], rows.samples);
    await this.#blocks.replace(sql, "minute_block", [], rows.minutes);
    await this.#rollups.add(sql, "hour_rollup", rows.hours);
    await this.#rollups.add(sql, "day_rollup", rows.days);
  }
}

/** What one machine counted on one day, a piece at a time and in order. */
class DayOfCounts {
  readonly minutes: (MinuteRow & { steps: MinuteStep[] })[] = [];
  readonly #of: Pick<MachineIds, "machineId" | "series"> & { readonly operationId: string | null };
  readonly #open = new Map<string, MinuteRow & { steps: MinuteStep[] }>();

  constructor(of: Pick<MachineIds, "machineId" | "series"> & { readonly operationId: string | null }) {
    this.#of = of;
  }

  add(metric: "good" | "reject", at: number): void {
    const minute = at - (at % MINUTE_MS);
    let row = this.#open.get(metric);
    if (row?.minute !== minute) {
      const { machineId, operationId, series } = this.#of;
      const kind = metric === "good" ? "GOOD" : "SCRAP";
      const key = { machineId, operationId, kind, idealCycleTimeMs: IDEAL_MS } as const;
      row = { ...key, minute, seriesId: series[metric], steps: [] };
      this.#open.set(metric, row);
      this.minutes.push(row);
    }
    row.steps.push({ offset: at - minute, amount: "1" });
  }

  hours(): HourRow[] {
    const sums = new Map<string, { row: MinuteRow; pieces: number }>();
    for (const row of this.minutes) {
      const key = `${row.kind} ${Math.floor(row.minute / HOUR_MS)}`;
      const known = sums.get(key);
      if (known) known.pieces += row.steps.length;
      else sums.set(key, { row, pieces: row.steps.length });
    }
    return Array.from(sums.values(), ({ row, pieces }) => {
      const { machineId, kind, operationId, idealCycleTimeMs } = row;
      const hour = row.minute - (row.minute % HOUR_MS);
      return { machineId, kind, operationId, idealCycleTimeMs, hour, quantity: String(pieces) };
    });
  }
}

/** Some ten minutes of production, then a stop: most of them short, one in ten of some length. */
function nextState(state: string, random: Random): [string, number] {
  const seconds = (low: number, high: number) => Math.floor(between(random, low, high));
  if (state !== "EXECUTE") return ["EXECUTE", seconds(300, 900)];
  const chance = random();
  if (chance < 0.6) return ["HELD", seconds(20, 180)];
  return chance < 0.9 ? ["SUSPENDED", seconds(30, 120)] : ["ABORTED", seconds(300, 1_200)];
}

async function idsOf(databaseUrl: string, machine: number): Promise<MachineIds> {
  const series = await query<{ id: number; metric: string; machine_id: string }>(
    databaseUrl,
    `SELECT s.id, s.metric, s.machine_id FROM series s JOIN equipment e ON e.id = s.machine_id
     WHERE e.path = '${machinePath(machine)}'`,
  );
  const operations = await query<{ id: string }>(
    databaseUrl,
    `SELECT p.id FROM operation p JOIN production_order o ON o.id = p.order_id
     WHERE o.number LIKE 'PO-${machine}-%' ORDER BY split_part(o.number, '-', 3)::int`,
  );
  const idOf = (metric: string) => series.find((one) => one.metric === metric)?.id ?? 0;
  return {
    machineId: series[0]?.machine_id ?? "",
    series: { state: idOf("state"), good: idOf("good"), reject: idOf("reject") },
    operations: operations.map(({ id }) => id),
  };
}

/** The answer's data. @throws when there are errors in it, also those of mutations. */
export async function ask<Data>(
  url: string,
  document: string,
  variables: Record<string, unknown>,
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: document, variables }),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as { data?: Data; errors?: unknown };
  if (answer.errors !== undefined || !answer.data || text.includes('"userErrors":[{'))
    throw new Error(text.slice(0, 2_000));
  return answer.data;
}
