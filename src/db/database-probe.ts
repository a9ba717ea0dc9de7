import { setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../kernel/result.js";
import type { Database } from "./database.js";

const EVERY_MS = 2_000;
const ANSWER_MS = 5_000;

/** Asks the database every two seconds whether it is there. */
export class DatabaseProbe {
  #problem: string | null = "not asked yet";
  #timer: NodeJS.Timeout | null = null;
  #asking = false;
  readonly #db: Database;
  readonly #onProblem: () => Promise<void>;

  /** @param onProblem does what can be done about it; called with every question that fails. */
  constructor(db: Database, onProblem: () => Promise<void>) {
    this.#db = db;
    this.#onProblem = onProblem;
  }

  /** Why the database does not answer; null while it does. */
  get problem(): string | null {
    return this.#problem;
  }

  async start(): Promise<void> {
    await this.#ask();
    this.#timer ??= setInterval(() => void this.#ask(), EVERY_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const late = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
        throw new Error(`no answer within ${ANSWER_MS / 1000} s`);
      });
      await Promise.race([this.#db.query("SELECT 1"), late]);
      this.#problem = null;
    } catch (error) {
      this.#problem = messageOf(error);
      await this.#onProblem();
    } finally {
      this.#asking = false;
    }
  }
}
