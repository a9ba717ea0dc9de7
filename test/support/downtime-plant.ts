import "reflect-metadata";
import { type ExecutionResult, execute, parse, subscribe } from "graphql";
import { Database } from "../../src/db/database.js";
import { entities } from "../../src/entities.js";
import type { GraphQLContext } from "../../src/graphql/context.js";
import { buildGraphQLSchema, type ResolverClass } from "../../src/graphql/schema.js";
import { parsePlantFile } from "../../src/plant/plant-file.js";
import { resolverClasses } from "../../src/resolvers.js";
import { createServices } from "../../src/services.js";
import type { MachineState } from "../../src/twin/packml.js";
import { createTestDatabase } from "./database.js";
import { silentLogger } from "./silent-logger.js";

type Answer = Record<string, unknown>;

/** What a machine reported from a moment on. */
export interface ActivityReport {
  readonly at: number;
  readonly value: string;
}

/** The whole server but its network, on a database of its own. */
export type DowntimePlant = Awaited<ReturnType<typeof startDowntimePlant>>;

export async function startDowntimePlant(plantFile: string) {
  const database = await createTestDatabase();
  const db = new Database({ url: database.url, entities, logger: silentLogger });
  await db.start();
  const start = async () => {
    const services = createServices(db, silentLogger, { embeddedDatabase: false });
    await services.plant.load();
    await services.plant.apply(fileOf(plantFile));
    await services.twins.load();
    services.mes.downtimeWatch.start();
    return services;
  };
  let services = await start();
  const instanceOf = (of: ResolverClass): object => {
    const found = services.resolvers.get(of);
    if (!found) throw new Error(`no ${of.name}`);
    return found;
  };
  const schema = buildGraphQLSchema(resolverClasses, instanceOf);
  const operation = (document: string, variableValues: Record<string, unknown>) => {
    const contextValue: GraphQLContext = {
      principal: { name: "ada" },
      loaders: new Map(),
      resolver: <Resolver>(of: new (...deps: never[]) => Resolver) =>
        instanceOf(of as ResolverClass) as Resolver,
    };
    return { schema, document: parse(document), variableValues, contextValue };
  };
  const machineOf = (path: string) => {
    const found = services.plant.plant.machine(path);
    if (!found) throw new Error(`no machine ${path}`);
    return found;
  };
  const tell = (path: string, from: number) =>
    services.live.publish("activityChanged", { machines: [machineOf(path)], from });

  return {
    get services() {
      return services;
    },
    machineOf,
    /** Writes what a machine reported, in whatever order, as the facts of its samples are written, and tells of it. */
    async reported(path: string, kind: "STATE" | "MODE" | "FAULT", reports: readonly ActivityReport[]) {
      const { id } = machineOf(path);
      await db.query(
        `WITH own AS (
           INSERT INTO series (machine_id, metric, data_type) VALUES ($1, $2, 'String')
           ON CONFLICT (machine_id, metric) DO UPDATE SET data_type = excluded.data_type RETURNING id
         )
         INSERT INTO machine_activity (machine_id, kind, at, series_id, value)
         SELECT $1, $2, one.at, own.id, one.value
         FROM own, unnest($3::timestamptz[], $4::text[]) AS one (at, value)`,
        [id, kind, reports.map(({ at }) => new Date(at)), reports.map(({ value }) => value)],
      );
      tell(path, Math.min(...reports.map(({ at }) => at)));
    },
    /** States by the moments at which they began. */
    async states(path: string, ...states: readonly (readonly [number, MachineState])[]) {
      await this.reported(
        path,
        "STATE",
        states.map(([at, value]) => ({ at, value })),
      );
    },
    /** Takes back all that a machine reported within a range: late data shows that it was otherwise. */
    async unreport(path: string, from: number, to: number) {
      await db.query("DELETE FROM machine_activity WHERE machine_id = $1 AND at >= $2 AND at < $3", [
        machineOf(path).id,
        new Date(from),
        new Date(to),
      ]);
      tell(path, from);
    },
    async ask(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
      return dataOf((await execute(operation(document, variables))) as ExecutionResult);
    },
    async follow(document: string, variables: Record<string, unknown> = {}) {
      const events = await subscribe(operation(document, variables));
      if (!(Symbol.asyncIterator in events))
        throw events.errors?.[0]?.originalError ?? new Error("not followed");
      return {
        /** Null at the end. */
        next: async () => {
          const { value, done } = await events.next();
          return done ? null : dataOf(value as ExecutionResult);
        },
        end: async () => void (await events.return()),
      };
    },
    /** Everything is made again from the database. */
    async restart() {
      await services.mes.downtimeWatch.stop();
      services = await start();
    },
    async stop(): Promise<void> {
      await services.mes.downtimeWatch.stop();
      await db.stop();
      await database.drop();
    },
  };
}

function fileOf(text: string) {
  const parsed = parsePlantFile(text, {});
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function dataOf(result: ExecutionResult): Answer {
  if (result.errors?.[0]) throw result.errors[0].originalError ?? result.errors[0];
  // Objects of graphql have no prototype, which toEqual takes for a difference.
  return JSON.parse(JSON.stringify(result.data)) as Answer;
}
