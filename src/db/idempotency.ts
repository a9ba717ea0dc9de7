import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { Database } from "./database.js";

const LONGEST_KEY = 256;

/** What a mutation's caller may send to make repeating it harmless. */
export interface IdempotentCall {
  readonly principal: string;
  readonly key: string | null;
  /** The mutation's name: one key cannot serve two. */
  readonly operation: string;
  /** The input without the key. */
  readonly input: unknown;
}

/**
 * Runs `work` once per key within the caller's transaction. The same key with the same input gives what `work` gave
 * the first time; with another input it is refused. Two calls at the same time: the second waits for the first.
 * @param work must return what JSON can hold.
 */
export async function once<Payload>(
  manager: EntityManager,
  call: IdempotentCall,
  work: () => Promise<Payload>,
): Promise<{ payload: Payload; replayed: boolean } | { refused: UserErrorValue }> {
  if (call.key === null) return { payload: await work(), replayed: false };
  if (call.key.includes("\u0000") || call.key === "" || call.key.length > LONGEST_KEY) {
    const message = `an idempotency key has 1 to ${LONGEST_KEY} characters, none of them NUL`;
    return { refused: userError("INVALID_INPUT", message, ["idempotencyKey"]) };
  }
  const hash = createHash("sha256").update(call.operation).update(stable(call.input)).digest("hex");
  const inserted: unknown[] = await manager.query(
    `INSERT INTO idempotency (principal, key, input_hash) VALUES ($1, $2, $3)
     ON CONFLICT (principal, key) DO NOTHING RETURNING key`,
    [call.principal, call.key, hash],
  );
  if (inserted.length === 0) {
    const rows: { input_hash: string; payload: Payload }[] = await manager.query(
      "SELECT input_hash, payload FROM idempotency WHERE principal = $1 AND key = $2",
      [call.principal, call.key],
    );
    const stored = rows[0];
    if (stored?.input_hash === hash) return { payload: stored.payload, replayed: true };
    const message = `the idempotency key "${call.key}" was used before with another input`;
    return { refused: userError("IDEMPOTENCY_KEY_REUSED", message, ["idempotencyKey"]) };
  }
  const payload = await work();
  await manager.query("UPDATE idempotency SET payload = $3 WHERE principal = $1 AND key = $2", [
    call.principal,
    call.key,
    JSON.stringify(payload),
  ]);
  return { payload, replayed: false };
}

/** Forgets keys that are older than a week. */
export async function forgetOldKeys(db: Database): Promise<void> {
  await db.query("DELETE FROM idempotency WHERE created_at < now() - interval '7 days'");
}

/** JSON with sorted keys, so that the order of fields makes no other input. */
function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === "bigint") return item.toString();
      if (typeof item !== "object" || item === null || Array.isArray(item) || item instanceof Date)
        return item;
      return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? ""
  );
}
