import type { Clock } from "../kernel/clock.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { MachineModel, OperatorRequest } from "./machine-model.js";
import type { PackmlState } from "./packml.js";

/** An answer to a command, as JSON on the command's reply topic. */
export interface CommandReply {
  readonly id: string;
  readonly status: "ACCEPTED" | "REJECTED" | "COMPLETED" | "FAILED";
  /** Why it was rejected or failed. */
  readonly reason?: string;
  readonly result?: Readonly<Record<string, number | string>>;
}

/** An answer and the topic on which it is awaited. */
export interface Answer {
  readonly replyTo: string;
  readonly reply: CommandReply;
}

interface CommandMessage {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly expiresAt: number | null;
  readonly replyTo: string;
}

/** A command whose target state is not reached yet. */
interface Pending {
  readonly id: string;
  readonly name: string;
  readonly replyTo: string;
  readonly target: PackmlState;
}

const REQUESTS: readonly OperatorRequest[] = ["start", "stop", "hold", "unhold", "reset", "clear"];

/**
 * Takes a machine's commands: decides, asks the model, and remembers what it answered, because a broker may
 * bring a command twice. It has no I/O: answers are returned for the caller to publish.
 */
export class CommandDesk {
  readonly #model: MachineModel;
  readonly #clock: Clock;
  readonly #remember: number;
  /** Answers given so far by command id, the oldest id first. */
  readonly #answers = new Map<string, CommandReply[]>();
  #pending: Pending[] = [];
  #malformed = 0;

  /** `remember` is how many command ids are known again; beyond it the oldest are forgotten. */
  constructor(options: { model: MachineModel; clock: Clock; remember?: number }) {
    this.#model = options.model;
    this.#clock = options.clock;
    this.#remember = options.remember ?? 500;
  }

  /** How many messages were no command. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * The answers to publish for a message; more may follow from `settle`. `fallback` stands in for what the
   * payload leaves out: the reply topic of MQTT 5. The error says why the message is no command.
   */
  receive(payload: Buffer | string, fallback: { replyTo?: string } = {}): Result<Answer[], string> {
    const parsed = parseCommand(payload.toString(), fallback);
    if (!parsed.ok) {
      this.#malformed += 1;
      return parsed;
    }
    const command = parsed.value;
    const before = this.#answers.get(command.id);
    if (before) return ok(before.map((reply) => ({ replyTo: command.replyTo, reply })));
    this.#answers.set(command.id, []);
    this.#forget();
    return ok(this.#execute(command));
  }

  /** Answers of commands that the machine has fulfilled or failed since; to be called after each step. */
  settle(): Answer[] {
    if (this.#pending.length === 0) return [];
    const state = this.#model.state;
    const answers: Answer[] = [];
    const open: Pending[] = [];
    for (const pending of this.#pending) {
      if (state === pending.target) {
        answers.push(this.#answer(pending, { id: pending.id, status: "COMPLETED", result: { state } }));
      } else if (state === "ABORTING" || state === "ABORTED") {
        const fault = this.#model.fault;
        const reason = fault ? `fault ${fault.code}: ${fault.text}` : `the machine is in ${state}`;
        answers.push(this.#answer(pending, { id: pending.id, status: "FAILED", reason }));
      } else {
        open.push(pending);
      }
    }
    this.#pending = open;
    return answers;
  }

  #execute(command: CommandMessage): Answer[] {
    const { id } = command;
    if (command.expiresAt !== null && command.expiresAt <= this.#clock.now()) {
      return [this.#answer(command, { id, status: "REJECTED", reason: "expired" })];
    }
    if (command.name === "setSpeed") return this.#setSpeed(command);
    const request = REQUESTS.find((known) => known === command.name);
    if (!request) {
      return [this.#answer(command, { id, status: "REJECTED", reason: `unknown command ${command.name}` })];
    }
    const outcome = this.#model.request(request);
    if (!outcome.ok) return [this.#answer(command, { id, status: "REJECTED", reason: outcome.error })];
    const answers = this.#supersede(outcome.value, command);
    answers.push(this.#answer(command, { id, status: "ACCEPTED" }));
    this.#pending.push({ id, name: command.name, replyTo: command.replyTo, target: outcome.value });
    // A machine that is already there reports it at once.
    answers.push(...this.settle());
    return answers;
  }

  #setSpeed(command: CommandMessage): Answer[] {
    const { id } = command;
    const { speed } = command.arguments;
    const outcome =
      typeof speed === "number"
        ? this.#model.setSpeed(speed)
        : err("setSpeed needs the argument speed, a number");
    if (!outcome.ok) return [this.#answer(command, { id, status: "REJECTED", reason: outcome.error })];
    return [
      this.#answer(command, { id, status: "ACCEPTED" }),
      this.#answer(command, { id, status: "COMPLETED", result: { speed: outcome.value } }),
    ];
  }

  /** A machine goes to one place at a time: commands with another target have failed. */
  #supersede(target: PackmlState, by: CommandMessage): Answer[] {
    const overtaken = this.#pending.filter((pending) => pending.target !== target);
    this.#pending = this.#pending.filter((pending) => pending.target === target);
    return overtaken.map((pending) =>
      this.#answer(pending, {
        id: pending.id,
        status: "FAILED",
        reason: `superseded by ${by.name} ${by.id}`,
      }),
    );
  }

  #answer(to: { id: string; replyTo: string }, reply: CommandReply): Answer {
    this.#answers.get(to.id)?.push(reply);
    return { replyTo: to.replyTo, reply };
  }

  #forget(): void {
    for (const id of this.#answers.keys()) {
      if (this.#answers.size <= this.#remember) return;
      this.#answers.delete(id);
    }
  }
}

function parseCommand(text: string, fallback: { replyTo?: string }): Result<CommandMessage, string> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return err("not JSON");
  }
  if (!isRecord(body)) return err("not a JSON object");
  const { id, name } = body;
  if (typeof id !== "string" || id === "") return err("id is missing");
  if (typeof name !== "string" || name === "") return err("name is missing");
  const replyTo = body.replyTo ?? fallback.replyTo;
  if (typeof replyTo !== "string" || replyTo === "" || /[+#]/.test(replyTo)) return err("replyTo is missing");
  const given = body.arguments ?? {};
  if (!isRecord(given)) return err("arguments is not an object");
  const expiresAt = instant(body.expiresAt);
  if (Number.isNaN(expiresAt)) return err("expiresAt is no time");
  return ok({ id, name, arguments: given, expiresAt, replyTo });
}

/** Milliseconds of an ISO 8601 text or a number of milliseconds; null when there is none, NaN when it is neither. */
function instant(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return value;
  return typeof value === "string" ? Date.parse(value) : Number.NaN;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
