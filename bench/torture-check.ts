import { setTimeout as sleep } from "node:timers/promises";
import { query } from "./parts.js";
import type { TortureServer } from "./torture-parts.js";
import { pathOf } from "./torture-publisher.js";

/** Machines in one GraphQL question. */
const ASKED_AT_ONCE = 50;
/** Questions about the history at a time. */
const QUESTIONS = 4;
/** A window holds half as many numbers as a question may bring, so that each stored twice is still seen as it is. */
const POINTS = 10_000;
const WINDOW = POINTS / 2;
/** Points that a question about several machines may bring. */
const POINTS_AT_ONCE = 20_000;
/** Looked at before the first and after the last number, for what was stored with a wrong time. */
const AROUND_MS = 86_400_000;
const EXAMPLES = 10;
const RETRY_MS = 500;
const PATIENCE_MS = 120_000;

export interface Expected {
  /** All numbers below this were acknowledged. */
  readonly messages: number;
  readonly machines: number;
  /** The time of number 0, in ms. */
  readonly base: number;
  /** The first level of all topics. */
  readonly root: string;
}

export interface Findings {
  readonly lost: number;
  readonly twice: number;
  /** Stored with the wrong time or machine, or never sent. */
  readonly wrong: number;
  readonly deadLetters: number;
  /** Machines whose twin does not show their newest number. */
  readonly staleTwins: number;
  /** A few of each, to look for. */
  readonly examples: readonly string[];
}

interface Point {
  readonly time: string;
  readonly value: unknown;
  readonly count: number;
}

type Series = readonly { readonly points: readonly Point[] }[];

/** Asks until the server answers: it may be on its way back from a fault. What changes something needs a key then. */
export async function askUntilAnswered<Data>(server: TortureServer, question: string): Promise<Data> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await server.ask<Data>(question);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** The highest number that a twin shows, -1 where there is none; null while the server does not answer. */
export async function highestShown(server: TortureServer, expected: Expected): Promise<number | null> {
  try {
    const twins = await twinsOf(expected, (question) => server.ask(question));
    return Math.max(-1, ...twins.map((metric) => metric?.value ?? -1));
  } catch {
    return null;
  }
}

/** Whether a number stands in the history; false while the server does not answer. */
export async function isStored(server: TortureServer, expected: Expected, number: number): Promise<boolean> {
  const { machines, base, root } = expected;
  const path = pathOf(root, number % machines);
  const found = await server
    .ask<{ machine: { history: Series } | null }>(
      `{ machine(path: "${path}") { ${history(base + number, base + number + 1)} } }`,
    )
    .catch(() => null);
  return (found?.machine?.history[0]?.points.length ?? 0) > 0;
}

const history = (from: number, to: number) =>
  `history(metrics: ["n"], from: "${new Date(from).toISOString()}", to: "${new Date(to).toISOString()}", points: ${POINTS})
   { points { time value count } }`;

/** Compares what was acknowledged with what is there, as the server tells it. */
export async function check(
  databaseUrl: string,
  server: TortureServer,
  expected: Expected,
): Promise<Findings> {
  const { root } = expected;
  const tally = new Tally(expected);
  const questions = questionsAbout(expected);
  const ask = async () => {
    for (let next = questions.pop(); next !== undefined; next = questions.pop()) {
      const { of, from, to } = next;
      const fields = of.map(
        (machine) => `m${machine}: machine(path: "${pathOf(root, machine)}") { ${history(from, to)} }`,
      );
      const found = await askUntilAnswered<Record<string, { history: Series } | null>>(
        server,
        `{ ${fields.join(" ")} }`,
      );
      for (const machine of of)
        for (const point of found[`m${machine}`]?.history[0]?.points ?? []) tally.add(machine, point);
    }
  };
  await Promise.all(Array.from({ length: QUESTIONS }, ask));
  const letters = await query<{ what: string }>(
    databaseUrl,
    "SELECT reason || ' on ' || topic AS what FROM dead_letter ORDER BY id",
  );
  const stale = await staleTwins(server, expected);
  const { lost, twice, wrong } = tally.result();
  const examples = Object.entries({
    lost,
    twice,
    wrong,
    "dead letter": letters.map(({ what }) => what),
    twin: stale,
  });
  return {
    lost: lost.length,
    twice: twice.length,
    wrong: wrong.length,
    deadLetters: letters.length,
    staleTwins: stale.length,
    examples: examples.flatMap(([what, all]) => all.slice(0, EXAMPLES).map((one) => `${what}: ${one}`)),
  };
}

interface Question {
  readonly of: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** All machines, and all times from a day before the first number to a day after the last one. */
function questionsAbout({ messages, machines, base }: Expected): Question[] {
  const windows = [
    { from: base - AROUND_MS, to: base },
    { from: base + messages, to: base + messages + AROUND_MS },
  ];
  const width = WINDOW * machines;
  for (let from = base; from < base + messages; from += width)
    windows.push({ from, to: Math.min(from + width, base + messages) });
  const numbers = Math.min(WINDOW, Math.ceil(messages / machines));
  const together = Math.max(1, Math.min(ASKED_AT_ONCE, Math.floor(POINTS_AT_ONCE / numbers)));
  const questions: Question[] = [];
  for (let first = 0; first < machines; first += together) {
    const of = Array.from({ length: Math.min(together, machines - first) }, (_, index) => first + index);
    for (const window of windows) questions.push({ of, ...window });
  }
  return questions;
}

/** How often each number was found. */
class Tally {
  readonly #expected: Expected;
  readonly #found: Uint8Array;
  readonly #wrong: string[] = [];

  constructor(expected: Expected) {
    this.#expected = expected;
    this.#found = new Uint8Array(expected.messages);
  }

  add(machine: number, { time, value, count }: Point): void {
    const { messages, machines, base } = this.#expected;
    const n = Number(value);
    const known = Number.isInteger(n) && n >= 0 && n < messages && count === 1;
    if (!known || n % machines !== machine || Date.parse(time) !== base + n)
      this.#wrong.push(`${String(value)} (${count}) at ${time} of machine ${machine}`);
    if (known) this.#found[n] = Math.min(255, (this.#found[n] ?? 0) + 1);
  }

  result(): { lost: string[]; twice: string[]; wrong: string[] } {
    const lost: string[] = [];
    const twice: string[] = [];
    for (const [n, times] of this.#found.entries()) {
      if (times === 0) lost.push(String(n));
      else if (times > 1) twice.push(`${n} ${times} times`);
    }
    return { lost, twice, wrong: this.#wrong };
  }
}

type Shown = { readonly value: number; readonly sourceTime: string } | null | undefined;

async function staleTwins(server: TortureServer, expected: Expected): Promise<string[]> {
  const { messages, machines, base, root } = expected;
  const twins = await twinsOf(expected, (question) => askUntilAnswered(server, question));
  return twins.flatMap((metric, machine) => {
    const newest = machine + Math.floor((messages - 1 - machine) / machines) * machines;
    if (metric?.value === newest && Date.parse(metric.sourceTime) === base + newest) return [];
    return [`${pathOf(root, machine)} shows ${metric?.value ?? "nothing"} and not ${newest}`];
  });
}

/** What the twins of all machines show, in the machines' order. */
async function twinsOf(
  { messages, machines, root }: Expected,
  ask: (question: string) => Promise<Record<string, { metric: Shown } | null>>,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  const all = Array.from({ length: Math.min(machines, messages) }, (_, machine) => machine);
  for (let from = 0; from < all.length; from += ASKED_AT_ONCE) {
    const some = all.slice(from, from + ASKED_AT_ONCE);
    const fields = some.map(
      (machine) =>
        `m${machine}: machine(path: "${pathOf(root, machine)}") { metric(name: "n") { value sourceTime } }`,
    );
    const twins = await ask(`{ ${fields.join(" ")} }`);
    for (const machine of some) shown.push(twins[`m${machine}`]?.metric);
  }
  return shown;
}
