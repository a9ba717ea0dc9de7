import type { GraphQLClient } from "./graphql-client.js";

type Asker = Pick<GraphQLClient, "ask">;

export interface MetricAnswer {
  readonly value: unknown;
  readonly dataType: string;
  readonly quality: string;
  readonly sourceTime: string | null;
  readonly stale: boolean;
  readonly topic: string;
}

export interface MachineAnswer {
  readonly id: string;
  readonly revision: number;
  readonly state: string;
  readonly connectivity: { readonly status: string; readonly lastSeen: string | null };
  readonly metrics: readonly (MetricAnswer & { readonly name: string })[];
}

export interface PointAnswer {
  readonly time: string;
  readonly value: unknown;
  readonly count: number;
  readonly quality: string;
}

const METRIC = "value dataType quality sourceTime stale topic";
/** Before and after all that tests send. */
const ALL_TIME = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };

/** A machine's twin; null when there is no such machine. */
export async function machine(client: Asker, path: string): Promise<MachineAnswer | null> {
  const { data } = await client.ask(
    `query($path: EquipmentPath!) { machine(path: $path) {
       id revision state connectivity { status lastSeen } metrics { name ${METRIC} } } }`,
    { path },
  );
  return data.machine;
}

/** A metric's present reading; null when there is no such machine or metric. */
export async function metric(client: Asker, path: string, name: string): Promise<MetricAnswer | null> {
  const { data } = await client.ask(
    `query($path: EquipmentPath!, $name: String!) { machine(path: $path) { metric(name: $name) { ${METRIC} } } }`,
    { path, name },
  );
  return data.machine?.metric ?? null;
}

/** Points of a metric's history, over all time unless told. */
export async function history(
  client: Asker,
  path: string,
  name: string,
  range: { from?: string; to?: string; points?: number } = {},
): Promise<readonly PointAnswer[]> {
  const { data, errors } = await client.ask(
    `query($path: EquipmentPath!, $names: [String!]!, $from: DateTime!, $to: DateTime!, $points: Int) {
       machine(path: $path) { history(metrics: $names, from: $from, to: $to, points: $points) {
         points { time value count quality } } } }`,
    { path, names: [name], ...ALL_TIME, points: 500, ...range },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.machine?.history[0]?.points ?? [];
}

/** How many samples a metric's history holds. */
export async function stored(client: Asker, path: string, name: string): Promise<number> {
  const points = await history(client, path, name);
  return points.reduce((sum, point) => sum + point.count, 0);
}

/** One figure of `/metrics`, added up over its labels. */
export async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  if (lines.length === 0) throw new Error(`/metrics has no ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
