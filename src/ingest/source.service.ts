import { setInterval } from "node:timers";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { Committer } from "./committer.service.js";
import type { Consumer, PublishProperties, SourceStatus } from "./consumer.js";
import type { CompiledSource } from "./mapping.js";
import type { Pipeline } from "./pipeline.service.js";
import type { SessionFarewell } from "./session-farewell.service.js";
import type { SourceConfigStore, StoredSource } from "./source-config.store.js";
import { compileDefinition, describeProblem } from "./source-definition.js";
import type { SourceLease } from "./source-lease.js";
import { clientIdOf, type SourceSetup } from "./source-setup.js";

const SWEEP_MS = 1_000;
/** How soon a server follows what was changed at another one. */
const FOLLOW_MS = 1_000;

/**
 * All sources of this server, of the plant file and of the database, and the clock that makes silent machines stale.
 * What changes in the database is followed within a second, whichever server changed it.
 */
export class SourceService {
  /** Those of the plant file first, in its order, then the others in the order in which they were made. */
  readonly #consumers = new Map<string, Consumer>();
  /** Removed, and not done with what had come. */
  readonly #leaving = new Set<Consumer>();
  readonly #pipeline: Pipeline;
  readonly #committer: Committer;
  readonly #configs: SourceConfigStore;
  readonly #farewell: SessionFarewell;
  readonly #consumerFor: (setup: SourceSetup) => Consumer;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #file: ReadonlyMap<string, CompiledSource> = new Map();
  #installation = "";
  #timers: NodeJS.Timeout[] = [];
  #following: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;
  #followed = true;
  #ticking = false;
  /** The changes that were told to be of no use. */
  #useless = new Set<string>();

  /** @param deps.consumerFor makes what consumes a source; it is not started. Throws for settings that it cannot use. */
  constructor(deps: {
    pipeline: Pipeline;
    committer: Committer;
    configs: SourceConfigStore;
    farewell: SessionFarewell;
    consumerFor: (setup: SourceSetup) => Consumer;
    logger: Logger;
  }) {
    this.#pipeline = deps.pipeline;
    this.#committer = deps.committer;
    this.#configs = deps.configs;
    this.#farewell = deps.farewell;
    this.#consumerFor = deps.consumerFor;
    this.#logger = deps.logger;
  }

  get sources(): readonly Consumer[] {
    return [...this.#consumers.values()];
  }

  get status(): readonly SourceStatus[] {
    return this.sources.map((source) => source.status);
  }

  /** Why messages are not being committed; null while all is well. */
  get problem(): string | null {
    return this.#committer.problem;
  }

  byName(name: string): Consumer | undefined {
    return this.#consumers.get(name);
  }

  /** Whether the plant file of this server has a source of that name. */
  inPlantFile(name: string): boolean {
    return this.#file.has(name);
  }

  /** The client id of a source's session of a number. */
  clientId(name: string, session: number): string {
    return clientIdOf(this.#installation, name, session);
  }

  /**
   * Starts the sources of the plant file and those of the database.
   * @param installation sets the sessions apart from those of other installations at the same broker.
   * @throws Error naming PLANT_FILE when a source of the file has the name of one of the database.
   */
  async start(file: readonly CompiledSource[], installation: string): Promise<void> {
    const stored = await this.#configs.all();
    const names = new Map(file.map((source) => [source.config.name, source]));
    const clashes = stored.filter(({ name, definition }) => definition !== null && names.has(name));
    if (clashes.length > 0) throw new Error(clashes.map(({ name }) => clashProblem(name)).join("\n"));
    this.#file = names;
    this.#installation = installation;
    this.#apply(stored);
    this.#timers = [
      setInterval(() => this.#pipeline.passTime((name) => this.#leaseOf(name)), SWEEP_MS),
      setInterval(() => void this.#tick(), FOLLOW_MS),
    ];
  }

  /**
   * Follows what the database says now.
   * @throws when it cannot be asked; it is asked again within a second.
   */
  follow(): Promise<void> {
    const followed = this.#following.then(() => this.#follow());
    this.#following = followed.catch(() => undefined);
    return followed;
  }

  /** What goes wrong is told by the log, and tried again with the next one. */
  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    await this.follow().catch(() => undefined);
    this.#ticking = false;
  }

  /** Commits what has come, acknowledges it, and leaves the rest with the brokers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    const consumers = [...this.#consumers.values(), ...this.#leaving];
    for (const consumer of consumers) consumer.quiesce();
    await this.#committer.drain();
    await this.#pipeline.stop();
    await Promise.all([this.#ending, ...consumers.map((consumer) => consumer.stop())]);
    await this.#committer.stop();
    for (const consumer of this.#consumers.values()) consumer.logStats();
  }

  /** At QoS 1, not retained. @throws when the broker did not take it. */
  async publish(
    source: string,
    topic: string,
    payload: Buffer,
    properties: PublishProperties,
  ): Promise<void> {
    const found = this.byName(source);
    if (!found) throw new Error(`there is no source ${source}`);
    await found.publish(topic, payload, properties);
  }

  /** Null for a source that there is no more, which nobody else would look after either. */
  #leaseOf(name: string): SourceLease | null | undefined {
    const source = this.#consumerOf(name);
    return source ? (source.lease ?? undefined) : null;
  }

  #consumerOf(name: string): Consumer | undefined {
    return this.byName(name) ?? [...this.#leaving].find((consumer) => consumer.name === name);
  }

  async #follow(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    try {
      // In this order: the settings are at least as new as the sessions that they gave up.
      const left = await this.#farewell.left();
      this.#apply(await this.#configs.all());
      if (this.status.some(({ standby }) => standby)) await this.#pipeline.followOthers();
      this.#followed = true;
      if (left.length === 0 || this.#stopping.signal.aborted) return;
      const consumerOf = (name: string) => this.#consumerOf(name);
      this.#ending ??= this.#farewell
        .end(left, consumerOf, this.#stopping.signal)
        .catch((error: unknown) => this.#logger.warn({}, `sessions are not ended: ${messageOf(error)}`))
        .finally(() => {
          this.#ending = null;
        });
    } catch (error) {
      if (this.#followed) this.#logger.warn({}, `cannot see what other servers changed: ${messageOf(error)}`);
      this.#followed = false;
      throw error;
    }
  }

  /** Starts, changes and stops consumers until they are what is stored. */
  #apply(stored: readonly StoredSource[]): void {
    if (this.#stopping.signal.aborted) return;
    const wanted = new Map<string, SourceSetup | null>();
    const rows = new Map(stored.map((row) => [row.name, row]));
    for (const source of this.#file.values()) {
      const row = rows.get(source.config.name);
      if (row && row.definition !== null) this.#tell(row, clashProblem(row.name));
      wanted.set(source.config.name, this.#ofFile(source, row));
    }
    for (const row of stored)
      if (row.definition !== null && !wanted.has(row.name)) wanted.set(row.name, this.#ofDatabase(row));
    for (const [name, consumer] of this.#consumers) if (!wanted.has(name)) this.#remove(consumer);
    for (const [name, setup] of wanted) if (setup !== null) this.#set(name, setup);
  }

  #ofFile(source: CompiledSource, row: StoredSource | undefined): SourceSetup {
    const paused = row?.paused ?? false;
    const clientId = this.clientId(source.config.name, 1);
    return { ...source, owner: "PLANT_FILE", paused, clientId, version: null, change: String(paused) };
  }

  /** Null for a definition that this server cannot use. */
  #ofDatabase(row: StoredSource): SourceSetup | null {
    const { name, paused, version, change } = row;
    if (this.byName(name)?.setup.change === change) return null;
    const source = compileDefinition(row.definition);
    if (source.ok) {
      const clientId = this.clientId(name, row.session);
      return { ...source.value, owner: "API", paused, clientId, version, change };
    }
    this.#tell(row, `source ${name} cannot be used: ${source.error.map(describeProblem).join("; ")}`);
    return null;
  }

  #set(name: string, setup: SourceSetup): void {
    const consumer = this.byName(name);
    if (consumer?.setup.change === setup.change) return;
    // Removed and made anew, as another kind of source.
    if (consumer && !sameKind(consumer.setup, setup)) this.#remove(consumer);
    else if (consumer) {
      consumer.change(setup);
      this.#logger.info({ source: name, paused: setup.paused }, "follows the new settings of the source");
      return;
    }
    const made = this.#consumerFor(setup);
    this.#consumers.set(name, made);
    made.start();
    if (setup.paused) this.#logger.info({ source: name }, "the source is paused");
  }

  #remove(consumer: Consumer): void {
    this.#consumers.delete(consumer.name);
    this.#leaving.add(consumer);
    const stop = async () => {
      await consumer.stop();
      consumer.logStats();
      this.#leaving.delete(consumer);
    };
    stop().catch((error: unknown) =>
      this.#logger.error({ err: error, source: consumer.name }, "a removed source did not stop properly"),
    );
  }

  /** Once for each change. */
  #tell({ change }: StoredSource, problem: string): void {
    if (this.#useless.has(change)) return;
    this.#useless.add(change);
    this.#logger.error({}, problem);
  }
}

function sameKind(one: SourceSetup, other: SourceSetup): boolean {
  return (one.config.sparkplug === undefined) === (other.config.sparkplug === undefined);
}

function clashProblem(name: string): string {
  return `PLANT_FILE: source ${name}: a source of this name was made through GraphQL; give the one in the file another name, or start without it and remove the other (removeSource)`;
}
