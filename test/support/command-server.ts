import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { CommandEntity } from "../../src/commands/command.entity.js";
import type { Command } from "../../src/commands/command.js";
import { CommandService } from "../../src/commands/command.service.js";
import { CommandStore } from "../../src/commands/command.store.js";
import type { SendCommand } from "../../src/commands/command-admission.service.js";
import { CommandQueueStore } from "../../src/commands/command-queue.store.js";
import type { TransportOf } from "../../src/commands/command-transport.js";
import type { DevicePublisher } from "../../src/commands/device-publisher.js";
import { JsonCommandTransport } from "../../src/commands/json-command-transport.service.js";
import { Database } from "../../src/db/database.js";
import type { Clock } from "../../src/kernel/clock.js";
import type { Logger } from "../../src/kernel/logger.js";
import { LiveBus } from "../../src/live/live-bus.js";
import { EquipmentEntity, MachineTypeEntity } from "../../src/plant/plant.entity.js";
import { PlantService } from "../../src/plant/plant.service.js";
import { PlantStore } from "../../src/plant/plant.store.js";
import { parsePlantFile } from "../../src/plant/plant-file.js";
import type { Twin } from "../../src/twin/machine-twin.js";
import type { Quality, Scalar } from "../../src/twin/sample.js";
import { applySamples } from "../../src/twin/twin.js";
import { TwinService } from "../../src/twin/twin.service.js";
import { TwinStore } from "../../src/twin/twin.store.js";
import type { ConnectivityStatus } from "../../src/twin/twin-model.js";
import { createTestDatabase } from "./database.js";
import { historyOf } from "./history.js";
import { silentLogger } from "./silent-logger.js";
import { LIMITS } from "./twins.js";
import { waitFor } from "./wait-for.js";

/** Takes commands in parallel, and proves them by its replies. */
export const FILLER = "acme/berlin/line-1/filler-1";
export const CAPPER = "acme/berlin/line-1/capper-1";
/** Takes commands one at a time, and proves them in each way. */
export const MIXER = "acme/berlin/line-1/mixer-1";
export const UNKNOWN = "acme/berlin/line-1/unknown-1";
const SOURCE = "shopfloor";
const PLANT = `
machineTypes:
  - name: filler
    concurrency: parallel
    commands:
      - name: start
      - name: setSpeed
        timeout: 20s
        parameters: {type: object, properties: {speed: {type: number, maximum: 100}}, required: [speed], additionalProperties: false}
      - name: broken
        parameters: {type: nonsense}
  - name: mixer
    metrics:
      - {name: state, type: String, role: STATE}
      - {name: speed, type: Double, min: 0, max: 500}
      - {name: recipe, type: Int64}
      - {name: heat, type: Boolean}
    commands:
      - {name: clean}
      - {name: halt, concurrency: parallel}
      - {name: start, allowedStates: [IDLE], reaches: EXECUTE}
      - {name: reset, allowedStates: [STOPPED, COMPLETE], reaches: IDLE, writes: {command: 1}}
      - {name: tare, allowedStates: [IDLE, STOPPED]}
      - name: setSpeed
        writes: {speed: "{speed}"}
        parameters: {type: object, properties: {speed: {type: number}}, required: [speed]}
      - name: load
        writes: {recipe: "{recipe}", speed: "{speed}", heat: true}
        parameters: {type: object, properties: {recipe: {type: [integer, string]}, speed: {type: number}}, required: [recipe]}
      - {name: poke, retries: 2, retryAfter: 250ms, timeout: 60s}
      - {name: nudge, retries: 2, retryAfter: 60s, concurrency: parallel, allowedStates: [IDLE]}
equipment:
  - {path: ${FILLER}, type: filler}
  - {path: ${CAPPER}, type: filler}
  - {path: ${MIXER}, type: mixer}
  - {path: ${UNKNOWN}, level: MACHINE}
`;

export interface Published {
  readonly topic: string;
  readonly body: {
    id: string;
    name: string;
    arguments: unknown;
    writes?: object;
    replyTo: string;
    expiresAt: string;
  };
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

/** The time of the system, and what a test has let pass besides. */
class PassingClock implements Clock {
  #passed = 0;

  now(): number {
    return Date.now() + this.#passed;
  }

  pass(ms: number): void {
    this.#passed += ms;
  }
}

/** The command service with all that it needs around it, up to the broker's edge. */
export class CommandServer {
  readonly live = new LiveBus();
  readonly broker = new BrokerEdge();
  readonly clock = new PassingClock();
  readonly events: Command[] = [];
  /** What was logged as an error. */
  readonly problems: string[] = [];
  readonly logger: Logger = { ...silentLogger, error: (_, message) => this.problems.push(message) };
  readonly db: Database;
  readonly plant: PlantService;
  readonly twins: TwinService;
  readonly commands: CommandService;
  /** Whether it consumes the source of the machines. */
  holds = true;
  lockout: { number: string } | null = null;

  constructor(url: string, transportOf?: TransportOf) {
    const { clock, live, logger } = this;
    const entities = [EquipmentEntity, MachineTypeEntity, CommandEntity];
    const db = new Database({ url, entities, logger });
    this.db = db;
    this.plant = new PlantService({ store: new PlantStore(db), db, logger });
    const { plant } = this.plant;
    const { history } = historyOf(db);
    this.twins = new TwinService({ plant, store: new TwinStore(db), history, clock, run: randomUUID() });
    const json = new JsonCommandTransport({ publisher: this.broker, clock });
    this.commands = new CommandService({
      db,
      store: new CommandStore(db),
      queue: new CommandQueueStore(db),
      twins: this.twins,
      live,
      transportOf: transportOf ?? (() => json),
      sources: { held: () => (this.holds ? [SOURCE] : []) },
      lockouts: { lockoutOf: async () => this.lockout },
      clock,
      logger,
    });
    live.listen("commandChanged", (event) => this.events.push(event.command));
  }

  /** Opens database and plant; every machine that has a type has been heard. Commands are not begun. */
  async open(): Promise<void> {
    await this.db.start();
    await this.plant.load();
    const file = parsePlantFile(PLANT, {});
    if (!file.ok) throw new Error(JSON.stringify(file.error));
    await this.plant.apply(file.value);
    for (const path of [FILLER, CAPPER, MIXER]) this.hears(path);
  }

  async close(): Promise<void> {
    await this.commands.stop();
    await this.db.stop();
  }

  /** Time passes, and the service begins anew at its end. */
  async pass(ms: number): Promise<void> {
    await this.commands.stop();
    this.clock.pass(ms);
    await this.commands.start();
  }

  twin(path: string): Twin {
    const twin = this.twins.byPath(path);
    if (!twin) throw new Error(path);
    return twin;
  }

  hears(path: string, status: ConnectivityStatus = "ONLINE"): void {
    const twin = this.twin(path);
    twin.route = { source: SOURCE, deviceTopic: `plant/${path}` };
    twin.status = status;
    twin.touch();
  }

  /** A message of the machine with these values comes. Without a time it is of the moment. */
  reports(
    path: string,
    values: Readonly<Record<string, Scalar>>,
    { time = null, quality = "GOOD" }: { time?: number | null; quality?: Quality } = {},
  ): void {
    const samples = Object.entries(values).map(([metric, value]) => ({ metric, value, time, quality }));
    const arrival = { receivedAt: this.clock.now(), retained: false };
    const { change } = applySamples(this.twin(path), samples, arrival, LIMITS);
    if (change) this.live.publish("twinChanged", change);
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

/** A test's own database; everything on it ends with the test. */
export async function commandDatabase(): Promise<{
  /** A server on it, with or without its command service running. */
  server(options?: { begun?: boolean; holds?: boolean; transportOf?: TransportOf }): Promise<CommandServer>;
}> {
  const database = await createTestDatabase();
  const servers: CommandServer[] = [];
  onTestFinished(async () => {
    for (const server of servers) await server.close();
    await database.drop();
  });
  return {
    async server({ begun = true, holds = true, transportOf } = {}) {
      const server = new CommandServer(database.url, transportOf);
      servers.push(server);
      server.holds = holds;
      await server.open();
      if (begun) await server.commands.start();
      return server;
    },
  };
}

export function gate(): { open: () => void; opened: Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
