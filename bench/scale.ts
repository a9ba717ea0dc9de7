import { figure, median, table } from "./figures.js";
import { afterRest, cost, rates, throughServer } from "./ingest.js";
import type { Outcome } from "./measure.js";
import { mosquitto, type Part, type Postgres, postgres, server } from "./parts.js";
import { size } from "./sizes.js";

const WARM_UP = 20_000;

export interface ScaleResult {
  readonly messages: number;
  readonly few: ScaleCase;
  readonly many: ScaleCase;
}

interface ScaleCase {
  readonly machines: number;
  readonly rounds: readonly Outcome[];
}

interface Plant {
  readonly machines: number;
  readonly broker: Part;
  readonly databaseUrl: string;
  readonly rounds: Outcome[];
}

/** What a message costs with few and with many machines, all of them known before, in turns. */
export async function scale(): Promise<ScaleResult> {
  const messages = size("BENCH_MESSAGES", 200_000, 40_000);
  const rounds = size("BENCH_ROUNDS", 3, 1);
  const counts = [size("BENCH_FEW_MACHINES", 100, 100), size("BENCH_MANY_MACHINES", 100_000, 20_000)];
  const database = await postgres();
  const plants: Plant[] = [];
  try {
    for (const machines of counts)
      plants.push({
        machines,
        broker: await mosquitto(),
        databaseUrl: await database.create(`bench_scale_${machines}`),
        rounds: [],
      });
    for (let round = 0; round < rounds; round += 1)
      for (const plant of plants) plant.rounds.push(await oneRound(database, plant, messages));
  } finally {
    for (const { broker } of plants) await broker.stop();
    await database.stop();
  }
  const [few, many] = plants.map(({ machines, rounds: measured }) => ({ machines, rounds: measured }));
  if (!few || !many) throw new Error("no rounds");
  const result = { messages, few, many };
  process.stdout.write(print(result));
  return result;
}

/** Only one of the servers runs at a time: an idle one with many machines writes that they have become stale. */
async function oneRound(database: Postgres, plant: Plant, messages: number): Promise<Outcome> {
  const started = await server({ DATABASE_URL: plant.databaseUrl, MQTT_URL: plant.broker.url });
  const parts = { server: started.pids, postgres: database.pids, mosquitto: plant.broker.pids };
  const send = (count: number) => throughServer(started, parts, plant.broker, count, plant.machines);
  try {
    await send(Math.max(WARM_UP, plant.machines));
    return await afterRest(database, () => send(messages));
  } finally {
    await started.stop();
  }
}

/** CPU of server and PostgreSQL per message: with many machines in proportion to few. */
export function scaleRatio({ messages, few, many }: ScaleResult): number {
  return cost(messages, many.rounds, "server", "postgres") / cost(messages, few.rounds, "server", "postgres");
}

function print(result: ScaleResult): string {
  const { messages, few, many } = result;
  const row = (name: string, of: (one: ScaleCase) => number) => [
    name,
    figure(of(few)),
    figure(of(many)),
    (of(many) / of(few)).toFixed(2),
  ];
  return `${few.rounds.length} rounds of ${messages} messages; medians\n${table([
    ["", `${few.machines} machines`, `${many.machines} machines`, "ratio"],
    row("CPU s per 1,000 messages, server and postgres", (one) =>
      cost(messages, one.rounds, "server", "postgres"),
    ),
    row("  of the server", (one) => cost(messages, one.rounds, "server")),
    row("  of postgres", (one) => cost(messages, one.rounds, "postgres")),
    row("messages/s", (one) => median(rates(messages, one.rounds))),
  ])}`;
}
