import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, seedFor } from "../src/demo/random.js";
import { machineLine, until } from "./parts.js";
import { check, type Expected, type Findings, highestShown, isStored } from "./torture-check.js";
import { faultKinds, inflict, type PlannedFault, planFaults, type Victims } from "./torture-faults.js";
import { MOST_DISORDER } from "./torture-made.js";
import { checkMade, type Made } from "./torture-made-check.js";
import { changeOperations, type Share, startOrders } from "./torture-orders.js";
import { outage } from "./torture-outage.js";
import { type Counts, TorturePublishers } from "./torture-parts.js";
import {
  againWith,
  type Cleanups,
  type Settings,
  settingsFrom,
  startParts,
  TORTURE_HELP,
} from "./torture-setup.js";

/** Messages that must be stored after a fault before the next one. */
const PROGRESS = 1_000;
/** For so long at least publishers go on from the point of a fault, so that it meets messages on their way. */
const RUN_ON_S = 1.5;
const ASK_MS = 200;
/** How long nothing may change, at the end, until what is missing counts as lost. */
const GIVE_UP_MS = 60_000;
const QUIET_MS = 3_000;
const QUIET_PATIENCE_MS = 600_000;
const EXAMPLES = 10;

interface Run extends Victims, Settings, Expected {
  readonly publishers: TorturePublishers;
  readonly began: number;
}

export async function torture(args: readonly string[]): Promise<void> {
  const settings = settingsFrom(args, process.env);
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
    process.stdout.write(`\nFAILED: ${problem}\nlogs and data: ${folder}\nagain: ${againWith(settings)}\n`);
    process.exitCode = 1;
  }
}

/** @returns what is wrong, or null. */
async function run(settings: Settings, folder: string, cleanups: Cleanups): Promise<string | null> {
  // At a broker of others nobody else's topics begin like this.
  const root = settings.broker === null ? "torture" : `torture-${process.pid}-${Date.now()}`;
  const { victims, publishersUrl } = await startParts(settings, root, folder, cleanups);
  process.stdout.write(`seed ${settings.seed}, ${await machineLine(victims.postgres.url)}\n`);
  // Each message 1 ms after the one before, and none ahead of the clock.
  const base = Date.now() - settings.messages - 60_000;
  const { messages, machines, rate } = settings;
  const publishers = new TorturePublishers({ url: publishersUrl, messages, machines, rate, base, root });
  cleanups.push(() => publishers.stop());
  const running: Run = { ...victims, ...settings, root, publishers, base, began: performance.now() };
  const wrong = await startOrders(victims.server, running);
  if (settings.outage !== null) wrong.push(...(await stopPostgres(running, settings.outage)));
  const plan = settings.outage === null ? planOf(running) : [];
  const changes: Promise<string[]>[] = [];
  const change = (share: Share) => changes.push(changeOperations(victims.server, running, share));
  const amid = Math.floor(plan.length / 2);
  const of = Math.max(1, plan.length - amid);
  // While the faults of the second half come.
  for (const [index, fault] of plan.entries())
    await befall(running, plan, index, fault, () => index >= amid && change({ index: index - amid, of }));
  if (plan.length === 0) change({ index: 0, of });
  publishers.allow(messages);
  wrong.push(...(await Promise.all(changes)).flat());
  const { findings, counts } = await allIn(running);
  const seconds = (performance.now() - running.began) / 1000;
  const made = await judge(running);
  return report(running, plan, { findings, counts, made, others: wrong, seconds });
}

function planOf({ mosquitto, faults, messages, seed }: Run): PlannedFault[] {
  if (mosquitto === null) process.stdout.write("not the run's own broker: it is not restarted\n");
  return planFaults(faultKinds(mosquitto !== null), faults, messages, seededRandom(seed), (index) =>
    seededRandom(seedFor(seed, `fault ${index}`)),
  );
}

/** The outage alone, while all machines send. */
async function stopPostgres(run: Run, seconds: number): Promise<string[]> {
  const { publishers, messages } = run;
  publishers.allow(messages);
  const enough = Math.min(PROGRESS, messages);
  await until(async () => (await run.server.counts()).committed >= enough, "messages are stored");
  return outage(seconds, run, (text) => say(run, text));
}

/** One fault, and the way back from it. @param meanwhile called when it begins. */
async function befall(
  run: Run,
  plan: readonly PlannedFault[],
  index: number,
  fault: PlannedFault,
  meanwhile: () => void,
): Promise<void> {
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
  meanwhile();
  await inflict(fault, run);
  const down = performance.now() - began;
  let from: number | null = null;
  await until(async () => {
    from = await highestShown(run.server, run);
    return from !== null;
  }, "the server answers");
  const goal = Math.min((from ?? -1) + PROGRESS, run.messages - 1);
  // Counting machines send a few numbers later than in their turn.
  publishers.allow(goal + 1 + MOST_DISORDER * run.machines);
  await until(async () => {
    failIfEnded(run);
    await sleep(ASK_MS);
    return (await isStored(run.server, run, goal)) && (await run.server.ready());
  }, `progress after fault ${number}, ${fault.kind}`);
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const back = seconds(performance.now() - began - down);
  say(run, `      lasted ${seconds(down)} s; ${PROGRESS} more messages stored ${back} s later`);
}

/** Long enough for the rate that was asked for, twice, and what a slow machine adds. */
function waitFor(run: Run, target: number): number {
  return 120_000 + (Math.max(0, target - run.publishers.told.next) / run.rate) * 2_000;
}

/** Waits until all was acknowledged and is stored, or nothing more comes, and looks what is there. */
async function allIn(run: Run): Promise<{ findings: Findings; counts: Counts }> {
  const { publishers, server, postgres } = run;
  await until(() => publishers.exitCode !== null, "the broker has it all", waitFor(run, run.messages));
  failIfEnded(run);
  await until(() => server.ready(), "the server is ready at the end");
  for (let seen = -1; ; ) {
    const counts = await quiet(run);
    const began = performance.now();
    const findings = await check(postgres.url, server, run);
    say(run, `${run.messages} numbers looked for in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    // What is missing counts as lost when nothing came for long.
    if ((findings.lost === 0 && findings.staleTwins === 0) || counts.received === seen)
      return { findings, counts };
    seen = counts.received;
    await sleep(GIVE_UP_MS);
  }
}

async function judge(run: Run): Promise<Made> {
  const began = performance.now();
  const made = await checkMade(run.postgres.url, run.server, run);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(run, `${made.pieces} pieces and ${made.downtimes} downtimes judged in ${seconds} s`);
  return made;
}

/** Waits until nothing has come for a while and nothing waits for the database. */
async function quiet({ server }: Run): Promise<Counts> {
  let last: Counts | null = null;
  let since = Date.now();
  await until(
    async () => {
      await sleep(ASK_MS);
      const now = await server.counts().catch(() => null);
      if (now === null || now.backlog > 0 || now.received !== last?.received) since = Date.now();
      last = now;
      return Date.now() - since >= QUIET_MS;
    },
    "nothing more comes",
    QUIET_PATIENCE_MS,
  );
  return last ?? server.counts();
}

function failIfEnded({ publishers, messages }: Run): void {
  if (publishers.exitCode === null) return;
  if (publishers.exitCode !== 0 || publishers.told.acknowledged !== messages)
    throw new Error(`the publishers ended with ${publishers.exitCode}`);
}

interface Outcome {
  readonly findings: Findings;
  readonly counts: Counts;
  readonly made: Made;
  readonly others: readonly string[];
  /** Until all was stored and looked for. */
  readonly seconds: number;
}

async function report(
  run: Run,
  plan: readonly PlannedFault[],
  { findings, counts, made, others, seconds }: Outcome,
): Promise<string | null> {
  const { server, publishers, mosquitto, brokerLink, messages } = run;
  const kinds = new Map<string, number>();
  for (const { kind } of plan) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const line = (name: string, value: string | number) =>
    process.stdout.write(`${name.padEnd(44)}${String(value).padStart(10)}\n`);
  process.stdout.write("\n");
  line("messages acknowledged to the publishers", publishers.told.acknowledged);
  line("  sent again by them", publishers.told.resent);
  line("seconds", seconds.toFixed(1));
  line("messages/s", Math.round(messages / seconds));
  line("MQTT between server and broker", brokerLink.mqttVersion === 5 ? "5" : "3.1.1");
  line("machines that count", made.machines);
  line("  pieces that they made", made.pieces);
  line("  downtimes", made.downtimes);
  line("faults", plan.length);
  for (const [kind, count] of [...kinds].sort()) line(`  ${kind}`, count);
  for (const what of ["received", "committed", "returned"] as const)
    line(`server, since its last start: messages ${what}`, counts[what]);
  for (const figure of ["samples_repeated", "samples_late"])
    line(`server, since its last start: ${figure.replace("_", " ")}`, await server.figure(`${figure}_total`));
  // It must end well, too.
  await server.end("SIGTERM");
  const wrong: [string, number][] = [
    ["lost", findings.lost],
    ["twice", findings.twice],
    ["wrong time or machine", findings.wrong],
    ["twins that do not show the newest", findings.staleTwins],
    ["dead letters", findings.deadLetters],
    ["counts of operations and machines", made.counts.length],
    ["downtimes and times of machines", made.times.length],
    ["steps of counters flagged otherwise", made.flags.length],
    ["acknowledged without a subscriber", publishers.told.unrouted],
    ["dropped by the broker", mosquitto?.dropped ?? 0],
    ["dropped by the server", counts.dropped],
    ["received, and nothing became of them", counts.open],
    ["lives of the server that left messages open", server.imbalances.length],
    [`not MQTT ${run.mqtt} with the broker`, brokerLink.mqttVersion === (run.mqtt === "5" ? 5 : 4) ? 0 : 1],
    ["other things that went wrong", others.length],
    ["unwanted ends of the server", server.crashes.length],
  ];
  for (const [name, count] of wrong) line(name, count);
  const examples = [made.counts, made.times, made.flags].flatMap((all) => all.slice(0, EXAMPLES));
  for (const example of [
    ...findings.examples,
    ...examples,
    ...others,
    ...server.imbalances,
    ...server.crashes,
  ])
    process.stdout.write(`  ${example}\n`);
  const bad = wrong.filter(([, count]) => count !== 0);
  return bad.length === 0 ? null : bad.map(([name, count]) => `${name}: ${count}`).join(", ");
}

function say(run: Run, text: string): void {
  const seconds = ((performance.now() - run.began) / 1000).toFixed(1);
  process.stdout.write(`[${seconds.padStart(7)} s] ${text}\n`);
}
