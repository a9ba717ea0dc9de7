import { spawn } from "node:child_process";
import path from "node:path";
import mqtt from "mqtt";
import { cpuSeconds, machineLine, mosquitto, type Part, postgres, query, server, until } from "./parts.js";

const METRICS = 7;
const FILTER = "bench/#";

interface Outcome {
  readonly seconds: number;
  /** CPU seconds of each part that took part. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** Messages from publisher to commit, beside a bare client that receives and drops the same. */
export async function ingest(): Promise<void> {
  const messages = Number(process.env.BENCH_MESSAGES ?? 100_000);
  const machines = Number(process.env.BENCH_MACHINES ?? 1_000);
  const database = await postgres();
  const broker = await mosquitto();
  try {
    process.stdout.write(`${await machineLine(database.url)}\n`);
    process.stdout.write(`${messages} messages of ${METRICS} values at QoS 1 from ${machines} machines\n\n`);
    const bare = await baseline(broker, messages, machines);
    const twin = await throughServer(database, broker, messages, machines);
    print(messages, bare, twin);
  } finally {
    await broker.stop();
    await database.stop();
  }
}

/** mqtt.js as it comes, with its own acknowledgements. */
async function baseline(broker: Part, messages: number, machines: number): Promise<Outcome> {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, clientId: "bench-baseline" });
  await client.subscribeAsync(FILTER, { qos: 1 });
  let received = 0;
  const all = new Promise<void>((resolve) => {
    client.on("message", () => {
      received += 1;
      if (received === messages) resolve();
    });
  });
  try {
    return await measure({ client: () => [process.pid], mosquitto: broker.pids }, async () => {
      await Promise.all([publishAll(broker.url, messages, machines), all]);
    });
  } finally {
    await client.endAsync();
  }
}

async function throughServer(
  database: Part,
  broker: Part,
  messages: number,
  machines: number,
): Promise<Outcome> {
  const started = await server({ DATABASE_URL: database.url, MQTT_URL: broker.url });
  const stored = async () => {
    const [row] = await query<{ count: string }>(database.url, "SELECT count(*) FROM sample");
    return Number(row?.count ?? 0);
  };
  // The server's own count costs nothing to ask; the rows are counted once, at the end.
  const committed = async () => {
    const text = await (await fetch(`${started.url}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith("mes_twin_messages_committed_total{"));
    return Number(line?.slice(line.lastIndexOf(" ") + 1) ?? 0);
  };
  try {
    const before = await stored();
    const outcome = await measure(
      { server: started.pids, postgres: database.pids, mosquitto: broker.pids },
      async () => {
        await publishAll(broker.url, messages, machines);
        await until(async () => (await committed()) >= messages, "all is committed");
      },
    );
    const added = (await stored()) - before;
    if (added !== messages * METRICS)
      throw new Error(`the history holds ${added} samples and not ${messages * METRICS}`);
    return outcome;
  } finally {
    await started.stop();
  }
}

async function measure(
  parts: Readonly<Record<string, () => readonly number[]>>,
  work: () => Promise<void>,
): Promise<Outcome> {
  const names = Object.keys(parts);
  const used = () => names.map((name) => cpuSeconds(parts[name]?.() ?? []));
  const before = used();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const after = used();
  return {
    seconds,
    cpu: Object.fromEntries(names.map((name, index) => [name, (after[index] ?? 0) - (before[index] ?? 0)])),
  };
}

async function publishAll(url: string, messages: number, machines: number): Promise<void> {
  const script = path.join(import.meta.dirname, "main.js");
  const child = spawn(process.execPath, [script, "publish", url, String(messages), String(machines)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`the publisher ended with ${String(code)}`);
}

function print(messages: number, bare: Outcome, twin: Outcome): void {
  const rate = (outcome: Outcome) => Math.round(messages / outcome.seconds);
  const cost = (outcome: Outcome, part: string) => (((outcome.cpu[part] ?? 0) / messages) * 1000).toFixed(4);
  const rows = [
    ["", "bare client", "server", "ratio"],
    ["wall time, s", bare.seconds.toFixed(2), twin.seconds.toFixed(2), ""],
    ["messages/s", String(rate(bare)), String(rate(twin)), (rate(twin) / rate(bare)).toFixed(2)],
    ["values/s", "", String(rate(twin) * METRICS), ""],
    [
      "CPU s per 1,000 messages",
      cost(bare, "client"),
      cost(twin, "server"),
      ((twin.cpu.server ?? 0) / (bare.cpu.client || 1)).toFixed(2),
    ],
    ["  of mosquitto", cost(bare, "mosquitto"), cost(twin, "mosquitto"), ""],
    ["  of postgres", "", cost(twin, "postgres"), ""],
    ["busy: client or server, %", busy(bare, "client"), busy(twin, "server"), ""],
    ["busy: postgres, %", "", busy(twin, "postgres"), ""],
    ["busy: mosquitto, %", busy(bare, "mosquitto"), busy(twin, "mosquitto"), ""],
  ];
  for (const [name = "", ...figures] of rows)
    process.stdout.write(`${name.padEnd(28)}${figures.map((figure) => figure.padStart(14)).join("")}\n`);
}

/** Of one core. */
function busy(outcome: Outcome, part: string): string {
  return (((outcome.cpu[part] ?? 0) / outcome.seconds) * 100).toFixed(0);
}
