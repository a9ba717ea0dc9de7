import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { historyOf } from "../../test/support/history.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { Database } from "../db/database.js";
import { systemClock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { LiveBus } from "../live/live-bus.js";
import { PublishError } from "../mqtt/problems.js";
import { EquipmentEntity, MachineTypeEntity } from "../plant/plant.entity.js";
import { PlantService } from "../plant/plant.service.js";
import { PlantStore } from "../plant/plant.store.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { TwinService } from "../twin/twin.service.js";
import { TwinStore } from "../twin/twin.store.js";
import type { ConnectivityStatus } from "../twin/twin-model.js";
import { CommandEntity } from "./command.entity.js";
import type { Command } from "./command.js";
import { CommandService, type SendCommand } from "./command.service.js";
import { CommandStore } from "./command.store.js";
import type { DevicePublisher } from "./device-publisher.js";

const FILLER = "acme/berlin/line-1/filler-1";
const CAPPER = "acme/berlin/line-1/capper-1";
const PLANT = `
machineTypes:
  - name: filler
    commands:
      - name: start
      - name: setSpeed
        timeout: 20s
        parameters: {type: object, properties: {speed: {type: number, maximum: 100}}, required: [speed], additionalProperties: false}
      - name: broken
        parameters: {type: nonsense}
equipment:
  - {path: ${FILLER}, type: filler}
  - {path: ${CAPPER}, type: filler}
  - {path: acme/berlin/line-1/unknown-1, level: MACHINE}
`;

interface Published {
  readonly topic: string;
  readonly body: { id: string; name: string; arguments: unknown; replyTo: string; expiresAt: string };
  readonly options: { correlationData: Buffer; responseTopic: string; messageExpiryIntervalS: number };
}

/** The broker's edge: takes at once, unless told to answer otherwise. */
class BrokerEdge implements DevicePublisher {
  readonly attempts: Published[] = [];
  answer: (message: Published) => Promise<void> = async () => undefined;

  async publish(_: string, topic: string, payload: Buffer, options: Published["options"]): Promise<void> {
    const message = { topic, body: JSON.parse(payload.toString()), options };
    this.attempts.push(message);
    await this.answer(message);
  }

  ids(): string[] {
    return this.attempts.map(({ body }) => body.id);
  }
}

class Server {
  readonly live: LiveBus;
  readonly broker: BrokerEdge;
  readonly events: Command[] = [];
  /** What was logged as an error. */
  readonly problems: string[];
  lockout: { number: string } | null = null;

  private constructor(
    readonly db: Database,
    readonly plant: PlantService,
    readonly twins: TwinService,
    readonly commands: CommandService,
    deps: { live: LiveBus; broker: BrokerEdge; problems: string[] },
  ) {
    this.live = deps.live;
    this.broker = deps.broker;
    this.problems = deps.problems;
    this.live.listen("commandChanged", (event) => this.events.push(event.command));
  }

  static async start(url: string): Promise<Server> {
    const problems: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_, message) => problems.push(message) };
    const entities = [EquipmentEntity, MachineTypeEntity, CommandEntity];
    const db = new Database({ url, entities, logger });
    await db.start();
    const plant = new PlantService({ store: new PlantStore(db), db, logger });
    await plant.load();
    const file = parsePlantFile(PLANT, {});
    if (!file.ok) throw new Error(JSON.stringify(file.error));
    await plant.apply(file.value);
    const clock = systemClock;
    const twins = new TwinService({
      plant: plant.plant,
      store: new TwinStore(db),
      history: historyOf(db).history,
      clock,
      run: randomUUID(),
    });
    const [live, broker] = [new LiveBus(), new BrokerEdge()];
    let server: Server | null = null;
    const lockout = () => server?.lockout ?? null;
    const commands = new CommandService({
      db,
      store: new CommandStore(db),
      twins,
      live,
      publisher: broker,
      lockouts: { lockoutOf: async () => lockout() },
      clock,
      logger,
    });
    server = new Server(db, plant, twins, commands, { live, broker, problems });
    for (const path of [FILLER, CAPPER]) server.hears(path);
    return server;
  }

  hears(path: string, status: ConnectivityStatus = "ONLINE"): void {
    const twin = this.twins.byPath(path);
    if (!twin) throw new Error(path);
    twin.route = { source: "shopfloor", deviceTopic: `plant/${path}` };
    twin.status = status;
    twin.touch();
  }

  send(wish: Partial<SendCommand> = {}, principal = "anna") {
    const nothing = { arguments: null, timeoutMs: null, expectedRevision: null, idempotencyKey: null };
    return this.commands.send({ machine: FILLER, name: "start", ...nothing, ...wish }, principal);
  }

  async sent(wish: Partial<SendCommand> = {}): Promise<Command> {
    const { command, userErrors } = await this.send(wish);
    if (!command) throw new Error(JSON.stringify(userErrors));
    return command;
  }

  reply(command: Command, status: string, more: object = {}, topic = `${command.topic}/reply`) {
    return this.commands.onReply(topic, Buffer.from(JSON.stringify({ id: command.id, status, ...more })));
  }

  /** The statuses of a command in the order of the events. */
  steps(command: Command): string[] {
    return this.events.filter(({ id }) => id === command.id).map(({ status }) => status);
  }

  async reaches(command: Command, status: string): Promise<Command> {
    return waitFor(() => this.events.find((event) => event.id === command.id && event.status === status), {
      what: `${status}; steps so far: ${this.steps(command)}`,
    });
  }

  async stored(command: Command): Promise<Command | null> {
    return this.commands.find(command.id);
  }
}

let database: TestDatabase;
let server: Server;
const servers: Server[] = [];

async function startServer(): Promise<Server> {
  const started = await Server.start(database.url);
  servers.push(started);
  return started;
}

beforeEach(async () => {
  database = await createTestDatabase();
  server = await startServer();
  await server.commands.start();
});

afterEach(async () => {
  for (const { commands } of servers) await commands.stop();
  for (const { db } of servers.splice(0)) await db.stop();
  await database.drop();
});

function gate(): { open: () => void; opened: Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("the way of a command", () => {
  test("every step is an event of its own, with the command as the step left it", async () => {
    const command = await server.sent({ name: "setSpeed", arguments: { speed: 5 } });
    expect(command).toMatchObject({ status: "QUEUED", requestedBy: "anna", sentAt: null });
    await server.reaches(command, "SENT");
    expect(await server.reply(command, "ACCEPTED")).toBeNull();
    expect(await server.reply(command, "COMPLETED", { result: { speed: 5 } })).toBeNull();

    const [queued, sent, accepted, completed, ...rest] = server.events;
    expect(rest).toEqual([]);
    expect(queued).toEqual(command);
    expect(sent).toMatchObject({ status: "SENT", sentAt: expect.any(Date), acceptedAt: null });
    expect(accepted).toMatchObject({ status: "ACCEPTED", acceptedAt: expect.any(Date), finishedAt: null });
    expect(completed).toMatchObject({
      status: "COMPLETED",
      finishedAt: expect.any(Date),
      result: { speed: 5 },
    });
    expect(await server.stored(command)).toEqual(completed);
  });

  test("the device gets all it needs to answer", async () => {
    const command = await server.sent({ name: "setSpeed", arguments: { speed: 5 }, timeoutMs: 2_500 });
    await server.reaches(command, "SENT");
    const topic = `plant/${FILLER}/cmd/setSpeed`;
    expect(command.topic).toBe(topic);
    expect(server.broker.attempts).toEqual([
      {
        topic,
        body: {
          id: command.id,
          name: "setSpeed",
          arguments: { speed: 5 },
          issuedAt: command.queuedAt.toISOString(),
          expiresAt: new Date(command.queuedAt.getTime() + 2_500).toISOString(),
          replyTo: `${topic}/reply`,
        },
        options: {
          correlationData: Buffer.from(command.id),
          responseTopic: `${topic}/reply`,
          messageExpiryIntervalS: 3,
        },
      },
    ]);
  });

  test("a reply that overtakes the broker's confirmation makes both steps, and the confirmation none", async () => {
    const { open, opened } = gate();
    server.broker.answer = () => opened;
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length === 1);
    await server.reply(command, "ACCEPTED");
    open();
    await server.reply(command, "COMPLETED");
    await server.commands.stop();
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
    expect(await server.stored(command)).toMatchObject({ sentAt: expect.any(Date), status: "COMPLETED" });
  });

  test("repeated and out-of-order replies change nothing", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    for (const status of ["ACCEPTED", "ACCEPTED", "COMPLETED", "COMPLETED", "FAILED", "ACCEPTED"])
      expect(await server.reply(command, status, { reason: status })).toBeNull();
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
    expect(await server.stored(command)).toMatchObject({ status: "COMPLETED", reason: "COMPLETED" });
  });

  test("replies that come all at once are applied one after the other", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    await Promise.all(["ACCEPTED", "COMPLETED", "FAILED"].map((status) => server.reply(command, status)));
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
  });

  test("commands of one machine reach the broker in their order, those of others do not wait", async () => {
    const { open, opened } = gate();
    server.broker.answer = ({ topic }) => (topic.startsWith(`plant/${FILLER}`) ? opened : Promise.resolve());
    const filler: Command[] = [];
    for (let count = 0; count < 5; count += 1) filler.push(await server.sent());
    const capper = await server.sent({ machine: CAPPER });
    await server.reaches(capper, "SENT");
    expect(server.broker.attempts).toHaveLength(2);
    open();
    for (const command of filler) await server.reaches(command, "SENT");
    expect(server.broker.ids().filter((id) => id !== capper.id)).toEqual(filler.map(({ id }) => id).sort());
  });
});

describe("replies that cannot be taken say why", () => {
  test.each([
    ["no JSON", "x", /not JSON/],
    ["an unknown command", JSON.stringify({ id: randomUUID(), status: "ACCEPTED" }), /no command/],
  ])("%s", async (_, payload, problem) => {
    const answer = await server.commands.onReply("a/cmd/start/reply", Buffer.from(payload));
    expect(answer?.problem).toMatch(problem);
  });

  test("another machine's reply", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const answer = await server.reply(command, "COMPLETED", {}, `plant/${CAPPER}/cmd/start/reply`);
    expect(answer?.problem).toMatch(/is answered on/);
    expect(await server.stored(command)).toMatchObject({ status: "SENT" });
  });

  test("a database that fails rejects, so that the message is not acknowledged", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    await server.commands.stop();
    await server.db.stop();
    await expect(server.reply(command, "COMPLETED")).rejects.toThrow();
  });
});

describe("what must hold", () => {
  test.each([
    ["NOT_FOUND", "machine", { machine: "acme/berlin" }],
    ["NOT_FOUND", "machine", { machine: "acme\u0000" }],
    ["COMMAND_UNKNOWN", "name", { name: "explode" }],
    ["COMMAND_UNKNOWN", "name", { machine: "acme/berlin/line-1/unknown-1" }],
    ["INVALID_INPUT", "arguments|speed", { name: "setSpeed", arguments: { speed: 101 } }],
    ["INVALID_INPUT", "arguments|speed", { name: "setSpeed" }],
    ["INVALID_INPUT", "timeoutMs", { timeoutMs: 99 }],
    ["INVALID_INPUT", "name", { name: "broken" }],
    ["PRECONDITION_FAILED", "expectedRevision", { expectedRevision: 7 }],
  ] as const)("%s for %s: %j", async (code, field, wish) => {
    // With a key, so that the error is also stored.
    const { command, userErrors } = await server.send({ ...wish, idempotencyKey: "once" });
    expect(command).toBeNull();
    expect(userErrors.map((error) => [error.code, error.field?.join("|")])).toEqual([[code, field]]);
    expect(server.events).toEqual([]);
  });

  test("an unknown command's error lists the known ones", async () => {
    const { userErrors } = await server.send({ name: "explode" });
    expect(userErrors[0]?.message).toContain("start, setSpeed, broken");
  });

  test("a machine that is locked out, offline or was never heard gets nothing, told in this order", async () => {
    const codes = async () => (await server.send()).userErrors.map(({ code, message }) => [code, message]);
    server.hears(FILLER, "OFFLINE");
    server.lockout = { number: "M-7" };
    expect(await codes()).toEqual([["MACHINE_LOCKED_OUT", expect.stringContaining("M-7")]]);
    server.lockout = null;
    expect(await codes()).toEqual([["MACHINE_OFFLINE", expect.stringContaining("offline")]]);
    const twin = server.twins.byPath(FILLER);
    if (twin) twin.route = null;
    expect(await codes()).toEqual([["MACHINE_OFFLINE", expect.stringContaining("never heard")]]);
    expect(server.broker.attempts).toEqual([]);
  });

  test("the expected revision lets the command pass", async () => {
    const revision = server.twins.byPath(FILLER)?.view.revision ?? -1;
    await server.reaches(await server.sent({ expectedRevision: revision }), "SENT");
  });
});

describe("when the broker does not take it", () => {
  test("the command stays QUEUED and is sent when the broker is back", async () => {
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected to broker:1883");
    };
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length >= 2);
    expect(await server.stored(command)).toMatchObject({
      status: "QUEUED",
      reason: "not connected to broker:1883",
    });
    server.broker.answer = async () => undefined;
    expect(await server.reaches(command, "SENT")).toMatchObject({ reason: null });
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
  });

  test("it expires when the broker stays away, and the next one is still sent", async () => {
    server.broker.answer = async ({ body }) => {
      if (body.name === "start") throw new Error("no such source");
    };
    const command = await server.sent({ timeoutMs: 250 });
    const next = await server.sent({ name: "setSpeed", arguments: { speed: 1 } });
    expect(await server.reaches(command, "EXPIRED")).toMatchObject({
      sentAt: null,
      finishedAt: expect.any(Date),
      reason: expect.stringMatching(/did not confirm.*no such source/),
    });
    await server.reaches(next, "SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "EXPIRED"]);
  });

  test("a broker that never answers holds up the next command only until the first expires", async () => {
    server.broker.answer = ({ body }) =>
      body.name === "start" ? new Promise(() => undefined) : Promise.resolve();
    const command = await server.sent({ timeoutMs: 200 });
    const next = await server.sent({ name: "setSpeed", arguments: { speed: 1 } });
    await server.reaches(command, "EXPIRED");
    await server.reaches(next, "SENT");
  });

  test("a refusal for good fails the command at once", async () => {
    server.broker.answer = async () => {
      throw new PublishError("REFUSED", "the broker does not authorize this client", 135);
    };
    const command = await server.sent();
    expect(await server.reaches(command, "FAILED")).toMatchObject({
      reason: "the broker does not authorize this client",
      sentAt: null,
    });
    expect(server.broker.attempts).toHaveLength(1);
  });
});

describe("time", () => {
  test.each([
    ["SENT", []],
    ["ACCEPTED", ["ACCEPTED"]],
  ])("a command that is %s times out, and a late reply changes nothing", async (_, replies) => {
    const command = await server.sent({ timeoutMs: 300 });
    await server.reaches(command, "SENT");
    for (const status of replies) await server.reply(command, status);
    const ended = await server.reaches(command, "TIMED_OUT");
    expect(ended.finishedAt?.getTime()).toBeGreaterThanOrEqual(command.expiresAt.getTime());
    expect(await server.reply(command, "COMPLETED")).toBeNull();
    expect(await server.stored(command)).toEqual(ended);
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", ...replies, "TIMED_OUT"]);
  });

  test("a command with less time than those before it ends first", async () => {
    const long = await server.sent({ timeoutMs: 60_000 });
    const short = await server.sent({ timeoutMs: 200 });
    await server.reaches(short, "TIMED_OUT");
    expect(await server.stored(long)).toMatchObject({ status: "SENT" });
  });

  test("two servers end one command once", async () => {
    const other = await startServer();
    await other.commands.start();
    const commands = await Promise.all(Array.from({ length: 20 }, () => server.sent({ timeoutMs: 300 })));
    await other.commands.stop();
    await other.commands.start();
    for (const command of commands)
      await waitFor(async () => (await server.stored(command))?.status === "TIMED_OUT");
    await Promise.all([server.commands.stop(), other.commands.stop()]);
    const ended = [...server.events, ...other.events].filter(({ status }) => status === "TIMED_OUT");
    expect(ended.map(({ id }) => id).sort()).toEqual(commands.map(({ id }) => id).sort());
  });
});

describe("after a restart", () => {
  test("queued commands are sent again, sent ones wait for their reply, expired ones end", async () => {
    const waiting = await server.sent();
    await server.reaches(waiting, "SENT");
    const unanswered = await server.sent({ timeoutMs: 400 });
    await server.reaches(unanswered, "SENT");
    server.broker.answer = () => new Promise(() => undefined);
    const inFlight = await server.sent({ name: "setSpeed", arguments: { speed: 1 } });
    await waitFor(() => server.broker.attempts.length === 3);
    const behind = await server.sent();
    await server.commands.stop();
    await server.commands.stop();
    expect(await server.stored(inFlight)).toMatchObject({ status: "QUEUED" });
    await waitFor(() => Date.now() > unanswered.expiresAt.getTime());

    const next = await startServer();
    await Promise.all([next.commands.start(), next.commands.start()]);
    expect(next.steps(unanswered)).toEqual(["TIMED_OUT"]);
    await next.reaches(behind, "SENT");
    expect(next.broker.attempts.map(({ body }) => body)).toEqual([
      server.broker.attempts[2]?.body,
      expect.objectContaining({ id: behind.id }),
    ]);
    expect(next.steps(inFlight)).toEqual(["SENT"]);
    await next.reply(waiting, "COMPLETED");
    expect(await next.stored(waiting)).toMatchObject({ status: "COMPLETED" });
  });

  test("a stopped service begins nothing new", async () => {
    await server.commands.stop();
    const command = await server.sent({ timeoutMs: 100 });
    await waitFor(() => Date.now() > command.expiresAt.getTime() + 100);
    expect(server.broker.attempts).toEqual([]);
    expect(await server.stored(command)).toMatchObject({ status: "QUEUED" });
    await server.commands.start();
    await server.reaches(command, "EXPIRED");
  });

  test("a start that failed can be tried again", async () => {
    await server.commands.stop();
    await server.db.query("ALTER TABLE command RENAME TO gone");
    await expect(server.commands.start()).rejects.toThrow();
    await server.db.query("ALTER TABLE gone RENAME TO command");
    await server.commands.start();
    await server.reaches(await server.sent(), "SENT");
  });
});

test("a status that cannot be written is tried again, and the command is not sent twice", async () => {
  const { open, opened } = gate();
  server.broker.answer = () => opened;
  const command = await server.sent();
  await waitFor(() => server.broker.attempts.length === 1);
  await server.db.query("ALTER TABLE command RENAME TO gone");
  open();
  await waitFor(() => server.problems.includes("a command's status could not be written and is tried again"));
  await server.db.query("ALTER TABLE gone RENAME TO command");
  await server.reaches(command, "SENT");
  expect(server.broker.attempts).toHaveLength(1);
});

describe("idempotency keys", () => {
  test("the same key and input returns the same command, as it is by then, and sends nothing", async () => {
    const wish = { name: "setSpeed", arguments: { speed: 2 }, idempotencyKey: "k1" };
    const command = await server.sent(wish);
    await server.reaches(command, "SENT");
    server.hears(FILLER, "OFFLINE");
    const again = await server.send(wish);
    expect(again).toEqual({ command: await server.stored(command), userErrors: [] });
    expect(again.command?.status).toBe("SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
    expect(server.broker.attempts).toHaveLength(1);
  });

  test("at the same time, too", async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => server.send({ idempotencyKey: "k2" })));
    expect(new Set(outcomes.map(({ command }) => command?.id)).size).toBe(1);
    expect(server.events.filter(({ status }) => status === "QUEUED")).toHaveLength(1);
  });

  test("another input is refused, another caller is not", async () => {
    await server.sent({ idempotencyKey: "k3" });
    const { command, userErrors } = await server.send({ idempotencyKey: "k3", timeoutMs: 1_000 });
    expect([command, userErrors[0]?.code]).toEqual([null, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await server.send({ idempotencyKey: "k3", timeoutMs: 1_000 }, "ben")).command).not.toBeNull();
  });
});

describe("cancelling", () => {
  test("a command that waits for its turn is never sent, and the one behind it is", async () => {
    const { open, opened } = gate();
    server.broker.answer = () => opened;
    const first = await server.sent();
    const second = await server.sent();
    const third = await server.sent();
    await waitFor(() => server.broker.attempts.length === 1);
    const [sending, waiting] = [server.broker.ids()[0], [second, third, first]];
    const victim = waiting.find(({ id }) => id !== sending);
    if (!victim) throw new Error("nothing waits");
    const outcome = await server.commands.cancel(victim.id, "ben");
    expect(outcome.command).toMatchObject({ status: "CANCELLED", reason: "cancelled by ben" });
    open();
    for (const command of waiting) if (command !== victim) await server.reaches(command, "SENT");
    expect(server.steps(victim)).toEqual(["QUEUED", "CANCELLED"]);
    expect(server.broker.ids()).not.toContain(victim.id);
  });

  test("what the broker may have cannot be recalled", async () => {
    server.broker.answer = async () => {
      throw new PublishError("CONNECTION_LOST", "the broker did not confirm the message");
    };
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length >= 2);
    const { userErrors } = await server.commands.cancel(command.id, "ben");
    expect(userErrors).toMatchObject([{ code: "INVALID_TRANSITION", field: ["id"] }]);
    // Also when a later attempt surely fails: the first may still have come through.
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    await waitFor(async () => (await server.stored(command))?.reason === "not connected");
    expect((await server.commands.cancel(command.id, "ben")).command).toBeNull();
  });

  test("what surely was not sent can be cancelled between two attempts", async () => {
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    const command = await server.sent();
    await waitFor(async () => (await server.stored(command))?.reason === "not connected");
    await waitFor(async () => (await server.commands.cancel(command.id, "ben")).command);
    server.broker.answer = async () => undefined;
    const next = await server.sent();
    await server.reaches(next, "SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "CANCELLED"]);
  });

  test.each([
    ["before", "by the same claim"],
    ["during", "by a claim more"],
  ])(
    "sending waits while a command is being cancelled; one queued %s that is then sent (%s)",
    async (when) => {
      await server.commands.stop();
      const victim = await server.sent();
      const next: Command[] = [];
      // A later millisecond, so that the ids are in this order.
      await waitFor(() => Date.now() > victim.queuedAt.getTime());
      if (when === "before") next.push(await server.sent());
      await server.db.withConnection(async (sql) => {
        await sql.query("BEGIN");
        await sql.query("UPDATE command SET status = 'CANCELLED', finished_at = now() WHERE id = $1", [
          victim.id,
        ]);
        await server.commands.start();
        await waitFor(async () => {
          const waiting =
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
          return (await server.db.query(waiting)).length > 0;
        });
        if (when === "during") next.push(await server.sent());
        await sql.query("COMMIT");
      });
      for (const command of next) await server.reaches(command, "SENT");
      expect(server.broker.ids()).toEqual(next.map(({ id }) => id));
    },
  );

  test("a sent, an ended and an unknown command cannot be cancelled", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const errors = async (id: string) => (await server.commands.cancel(id, "ben")).userErrors;
    expect(await errors(command.id)).toMatchObject([
      { code: "INVALID_TRANSITION", message: expect.stringContaining("cannot be recalled") },
    ]);
    await server.reply(command, "REJECTED");
    expect(await errors(command.id)).toMatchObject([{ code: "INVALID_TRANSITION" }]);
    expect(await errors(randomUUID())).toMatchObject([{ code: "NOT_FOUND", field: ["id"] }]);
  });

  test("in a race with sending, each command is either cancelled and never sent, or sent", async () => {
    const commands = await Promise.all(Array.from({ length: 40 }, () => server.sent()));
    const outcomes = await Promise.all(commands.map(({ id }) => server.commands.cancel(id, "ben")));
    for (const [index, command] of commands.entries()) {
      const cancelled = outcomes[index]?.command != null;
      if (!cancelled) await server.reaches(command, "SENT");
      expect(server.steps(command)).toEqual(["QUEUED", cancelled ? "CANCELLED" : "SENT"]);
      expect(server.broker.ids().includes(command.id)).toBe(!cancelled);
    }
    expect(outcomes.some(({ command }) => command !== null)).toBe(true);
  });
});

describe("subscriptions", () => {
  async function take(changes: AsyncIterable<Command> | null, count: number): Promise<string[]> {
    const statuses: string[] = [];
    for await (const command of changes ?? []) {
      statuses.push(command.status);
      if (statuses.length === count) break;
    }
    return statuses;
  }

  test("one command's present state comes first, then every later step", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const changes = await server.commands.changesOf(command.id, null);
    await server.reply(command, "ACCEPTED");
    await server.reply(command, "COMPLETED");
    expect(await take(changes, 3)).toEqual(["SENT", "ACCEPTED", "COMPLETED"]);
    expect(server.live.listenerCount).toBe(1);
  });

  test("steps made while the present state is read come neither twice nor out of order", async () => {
    for (let round = 0; round < 20; round += 1) {
      const command = await server.sent();
      const changes = server.commands.changesOf(command.id, null);
      await server.reaches(command, "SENT");
      await server.reply(command, "COMPLETED");
      const seen: string[] = [];
      for await (const { status } of (await changes) ?? []) {
        seen.push(status);
        if (status === "COMPLETED") break;
      }
      expect(["QUEUED", "SENT", "COMPLETED"].slice(-seen.length)).toEqual(seen);
    }
  });

  test("one machine's commands only, or one command only", async () => {
    const ofCapper = server.commands.changes(CAPPER);
    const all = server.commands.changes(null);
    const first = await server.sent();
    await server.reaches(first, "SENT");
    const second = await server.sent({ machine: CAPPER });
    await server.reaches(second, "SENT");
    expect((await ofCapper.next()).value).toMatchObject({ id: second.id, status: "QUEUED" });
    expect(await take(all, 4)).toEqual(["QUEUED", "SENT", "QUEUED", "SENT"]);
    await ofCapper.return?.();
    expect(server.live.listenerCount).toBe(1);
  });

  test("an unknown command has none, and leaves no listener", async () => {
    expect(await server.commands.changesOf(randomUUID(), null)).toBeNull();
    expect(server.live.listenerCount).toBe(1);
  });
});

test("pages are read for many machines at once, the newest last, from both ends", async () => {
  const commands: Command[] = [];
  for (let count = 0; count < 5; count += 1) {
    commands.push(await server.sent());
    await waitFor(() => Date.now() > (commands.at(-1)?.queuedAt.getTime() ?? 0));
  }
  await server.sent({ machine: CAPPER });
  const filler = server.twins.byPath(FILLER)?.machine.id ?? "";
  const capper = server.twins.byPath(CAPPER)?.machine.id ?? "";
  const ids = commands.map(({ id }) => id);
  const page = async (request: object) => {
    const all = { limit: 2, fromEnd: false, after: null, before: null, ...request };
    const found = (await server.commands.pages([filler, capper], all)).get(filler);
    return [found?.items.map(({ id }) => ids.indexOf(id)), found?.hasMore];
  };
  expect(await page({})).toEqual([[0, 1], true]);
  expect(await page({ after: ids[2] })).toEqual([[3, 4], false]);
  expect(await page({ fromEnd: true })).toEqual([[3, 4], true]);
  expect(await page({ fromEnd: true, before: ids[1] })).toEqual([[0], false]);
  expect(await page({ limit: 0 })).toEqual([[], true]);
  expect(await page({ limit: 9, after: ids[0], before: ids[3] })).toEqual([[1, 2], false]);
  expect(await server.commands.counts([filler, capper])).toEqual(
    new Map([
      [filler, 5],
      [capper, 1],
    ]),
  );
});
