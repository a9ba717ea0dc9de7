import { setInterval } from "node:timers";
import type { Database } from "../db/database.js";

/** What servers tell each other on is named so; the payload is a machine's id and revision. */
export const CHANNEL = "mes_twin_desired";

const HEARTBEAT_MS = 10_000;

/** Hears from the database what any server has written. */
export class DesiredWatchStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Listens until the signal comes or the connection is lost; what is written in between is not heard.
   * @param on.ready called when nothing written from now on is missed.
   * @param on.written called with a machine's id and its revision.
   */
  async listen(
    on: { ready(): Promise<void>; written(machineId: string, revision: number): void },
    signal: AbortSignal,
  ): Promise<void> {
    const client = await this.#db.dedicatedClient();
    let hangs = false;
    let asked = false;
    let heartbeat: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      client.once("end", () => resolve());
      signal.addEventListener("abort", () => resolve(), { once: true });
      heartbeat = setInterval(() => {
        // No answer since the last question.
        if (asked) {
          hangs = true;
          resolve();
          return;
        }
        asked = true;
        const answered = () => {
          asked = false;
        };
        client.query("SELECT 1").then(answered, () => resolve());
      }, HEARTBEAT_MS);
    });
    client.on("notification", ({ payload }) => {
      const [machineId, revision] = (payload ?? "").split(" ");
      if (machineId !== undefined && revision !== undefined) on.written(machineId, Number(revision));
    });
    try {
      await client.query(`LISTEN ${CHANNEL}`);
      await on.ready();
      if (!signal.aborted) await over;
    } finally {
      clearInterval(heartbeat);
      const ended = client.end().catch(() => undefined);
      if (!hangs) await ended;
    }
  }
}
