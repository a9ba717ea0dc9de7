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
}

/** The milliseconds that a caller may give a command. */
const SHORTEST_TIMEOUT_MS = 100;
const LONGEST_TIMEOUT_MS = 3_600_000;

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
  return progress(command.status) > progress(than.status);
}

function progress(status: CommandStatus): number {
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
  return {
    ...command,
    status: to,
    reason: step.reason ?? null,
    result: step.result ?? null,
    sentAt: to === "SENT" ? step.at : command.sentAt,
    acceptedAt: to === "ACCEPTED" ? step.at : command.acceptedAt,
    finishedAt: isFinished(to) ? step.at : null,
  };
}

/**
 * The steps that a device's reply makes, in order; none for a reply that is repeated, out of order or too late. A reply
 * that overtakes the broker's confirmation proves that the command was sent.
 */
export function stepsOfReply(status: CommandStatus, reply: ReplyStatus): readonly CommandStatus[] {
  if (status === "QUEUED") return ["SENT", reply];
  return mayStep(status, reply) ? [reply] : [];
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

/** Why a time-out in milliseconds cannot be taken; null when it can. */
export function timeoutProblem(timeoutMs: number): string | null {
  return timeoutMs >= SHORTEST_TIMEOUT_MS && timeoutMs <= LONGEST_TIMEOUT_MS
    ? null
    : `timeoutMs must be between ${SHORTEST_TIMEOUT_MS} and ${LONGEST_TIMEOUT_MS} (1 h)`;
}

export function commandTopic(deviceTopic: string, name: string): string {
  return `${deviceTopic}/cmd/${name}`;
}

/** Where the device's replies to a command are awaited. */
export function replyTopic(command: Pick<Command, "topic">): string {
  return `${command.topic}/reply`;
}

/** What the device gets; the same however often it is sent. */
export function commandMessage(command: Command): Buffer {
  return Buffer.from(
    JSON.stringify({
      id: command.id,
      name: command.name,
      arguments: command.arguments ?? {},
      issuedAt: command.queuedAt.toISOString(),
      expiresAt: command.expiresAt.toISOString(),
      replyTo: replyTopic(command),
    }),
  );
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
