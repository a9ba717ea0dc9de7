import { query } from "./parts.js";
import type { TortureServer } from "./torture-parts.js";
import { pathOf } from "./torture-publisher.js";

/** Machines in one GraphQL question. */
const ASKED_AT_ONCE = 50;

export interface Expected {
  /** All numbers below this were acknowledged. */
  readonly messages: number;
  readonly machines: number;
  /** The time of number 0, in ms. */
  readonly base: number;
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

const NUMBERS = `SELECT coalesce(sample.value_double, sample.value_bigint)::bigint AS n, sample.time, equipment.path
  FROM sample JOIN series ON series.id = sample.series_id JOIN equipment ON equipment.id = series.machine_id
  WHERE series.metric = 'n'`;

/** Of what is committed: how many numbers the history holds. */
export async function stored(databaseUrl: string): Promise<number> {
  const [row] = await query<{ count: string }>(
    databaseUrl,
    "SELECT count(*) FROM sample JOIN series ON series.id = series_id WHERE metric = 'n'",
  );
  return Number(row?.count ?? 0);
}

/** Of what is committed: the highest number that a twin shows, at little cost; -1 where there is none. */
export async function highestStored(databaseUrl: string): Promise<number> {
  const [row] = await query<{ n: string | null }>(
    databaseUrl,
    `SELECT max(coalesce(value_double, value_bigint)) AS n FROM twin_metric
     JOIN series ON series.id = series_id WHERE metric = 'n'`,
  );
  return Number(row?.n ?? -1);
}

/** Compares what was acknowledged with what is there. */
export async function check(
  databaseUrl: string,
  server: TortureServer,
  expected: Expected,
): Promise<Findings> {
  const { messages } = expected;
  const examples: string[] = [];
  const count = async (what: string, statement: string) => {
    const found = await query<{ what: string }>(databaseUrl, statement);
    for (const row of found.slice(0, 10)) examples.push(`${what}: ${row.what}`);
    return found.length;
  };
  const lost = await count(
    "lost",
    `SELECT sent.n::text AS what FROM generate_series(0, ${messages - 1}) AS sent (n)
     WHERE NOT EXISTS (SELECT 1 FROM (${NUMBERS}) AS held WHERE held.n = sent.n) ORDER BY sent.n`,
  );
  const twice = await count(
    "twice",
    `SELECT n || ' ' || count(*) || ' times' AS what FROM (${NUMBERS}) AS held
     GROUP BY n HAVING count(*) > 1 ORDER BY n`,
  );
  const wrong = await count(
    "wrong",
    `SELECT n || ' at ' || time || ' of ' || path AS what FROM (${NUMBERS}) AS held
     WHERE n < 0 OR n >= ${messages} OR extract(epoch FROM time) * 1000 <> ${expected.base} + n
       OR path NOT LIKE '%/machine-' || (n % ${expected.machines}) ORDER BY n`,
  );
  const deadLetters = await count(
    "dead letter",
    "SELECT reason || ' on ' || topic AS what FROM dead_letter ORDER BY id",
  );
  const stale = await staleTwins(server, expected);
  for (const one of stale.slice(0, 10)) examples.push(`twin: ${one}`);
  return { lost, twice, wrong, deadLetters, staleTwins: stale.length, examples };
}

async function staleTwins(server: TortureServer, { messages, machines, base }: Expected): Promise<string[]> {
  const stale: string[] = [];
  const all = Array.from({ length: Math.min(machines, messages) }, (_, machine) => machine);
  for (let from = 0; from < all.length; from += ASKED_AT_ONCE) {
    const some = all.slice(from, from + ASKED_AT_ONCE);
    const fields = some.map(
      (machine) =>
        `m${machine}: machine(path: "${pathOf(machine)}") { metric(name: "n") { value sourceTime } }`,
    );
    const twins = await server.ask<
      Record<string, { metric: { value: number; sourceTime: string } | null } | null>
    >(`{ ${fields.join(" ")} }`);
    for (const machine of some) {
      const newest = machine + Math.floor((messages - 1 - machine) / machines) * machines;
      const metric = twins[`m${machine}`]?.metric;
      if (metric?.value === newest && Date.parse(metric.sourceTime) === base + newest) continue;
      stale.push(`${pathOf(machine)} shows ${metric?.value ?? "nothing"} and not ${newest}`);
    }
  }
  return stale;
}
