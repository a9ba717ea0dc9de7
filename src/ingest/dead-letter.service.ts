import { setInterval } from "node:timers";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterPageRequest,
  DeadLetterStore,
  KeptDeadLetter,
} from "./dead-letter.store.js";

const TRIM_MS = 60_000;
/** Reasons that name what was wrong in each message are many. */
export const MOST_REASONS = 100;

/** What could not be taken, and that no more of it is kept than should be. */
export class DeadLetterService {
  readonly #store: DeadLetterStore;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: { store: DeadLetterStore; logger: Logger }) {
    this.#store = deps.store;
    this.#logger = deps.logger;
  }

  /** Begins to delete the oldest from time to time. Idempotent. */
  start(): void {
    const trim = () =>
      this.#store
        .trim()
        .catch((error: unknown) => this.#logger.warn({}, `dead letters: ${messageOf(error)}`));
    this.#timer ??= setInterval(() => void trim(), TRIM_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Newest first. */
  async page(
    filter: DeadLetterFilter,
    request: DeadLetterPageRequest,
  ): Promise<{ items: KeptDeadLetter[]; hasMore: boolean; total: () => Promise<number> }> {
    return { ...(await this.#store.page(filter, request)), total: () => this.#store.count(filter) };
  }

  /** The most frequent first, at most MOST_REASONS. */
  counts(filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    return this.#store.counts(filter, MOST_REASONS);
  }
}
