import { randomUUID } from "node:crypto";
import { type ExecutionResult, graphql, parse, subscribe } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { historyOf } from "../../test/support/history.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { Database } from "../db/database.js";
import type { GraphQLContext } from "../graphql/context.js";
import { NodeResolver } from "../graphql/node.resolver.js";
import { buildGraphQLSchema, type ResolverClass } from "../graphql/schema.js";
import { systemClock } from "../kernel/clock.js";
import { LiveBus } from "../live/live-bus.js";
import { EquipmentEntity, MachineTypeEntity } from "../plant/plant.entity.js";
import { PlantService } from "../plant/plant.service.js";
import { PlantStore } from "../plant/plant.store.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { TwinService } from "../twin/twin.service.js";
import { TwinStore } from "../twin/twin.store.js";
import { CommandEntity } from "./command.entity.js";
import { CommandResolver, MachineCommandsResolver } from "./command.resolver.js";
import { CommandService } from "./command.service.js";
import { CommandStore } from "./command.store.js";
import { CommandQueueStore } from "./command-queue.store.js";
import { JsonCommandTransport } from "./json-command-transport.service.js";

const PLANT = `
machineTypes: [{name: filler, concurrency: parallel, commands: [{name: start, parameters: {type: object}}]}]
equipment: [{path: acme/filler-1, type: filler}, {path: acme/filler-2, type: filler}]
`;
const SEND = `mutation ($arguments: JSON) {
  sendCommand(input: {machine: "acme/filler-1", name: "start", arguments: $arguments}) {
    command { id status arguments requestedBy topic machine { path } } userErrors { code field message }
  }
}`;

let database: TestDatabase;
let db: Database;
let commands: CommandService;
const instances = new Map<ResolverClass, object>();
const schema = buildGraphQLSchema(
  [NodeResolver, CommandResolver, MachineCommandsResolver],
  (of) => instances.get(of) ?? {},
);

function context(): GraphQLContext {
  return {
    principal: { name: "anna" },
    loaders: new Map(),
    resolver: (of) => instances.get(of as ResolverClass) as InstanceType<typeof of>,
  };
}

beforeAll(async () => {
  database = await createTestDatabase();
  const logger = silentLogger;
  db = new Database({
    url: database.url,
    entities: [EquipmentEntity, MachineTypeEntity, CommandEntity],
    logger,
  });
  await db.start();
  const plant = new PlantService({ store: new PlantStore(db), db, logger });
  const file = parsePlantFile(PLANT, {});
  if (file.ok) await plant.apply(file.value);
  const clock = systemClock;
  const { history } = historyOf(db);
  const twins = new TwinService({
    plant: plant.plant,
    store: new TwinStore(db),
    history,
    clock,
    run: randomUUID(),
  });
  for (const machine of plant.plant.machines())
    twins.of(machine).route = { source: "shopfloor", deviceTopic: machine.path };
  const live = new LiveBus();
  const json = new JsonCommandTransport({ publisher: { publish: async () => undefined }, clock });
  commands = new CommandService({
    db,
    store: new CommandStore(db),
    queue: new CommandQueueStore(db),
    twins,
    live,
    transportOf: () => json,
    sources: { held: () => ["shopfloor"] },
    lockouts: { lockoutOf: async () => null },
    clock,
    logger,
  });
  await commands.start();
  const resolver = new CommandResolver({ commands, twins });
  instances.set(CommandResolver, resolver);
  instances.set(MachineCommandsResolver, new MachineCommandsResolver({ commands }));
  instances.set(NodeResolver, new NodeResolver([resolver]));
});

afterAll(async () => {
  await commands.stop();
  await db.stop();
  await database.drop();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
async function ask(source: string, variableValues: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await graphql({ schema, source, variableValues, contextValue: context() });
  if (errors) throw errors[0];
  return data;
}

async function follow(source: string): Promise<AsyncGenerator<ExecutionResult>> {
  const stream = await subscribe({ schema, document: parse(source), contextValue: context() });
  if (!("next" in stream)) throw stream.errors?.[0];
  return stream;
}

test("a command is sent, followed, found again and cannot be recalled", async () => {
  const { command, userErrors } = (await ask(SEND, { arguments: { deep: [1, { a: null }] } })).sendCommand;
  expect(userErrors).toEqual([]);
  expect(command).toEqual({
    id: expect.stringMatching(/^Command:/),
    status: "QUEUED",
    arguments: { deep: [1, { a: null }] },
    requestedBy: "anna",
    topic: "acme/filler-1/cmd/start",
    machine: { path: "acme/filler-1" },
  });

  const stream = await follow(
    `subscription { commandChanged(id: "${command.id}") { status machine { path } } }`,
  );
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const event of stream) {
      seen.push(event.data?.commandChanged);
      if (seen.some((item) => (item as { status: string }).status === "COMPLETED")) break;
    }
  })();
  await waitFor(() => seen.length > 0);
  const id = command.id.split(":")[1];
  await commands.onReply(
    "acme/filler-1/cmd/start/reply",
    Buffer.from(JSON.stringify({ id, status: "ACCEPTED" })),
  );
  await commands.onReply(
    "acme/filler-1/cmd/start/reply",
    Buffer.from(JSON.stringify({ id, status: "COMPLETED" })),
  );
  await reading;
  expect(seen.slice(-2)).toEqual([
    { status: "ACCEPTED", machine: { path: "acme/filler-1" } },
    { status: "COMPLETED", machine: { path: "acme/filler-1" } },
  ]);

  const found = await ask(
    `{ command(id: "${command.id}") { status finishedAt } node(id: "${command.id}") { __typename id } }`,
  );
  expect(found).toEqual({
    command: { status: "COMPLETED", finishedAt: expect.stringMatching(/Z$/) },
    node: { __typename: "Command", id: command.id },
  });
  const cancel = `mutation { cancelCommand(id: "${command.id}") { command { id } userErrors { code field } } }`;
  expect((await ask(cancel)).cancelCommand).toEqual({
    command: null,
    userErrors: [{ code: "INVALID_TRANSITION", field: ["id"] }],
  });
});

test("arguments written into the document are taken as well as variables", async () => {
  const document = `mutation {
    sendCommand(input: {machine: "acme/filler-1", name: "start", arguments: {speed: 1, more: {a: "b"}}}) {
      command { arguments } userErrors { message }
    }
  }`;
  expect((await ask(document)).sendCommand).toEqual({
    command: { arguments: { speed: 1, more: { a: "b" } } },
    userErrors: [],
  });
});

test("a command for later tells its time, and can be cancelled until then", async () => {
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const { sendCommand } = await ask(
    `mutation ($at: DateTime) {
      sendCommand(input: {machine: "acme/filler-1", name: "start", scheduledAt: $at, timeoutMs: 1000}) {
        command { id status scheduledAt expiresAt sends provedLateAt } userErrors { message }
      }
    }`,
    { at: scheduledAt },
  );
  const { id } = sendCommand.command;
  expect(sendCommand).toEqual({
    command: {
      id,
      status: "QUEUED",
      scheduledAt,
      expiresAt: new Date(Date.parse(scheduledAt) + 1_000).toISOString(),
      sends: 0,
      provedLateAt: null,
    },
    userErrors: [],
  });
  const cancel = `mutation { cancelCommand(id: "${id}") { command { status reason } userErrors { message } } }`;
  expect((await ask(cancel)).cancelCommand).toEqual({
    command: { status: "CANCELLED", reason: "cancelled by anna" },
    userErrors: [],
  });
});

test("what is no command is not found", async () => {
  const unknown = `Command:${randomUUID()}`;
  expect(await ask(`{ a: command(id: "x") { id } b: command(id: "${unknown}") { id } }`)).toEqual({
    a: null,
    b: null,
  });
  expect(
    (await ask(`mutation { cancelCommand(id: "x") { userErrors { code field } } }`)).cancelCommand,
  ).toEqual({
    userErrors: [{ code: "NOT_FOUND", field: ["id"] }],
  });
  await expect(follow(`subscription { commandChanged(id: "${unknown}") { id } }`)).rejects.toMatchObject({
    extensions: { code: "BAD_USER_INPUT", field: ["id"] },
  });
});

test("the machine filter leaves other machines' commands out", async () => {
  const stream = await follow(
    `subscription { commandChanged(machine: "acme/filler-2") { machine { path } status } }`,
  );
  await ask(SEND);
  await ask(SEND.replace("filler-1", "filler-2"));
  expect((await stream.next()).value.data).toEqual({
    commandChanged: { machine: { path: "acme/filler-2" }, status: "QUEUED" },
  });
  await stream.return(undefined);
});

test("a machine's commands are a connection, the newest last", async () => {
  const { command } = (await ask(SEND)).sendCommand;
  const page = async (args: string) =>
    (
      await ask(`{ command(id: "${command.id}") { machine { commands(${args}) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }
      } } } }`)
    ).command.machine.commands;
  const last = await page("last: 1");
  expect(last.edges[0].node.id).toBe(command.id);
  expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  expect(last.totalCount).toBeGreaterThan(1);
  const before = await page(`last: 1000, before: "${last.edges[0].cursor}"`);
  expect(before.edges).toHaveLength(last.totalCount - 1);
  expect((await page(`first: 5, after: "${before.pageInfo.endCursor}"`)).edges).toEqual(last.edges);
  const noCursor = Buffer.from("7").toString("base64url");
  await expect(page(`first: 1, after: "${noCursor}"`)).rejects.toThrow("not a cursor");
});
