import { setInterval } from "node:timers";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { Committer } from "./committer.service.js";
import type { DeadLetterStore } from "./dead-letter.store.js";
import type { CompiledSource } from "./mapping.js";
import type { Pipeline } from "./pipeline.service.js";
import { SourceConsumer, type SourceStatus } from "./source-consumer.service.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceLeaseStore } from "./source-lease.store.js";

const SWEEP_MS = 1_000;
const TRIM_MS = 60_000;

/** All sources of this server, and the clock that makes silent machines stale. */
export class SourceService {
  readonly #sources: SourceConsumer[] = [];
  readonly #pipeline: Pipeline;
  readonly #committer: Committer;
  readonly #leases: SourceLeaseStore;
  readonly #deadLetters: DeadLetterStore;
  readonly #logger: Logger;
  #timers: NodeJS.Timeout[] = [];

  constructor(deps: {
    pipeline: Pipeline;
    committer: Committer;
    leases: SourceLeaseStore;
    deadLetters: DeadLetterStore;
    logger: Logger;
  }) {
    this.#pipeline = deps.pipeline;
    this.#committer = deps.committer;
    this.#leases = deps.leases;
    this.#deadLetters = deps.deadLetters;
    this.#logger = deps.logger;
  }

  get sources(): readonly SourceConsumer[] {
    return this.#sources;
  }

  get status(): readonly SourceStatus[] {
    return this.#sources.map((source) => source.status);
  }

  /** Why messages are not being committed; null while all is well. */
  get problem(): string | null {
    return this.#committer.problem;
  }

  /**
   * Starts sources.
   * @param installation sets the sessions apart from those of other installations at the same broker.
   */
  start(compiled: readonly CompiledSource[], installation: string): void {
    for (const { config, table } of compiled) {
      this.#sources.push(
        new SourceConsumer({
          config,
          table,
          clientId: `mes-twin-${installation.slice(0, 8)}-${config.name}`,
          leases: this.#leases,
          pipeline: this.#pipeline,
          logger: this.#logger,
        }),
      );
    }
    for (const source of this.#sources) source.start();
    const trim = () =>
      this.#deadLetters
        .trim()
        .catch((error: unknown) => this.#logger.warn({}, `dead letters: ${messageOf(error)}`));
    this.#timers = [
      setInterval(() => this.#pipeline.passTime((name) => this.#leaseOf(name)), SWEEP_MS),
      setInterval(() => void trim(), TRIM_MS),
    ];
  }

  /** Null for a source that is no longer in the plant file, which nobody else would look after either. */
  #leaseOf(name: string): SourceLease | null | undefined {
    const source = this.byName(name);
    return source ? (source.lease ?? undefined) : null;
  }

  byName(name: string): SourceConsumer | undefined {
    return this.#sources.find((source) => source.name === name);
  }

  /** Commits what has come, acknowledges it, and leaves the rest with the brokers. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    for (const source of this.#sources) source.pause();
    await this.#committer.drain();
    await this.#pipeline.stop();
    await Promise.all(this.#sources.map((source) => source.stop()));
    await this.#committer.stop();
    for (const source of this.#sources) source.logStats();
  }

  /** For commands: QoS 1, not retained. @throws when the broker did not take it. */
  async publish(
    source: string,
    topic: string,
    payload: Buffer,
    options: { correlationData: Buffer; responseTopic: string; messageExpiryIntervalS: number },
  ): Promise<void> {
    const found = this.byName(source);
    if (!found) throw new Error(`there is no source ${source}`);
    await found.publish(topic, payload, options);
  }
}
