import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom, seedFor } from "../src/demo/random.js";
import { freePort, machineLine, until } from "./parts.js";
import { check, type Findings, highestStored, stored } from "./torture-check.js";
import { inflict, type PlannedFault, planFaults, type Victims } from "./torture-faults.js";
import { TortureMosquitto, TorturePostgres, TorturePublishers, TortureServer } from "./torture-parts.js";
import { TortureRelay } from "./torture-relay.js";

const TORTURE_HELP = `npm run torture -- [--messages N] [--rate R] [--faults F] [--machines M] [--seed S]

Sends N numbered messages at QoS 1 (1000000), R a second (2000), from M machines (200), while F faults (30) befall the
server, PostgreSQL, Mosquitto and the connections between them. Then looks whether every number that was acknowledged is
in the history, once, and in its twin. The seed decides what happens when. Exit code 1 when anything is wrong.
`;

/** Messages that must be stored after a fault before the next one. */
const PROGRESS = 1_000;
/** For so long at least publishers go on from the point of a fault, so that it meets messages on their way. */
const RUN_ON_S = 1.5;
const ASK_MS = 200;
/** How long nothing may change, at the end, until what is missing counts as lost. */
const GIVE_UP_MS = 60_000;
const QUIET_MS = 3_000;

interface Settings {
  readonly messages: number;
  readonly rate: number;
  readonly faults: number;
  readonly machines: number;
  readonly seed: number;
}

interface Run extends Victims, Settings {
  readonly publishers: TorturePublishers;
  readonly base: number;
  readonly began: number;
}

/** Cleanups, the last first. */
type Cleanups = (() => Promise<unknown> | unknown)[];

export async function torture(args: readonly string[]): Promise<void> {
  const settings = settingsFrom(args);
  if (settings === null) {
    process.stdout.write(TORTURE_HELP);
    process.exitCode = args.includes("--help") ? 0 : 1;
    return;
  }
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-torture-"));
  const cleanups: Cleanups = [];
  const cleanUp = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) {
      await Promise.resolve()
        .then(cleanup)
        .catch((error: unknown) => process.stdout.write(`cannot clean up: ${String(error)}\n`));
    }
  };
  const forget = () => rm(folder, { recursive: true, force: true });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void cleanUp()
      .then(forget)
      .finally(() => process.exit(130));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  const problem = await run(settings, folder, cleanups).catch((error: unknown) =>
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  if (interrupted) return;
  await cleanUp();
  if (problem === null) await forget();
  else {
    const given = Object.entries(settings).map(([name, value]) => `--${name} ${value}`);
    const again = `npm run torture -- ${given.join(" ")}`;
    process.stdout.write(`\nFAILED: ${problem}\nlogs and data: ${folder}\nagain: ${again}\n`);
    process.exitCode = 1;
  }
}

function settingsFrom(args: readonly string[]): Settings | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        messages: { type: "string", default: "1000000" },
        rate: { type: "string", default: "2000" },
        faults: { type: "string", default: "30" },
        machines: { type: "string", default: "200" },
        seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
      },
    });
    const number = (text: string, least: number) => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < least) throw new Error(`not a number from ${least}: ${text}`);
      return value;
    };
    return {
      messages: number(values.messages, 1),
      rate: number(values.rate, 1),
      faults: number(values.faults, 0),
      machines: number(values.machines, 1),
      seed: number(values.seed, 0),
    };
  } catch (error) {
    if (!args.includes("--help")) process.stdout.write(`${String(error)}\n\n`);
    return null;
  }
}

/** @returns what is wrong, or null. */
async function run(settings: Settings, folder: string, cleanups: Cleanups): Promise<string | null> {
  const victims = await startParts(folder, cleanups);
  process.stdout.write(`seed ${settings.seed}, ${await machineLine(victims.postgres.url)}\n`);
  // Each message 1 ms after the one before, and none ahead of the clock.
  const base = Date.now() - settings.messages - 60_000;
  const publishers = new TorturePublishers({
    url: `mqtt://127.0.0.1:${victims.publisherLink.port}`,
    messages: settings.messages,
    machines: settings.machines,
    rate: settings.rate,
    base,
  });
  cleanups.push(() => publishers.stop());
  const running: Run = { ...victims, ...settings, publishers, base, began: performance.now() };
  const plan = planFaults(settings.faults, settings.messages, seededRandom(settings.seed), (index) =>
    seededRandom(seedFor(settings.seed, `fault ${index}`)),
  );
  for (const [index, fault] of plan.entries()) await befall(running, plan, index, fault);
  publishers.allow(settings.messages);
  await allIn(running);
  await sleep(QUIET_MS);
  const findings = await check(victims.postgres.url, victims.server, running);
  return report(running, plan, findings);
}

async function startParts(folder: string, cleanups: Cleanups): Promise<Victims> {
  const postgres = new TorturePostgres(path.join(folder, "database"));
  // Its user, where this runs as root, must be able to pass.
  await chmod(folder, 0o755);
  cleanups.push(() => postgres.retire());
  await postgres.start();
  const mosquitto = await TortureMosquitto.make(path.join(folder, "mosquitto"));
  cleanups.push(() => mosquitto.retire());
  await mosquitto.start();
  cleanups.push(await mosquitto.watch());
  const relay = async (port: number) => {
    const made = await TortureRelay.to(port);
    cleanups.push(() => made.close());
    return made;
  };
  const databaseLink = await relay(postgres.port);
  // What a server asks on the connection that holds a source's lock.
  databaseLink.mark = "pg_try_advisory_lock";
  const brokerLink = await relay(mosquitto.port);
  const publisherLink = await relay(mosquitto.port);
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(databaseLink.port);
  const dataDir = path.join(folder, "server");
  await mkdir(dataDir);
  const server = new TortureServer(
    {
      HTTP_PORT: String(await freePort()),
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl.href,
      MQTT_URL: `mqtt://127.0.0.1:${brokerLink.port}`,
    },
    path.join(folder, "server.log"),
  );
  cleanups.push(() => server.retire());
  server.start();
  // From here on the broker keeps messages for it.
  await until(() => server.ready(), "the server is ready");
  return { server, postgres, mosquitto, brokerLink, databaseLink, publisherLink };
}

/** One fault, and the way back from it. */
async function befall(run: Run, plan: readonly PlannedFault[], index: number, fault: PlannedFault) {
  const { publishers } = run;
  publishers.allow(fault.after + PROGRESS);
  await until(
    () => {
      failIfEnded(run);
      return publishers.told.next >= Math.min(fault.after, run.messages);
    },
    "the publishers send",
    waitFor(run, fault.after),
  );
  // They go on through the fault, up to the next one, and wait there where it comes too soon.
  const onwards = Math.max(fault.after, publishers.told.next) + RUN_ON_S * run.rate;
  publishers.allow(Math.max(plan[index + 1]?.after ?? run.messages, onwards));
  await sleep(fault.delayMs);
  const { next, acknowledged } = publishers.told;
  const number = `${index + 1}/${plan.length}`;
  say(run, `fault ${number}: ${fault.kind} (sent ${next}, acknowledged ${acknowledged})`);
  const began = performance.now();
  await inflict(fault, run);
  const down = performance.now() - began;
  // While PostgreSQL recovers it answers nobody.
  const highest = () => highestStored(run.postgres.url).catch(() => null);
  let from: number | null = null;
  await until(async () => {
    from = await highest();
    return from !== null;
  }, "PostgreSQL answers");
  const goal = Math.min((from ?? -1) + PROGRESS, run.messages - 1);
  publishers.allow(goal + 1);
  await until(async () => {
    failIfEnded(run);
    await sleep(ASK_MS);
    return ((await highest()) ?? -1) >= goal && (await run.server.ready());
  }, `progress after fault ${number}, ${fault.kind}`);
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const back = seconds(performance.now() - began - down);
  say(run, `      lasted ${seconds(down)} s; ${PROGRESS} more messages stored ${back} s later`);
}

/** Long enough for the rate that was asked for, twice, and what a slow machine adds. */
function waitFor(run: Run, target: number): number {
  return 120_000 + (Math.max(0, target - run.publishers.told.next) / run.rate) * 2_000;
}

/** Waits until all was acknowledged and is stored, or nothing more comes. */
async function allIn(run: Run): Promise<void> {
  const { publishers, server, postgres } = run;
  await until(() => publishers.exitCode !== null, "the broker has it all", waitFor(run, run.messages));
  failIfEnded(run);
  await until(() => server.ready(), "the server is ready at the end");
  let last = -1;
  let changed = Date.now();
  while (last < run.messages || (await server.figure("ingest_backlog")) > 0) {
    const now = await stored(postgres.url);
    if (now !== last) changed = Date.now();
    else if (Date.now() - changed > GIVE_UP_MS) return;
    last = now;
    await sleep(ASK_MS);
  }
}

function failIfEnded({ publishers, messages }: Run): void {
  if (publishers.exitCode === null) return;
  if (publishers.exitCode !== 0 || publishers.told.acknowledged !== messages)
    throw new Error(`the publishers ended with ${publishers.exitCode}`);
}

async function report(run: Run, plan: readonly PlannedFault[], findings: Findings): Promise<string | null> {
  const { server, publishers, mosquitto, messages } = run;
  const seconds = (performance.now() - run.began) / 1000;
  const kinds = new Map<string, number>();
  for (const { kind } of plan) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const line = (name: string, value: string | number) =>
    process.stdout.write(`${name.padEnd(44)}${String(value).padStart(10)}\n`);
  process.stdout.write("\n");
  line("messages acknowledged to the publishers", publishers.told.acknowledged);
  line("  sent again by them", publishers.told.resent);
  line("seconds", seconds.toFixed(1));
  line("messages/s", Math.round(messages / seconds));
  line("faults", plan.length);
  for (const [kind, count] of [...kinds].sort()) line(`  ${kind}`, count);
  for (const figure of ["messages_received", "messages_committed", "samples_repeated", "samples_late"])
    line(`server, since its last start: ${figure.replace("_", " ")}`, await server.figure(`${figure}_total`));
  const wrong: [string, number][] = [
    ["lost", findings.lost],
    ["twice", findings.twice],
    ["wrong time or machine", findings.wrong],
    ["twins that do not show the newest", findings.staleTwins],
    ["dead letters", findings.deadLetters],
    ["acknowledged without a subscriber", publishers.told.unrouted],
    ["dropped by the broker", mosquitto.dropped],
    ["dropped by the server", await server.figure("messages_dropped_total")],
    ["unwanted ends of the server", server.crashes.length],
  ];
  for (const [name, count] of wrong) line(name, count);
  for (const example of [...findings.examples, ...server.crashes]) process.stdout.write(`  ${example}\n`);
  const bad = wrong.filter(([, count]) => count !== 0);
  return bad.length === 0 ? null : bad.map(([name, count]) => `${name}: ${count}`).join(", ");
}

function say(run: Run, text: string): void {
  const seconds = ((performance.now() - run.began) / 1000).toFixed(1);
  process.stdout.write(`[${seconds.padStart(7)} s] ${text}\n`);
}
