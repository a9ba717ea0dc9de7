import { stringify } from "lossless-json";
import type { CommandPolicy } from "./command-policy.js";

export const COMMAND_STATUSES = [
  "QUEUED",
  "SENT",
  "ACCEPTED",
  "COMPLETED",
  "REJECTED",
  "FAILED",
  "TIMED_OUT",
  "EXPIRED",
  "CANCELLED",
] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

/** What a device may answer. */
export const REPLY_STATUSES = ["ACCEPTED", "REJECTED", "COMPLETED", "FAILED"] as const;
export type ReplyStatus = (typeof REPLY_STATUSES)[number];

/** A command as one of its steps left it. Never changed. */
export interface Command {
  /** A UUIDv7: a machine's commands are in the order of their ids. */
  readonly id: string;
  readonly machineId: string;
  readonly name: string;
  /** Null when none were given. */
  readonly arguments: unknown;
  readonly status: CommandStatus;
  readonly reason: string | null;
  readonly result: unknown;
  readonly requestedBy: string;
  /** The source whose broker takes it. */
  readonly source: string;
  /** Where it is published. */
  readonly topic: string;
  readonly queuedAt: Date;
  /** Set while the broker may have it without our knowing; null again when it surely has not. */
  readonly sendStartedAt: Date | null;
  readonly sentAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date;
  /** It is not sent before; null: it is sent as soon as its turn comes. */
  readonly scheduledAt: Date | null;
  /** It waits for the end of every other such command to the machine. */
  readonly oneAtATime: boolean;
  readonly policy: CommandPolicy;
  /** How often the broker has taken it. */
  readonly sends: number;
  /** When it is sent again unless something has come by then; null: not again. */
  readonly retryAt: Date | null;
  /** When the proof came after it had ended without one. */
  readonly provedLateAt: Date | null;
}

/** The milliseconds that a caller may give a command. */
const SHORTEST_TIMEOUT_MS = 100;
const LONGEST_TIMEOUT_MS = 3_600_000;
/** How far ahead a command may be scheduled, in milliseconds: a year. */
const LONGEST_AHEAD_MS = 366 * 86_400_000;

const FROM_DEVICE = ["COMPLETED", "REJECTED", "FAILED", "TIMED_OUT"] as const;
const NEXT: Readonly<Record<CommandStatus, readonly CommandStatus[]>> = {
  QUEUED: ["SENT", "EXPIRED", "CANCELLED", "FAILED"],
  SENT: ["ACCEPTED", ...FROM_DEVICE],
  ACCEPTED: FROM_DEVICE,
  COMPLETED: [],
  REJECTED: [],
  FAILED: [],
  TIMED_OUT: [],
  EXPIRED: [],
  CANCELLED: [],
};

export function mayStep(from: CommandStatus, to: CommandStatus): boolean {
  return NEXT[from].includes(to);
}

export function isFinished(status: CommandStatus): boolean {
  return NEXT[status].length === 0;
}

/** Whether `command` is a later step of the same command than `than`. */
export function isAhead(command: Command, than: Command): boolean {
  return progress(command) > progress(than);
}

function progress({ status, provedLateAt }: Command): number {
  if (provedLateAt !== null) return 4;
  return isFinished(status) ? 3 : ["QUEUED", "SENT", "ACCEPTED"].indexOf(status);
}

/**
 * The command after a step. Times are set by the status; reason and result are the step's own.
 * @throws Error when the step is not possible: callers decide before.
 */
export function stepped(
  command: Command,
  to: CommandStatus,
  step: { readonly at: Date; readonly reason?: string | null; readonly result?: unknown },
): Command {
  if (!mayStep(command.status, to)) throw new Error(`no step leads from ${command.status} to ${to}`);
  const sends = to === "SENT" ? command.sends + 1 : command.sends;
  return {
    ...command,
    sends,
    retryAt: to === "SENT" ? nextRetry(command, sends, step.at) : null,
    status: to,
    reason: step.reason ?? null,
    result: step.result ?? null,
    sentAt: to === "SENT" ? step.at : command.sentAt,
    acceptedAt: to === "ACCEPTED" ? step.at : command.acceptedAt,
    finishedAt: isFinished(to) ? step.at : null,
  };
}

/** When a command that was sent at `at`, so many times by then, is sent again; null when not. */
export function nextRetry(command: Command, sends: number, at: Date): Date | null {
  const { retries, retryAfterMs } = command.policy;
  const next = new Date(at.getTime() + retryAfterMs);
  return sends <= retries && next < command.expiresAt ? next : null;
}

/**
 * The steps that a device's reply makes, in order; none for a reply that is repeated, out of order or too late. A reply
 * that overtakes the broker's confirmation proves that the command was sent. Where something else is the proof, the
 * device's word that it is done tells only that it has taken the command.
 */
export function stepsOfReply(
  status: CommandStatus,
  reply: ReplyStatus,
  confirm: CommandPolicy["confirm"] = "reply",
): readonly CommandStatus[] {
  const to = reply === "COMPLETED" && confirm !== "reply" ? "ACCEPTED" : reply;
  if (status === "QUEUED") return ["SENT", to];
  return mayStep(status, to) ? [to] : [];
}

/** The steps that an echo or a state makes, in order; none for a command that surely was not sent, or has ended. */
export function stepsOfProof(command: Command): readonly CommandStatus[] {
  if (command.status !== "QUEUED") return mayStep(command.status, "COMPLETED") ? ["COMPLETED"] : [];
  return command.sendStartedAt === null ? [] : ["SENT", "COMPLETED"];
}

/** Whether a proof that comes now is too late: the command stays as it ended, and the proof is noted. */
export function isProvedLate(command: Command): boolean {
  const unproven =
    command.status === "TIMED_OUT" || (command.status === "EXPIRED" && command.sendStartedAt !== null);
  return unproven && command.provedLateAt === null;
}

/** Why a command cannot be cancelled; null when it can. */
export function cancelProblem(command: Command): string | null {
  if (command.status === "SENT" || command.status === "ACCEPTED")
    return `the command is ${command.status}: what was sent to a device cannot be recalled`;
  if (command.status !== "QUEUED") return `the command is ${command.status} already`;
  if (command.sendStartedAt !== null)
    return "the command is being sent and the broker may have it already: what was sent cannot be recalled";
  return null;
}

/** How an open command ends when its time is over, and why. */
export const EXPIRIES = {
  QUEUED: { status: "EXPIRED", reason: "the broker did not confirm the command before it expired" },
  SENT: { status: "TIMED_OUT", reason: "the device did not answer in time" },
  ACCEPTED: {
    status: "TIMED_OUT",
    reason: "the device accepted the command but did not report its end in time",
  },
} as const;

/** Why a command that was sent or accepted ends, where the proof is not the device's reply. */
export const UNPROVEN = {
  echo: "the machine did not report in time what was written",
  /** The states follow. */
  state: "the machine did not reach in time the state",
} as const;

/** Why a command that was never handed to the broker expires. */
export const NOT_SENT = "the command could not be sent before it expired";

/** Why a time-out in milliseconds cannot be taken; null when it can. */
export function timeoutProblem(timeoutMs: number): string | null {
  return timeoutMs >= SHORTEST_TIMEOUT_MS && timeoutMs <= LONGEST_TIMEOUT_MS
    ? null
    : `timeoutMs must be between ${SHORTEST_TIMEOUT_MS} and ${LONGEST_TIMEOUT_MS} (1 h)`;
}

/** Why a command cannot be scheduled for then; null when it can. */
export function scheduleProblem(scheduledAt: Date, now: number): string | null {
  const ahead = scheduledAt.getTime() - now;
  if (ahead <= 0) return "scheduledAt must lie in the future";
  return ahead <= LONGEST_AHEAD_MS ? null : "scheduledAt must lie within a year";
}

export function commandTopic(deviceTopic: string, name: string): string {
  return `${deviceTopic}/cmd/${name}`;
}

/** Where the device's replies to a command are awaited. */
export function replyTopic(command: Pick<Command, "topic">): string {
  return `${command.topic}/reply`;
}

/** What a JSON device gets; the same however often it is sent. Integers keep all their digits. */
export function commandMessage(command: Command): Buffer {
  const { writes } = command.policy;
  const document = stringify({
    id: command.id,
    name: command.name,
    arguments: command.arguments ?? {},
    ...(writes.length === 0
      ? {}
      : { writes: Object.fromEntries(writes.map(({ metric, value }) => [metric, value])) }),
    issuedAt: command.queuedAt.toISOString(),
    expiresAt: command.expiresAt.toISOString(),
    replyTo: replyTopic(command),
  });
  return Buffer.from(document ?? "");
}

const LONGEST_EXPIRY_S = 4_294_967_295;

/** The MQTT message expiry in seconds: what is left, at least 1. */
export function messageExpiryS(command: Command, now: number): number {
  const left = Math.ceil((command.expiresAt.getTime() - now) / 1000);
  return Math.min(Math.max(left, 1), LONGEST_EXPIRY_S);
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;

/** How long to wait in milliseconds after so many failures in a row, the first being 1. */
export function backoffMs(failures: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10), LONGEST_BACKOFF_MS);
}
