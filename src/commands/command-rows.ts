import type { Command } from "./command.js";
import { policyOf } from "./command-policy.js";

/** A command's columns, named as `commandOf` reads them. */
export const COLUMNS = `id, machine_id AS "machineId", name, arguments, status, reason, result, requested_by AS "requestedBy",
  source, topic, queued_at AS "queuedAt", send_started_at AS "sendStartedAt", sent_at AS "sentAt",
  accepted_at AS "acceptedAt", finished_at AS "finishedAt", expires_at AS "expiresAt", scheduled_at AS "scheduledAt",
  one_at_a_time AS "oneAtATime", policy, sends, retry_at AS "retryAt", proved_late_at AS "provedLateAt"`;

/** A row of the table of commands. */
export interface CommandRow extends Omit<Command, "policy" | "status"> {
  readonly status: string;
  readonly policy: object;
}

export function commandOf(row: CommandRow): Command {
  return { ...row, status: row.status as Command["status"], policy: policyOf(row.policy) };
}
