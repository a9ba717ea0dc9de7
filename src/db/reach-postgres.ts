import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";

const OLDEST_VERSION = 140_000;
// Asking again changes nothing about these: wrong password, unknown user, unknown database, no right to connect.
const FINAL_CODES = new Set(["28P01", "28000", "3D000", "42501"]);

/** DATABASE_URL cannot work as it is; the message names the variable and what to change. */
export class DatabaseUnusableError extends Error {}

/**
 * Waits until the database answers and says so meanwhile.
 * @param timeoutMs gives up after this long; 0 waits for ever.
 * @throws DatabaseUnusableError when waiting cannot help (wrong password, missing database, too old) or took too long.
 */
export async function reachPostgres(options: {
  url: string;
  timeoutMs: number;
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const { url, timeoutMs, logger, signal } = options;
  const since = Date.now();
  let saidAt = 0;
  for (;;) {
    signal.throwIfAborted();
    const problem = await tryOnce(url);
    if (problem === null) return;
    const waited = Date.now() - since;
    if (timeoutMs > 0 && waited >= timeoutMs) {
      throw new DatabaseUnusableError(`DATABASE_URL: no answer within ${timeoutMs / 1000} s: ${problem}`);
    }
    if (Date.now() - saidAt > 5_000) {
      saidAt = Date.now();
      logger.warn({ waitedMs: waited }, `waiting for the database (DATABASE_URL): ${problem}`);
    }
    await sleep(Math.min(250 + waited / 10, 2_000), undefined, { signal });
  }
}

async function tryOnce(url: string): Promise<string | null> {
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  } catch (error) {
    throw new DatabaseUnusableError(`DATABASE_URL is not a PostgreSQL URL: ${messageOf(error)}`);
  }
  // A broken connection also emits an event, which would end the process when nobody listens.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ version: number; text: string }>(
      "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS text",
    );
    const row = answer.rows[0];
    if (row && row.version < OLDEST_VERSION) {
      throw new DatabaseUnusableError(
        `DATABASE_URL: PostgreSQL ${row.text} is too old, 14 or newer is needed`,
      );
    }
    return null;
  } catch (error) {
    if (error instanceof DatabaseUnusableError) throw error;
    const code = (error as { code?: string }).code;
    if (code !== undefined && FINAL_CODES.has(code)) {
      throw new DatabaseUnusableError(`DATABASE_URL: the database refuses: ${messageOf(error)}`);
    }
    return messageOf(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
