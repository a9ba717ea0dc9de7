import { isUuid } from "../kernel/ids.js";
import { err, ok, type Result } from "../kernel/result.js";
import { REPLY_STATUSES, type ReplyStatus } from "./command.js";
import { storableJson, storableText } from "./storable-json.js";

/** What a device says about a command. */
export interface Reply {
  readonly id: string;
  readonly status: ReplyStatus;
  readonly reason: string | null;
  readonly result: unknown;
}

/** Reads `{id, status, reason?, result?}`; the error says what is wrong with it. */
export function decodeReply(payload: Buffer): Result<Reply, string> {
  let body: unknown;
  try {
    body = JSON.parse(payload.toString("utf8"));
  } catch {
    return err("the reply is not JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return err("the reply is not a JSON object");
  const { id, status, reason = null, result = null } = body as Record<string, unknown>;
  if (id === undefined) return err("the reply has no id");
  if (typeof id !== "string" || !isUuid(id)) return err(`the reply's id ${shown(id)} is not a command's id`);
  const known = REPLY_STATUSES.find((name) => name === status);
  if (known === undefined)
    return err(`the reply's status must be one of ${REPLY_STATUSES.join(", ")}, not ${shown(status)}`);
  if (reason !== null && typeof reason !== "string")
    return err(`the reply's reason must be a string, not ${shown(reason)}`);
  const stored = storableJson(result);
  if (!stored.ok) return err(`the reply's result is ${stored.error}`);
  return ok({
    id: id.toLowerCase(),
    status: known,
    reason: reason === null ? null : storableText(reason),
    result: stored.value,
  });
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return JSON.stringify(value).slice(0, 80);
}
