import type { Clock } from "../kernel/clock.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { CommandDefinition, MachineType } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { Route } from "../twin/twin-model.js";
import { ArgumentCheck } from "./argument-check.js";
import { type Command, scheduleProblem, timeoutProblem } from "./command.js";
import type { Lockouts } from "./command-gate.service.js";
import { type CommandPolicy, policyFor } from "./command-policy.js";
import type { TransportOf } from "./command-transport.js";
import { stateProblem } from "./sending-rules.js";

/** A wish to send a command. */
export interface SendCommand {
  readonly machine: string;
  readonly name: string;
  /** Null when none are given. */
  readonly arguments: unknown;
  /** Null for what the machine type says. */
  readonly timeoutMs: number | null;
  readonly expectedRevision: number | null;
  readonly idempotencyKey: string | null;
  /** When it is to be sent; left out or null: as soon as possible. */
  readonly scheduledAt?: Date | null;
}

/** What is taken of a wish. */
export interface Admitted {
  readonly twin: Twin;
  readonly definition: CommandDefinition;
  readonly policy: CommandPolicy;
  readonly route: Route;
  readonly topic: string;
  readonly timeoutMs: number;
}

type Refused = readonly UserErrorValue[];

/** Says whether a command is taken. */
export class CommandAdmission {
  readonly #arguments = new ArgumentCheck();
  readonly #twins: TwinService;
  readonly #lockouts: Lockouts;
  readonly #transportOf: TransportOf;
  readonly #clock: Clock;

  constructor(deps: { twins: TwinService; lockouts: Lockouts; transportOf: TransportOf; clock: Clock }) {
    this.#twins = deps.twins;
    this.#lockouts = deps.lockouts;
    this.#transportOf = deps.transportOf;
    this.#clock = deps.clock;
  }

  /**
   * What must hold for a command to be taken, in the order in which it is told. How the machine is now counts only for
   * a command that is to be sent now: it is looked at again when a command is sent.
   */
  async check(input: SendCommand): Promise<Result<Admitted, Refused>> {
    const twin = this.#twins.byPath(input.machine);
    if (!twin) {
      const message = `there is no machine ${JSON.stringify(input.machine)}`;
      return one(userError("NOT_FOUND", message, ["machine"]));
    }
    const type = twin.machine.machineType;
    const definition = type?.commands.find((command) => command.name === input.name);
    if (!type || !definition) return one(unknownCommand(twin, input.name));
    const checked = this.#checkInput(input, type, definition);
    if (!checked.ok) return checked;

    const { revision } = twin.view;
    if (input.expectedRevision !== null && input.expectedRevision !== revision) {
      const message = `the twin is at revision ${revision}, not at ${input.expectedRevision}`;
      return one(userError("PRECONDITION_FAILED", message, ["expectedRevision"]));
    }
    const problem = await this.#machineProblem(
      twin,
      definition,
      checked.value.policy,
      input.scheduledAt != null,
    );
    if (problem) return one(problem);
    const { route } = twin;
    if (!route) return one(userError("MACHINE_OFFLINE", `${twin.machine.path} was never heard`, ["machine"]));
    const transport = this.#transportOf(route);
    const wrongWay = transport.problemOf(checked.value.policy);
    if (wrongWay !== null) return one(userError("INVALID_INPUT", wrongWay, ["name"]));
    const topic = transport.topicOf(route, definition.name);
    return ok({ twin, definition, route, topic, ...checked.value });
  }

  #checkInput(
    input: SendCommand,
    type: MachineType,
    definition: CommandDefinition,
  ): Result<{ readonly policy: CommandPolicy; readonly timeoutMs: number }, Refused> {
    const args = input.arguments ?? {};
    const problems = [...this.#arguments.check(type, definition, args)];
    const timeout = input.timeoutMs === null ? null : timeoutProblem(input.timeoutMs);
    if (timeout !== null) problems.push(userError("INVALID_INPUT", timeout, ["timeoutMs"]));
    const schedule = input.scheduledAt ? scheduleProblem(input.scheduledAt, this.#clock.now()) : null;
    if (schedule !== null) problems.push(userError("INVALID_INPUT", schedule, ["scheduledAt"]));
    if (problems.length > 0) return err(problems);
    const timeoutMs = input.timeoutMs ?? definition.timeoutMs;
    const policy = policyFor(definition, type, { arguments: args, timeoutMs });
    return policy.ok ? ok({ policy: policy.value, timeoutMs }) : policy;
  }

  async #machineProblem(
    twin: Twin,
    definition: CommandDefinition,
    policy: CommandPolicy,
    later: boolean,
  ): Promise<UserErrorValue | null> {
    if (later) return null;
    const { path, id } = twin.machine;
    const lockout = await this.#lockouts.lockoutOf(id);
    if (lockout) {
      const message = `the maintenance order ${lockout.number} locks ${path} out`;
      return userError("MACHINE_LOCKED_OUT", message, ["machine"]);
    }
    if (!twin.route) return userError("MACHINE_OFFLINE", `${path} was never heard`, ["machine"]);
    if (twin.status === "OFFLINE") return userError("MACHINE_OFFLINE", `${path} is offline`, ["machine"]);
    const state = stateProblem(definition.name, policy, twin.state);
    return state === null ? null : userError("PRECONDITION_FAILED", state, ["machine"]);
  }
}

/** The command that becomes of an admitted wish. */
export function queuedCommand(
  id: string,
  admitted: Admitted,
  input: SendCommand,
  by: { readonly principal: string; readonly now: number },
): Command {
  const scheduledAt = input.scheduledAt ?? null;
  return {
    id,
    machineId: admitted.twin.machine.id,
    name: admitted.definition.name,
    arguments: input.arguments,
    status: "QUEUED",
    reason: null,
    result: null,
    requestedBy: by.principal,
    source: admitted.route.source,
    topic: admitted.topic,
    queuedAt: new Date(by.now),
    sendStartedAt: null,
    sentAt: null,
    acceptedAt: null,
    finishedAt: null,
    expiresAt: new Date((scheduledAt?.getTime() ?? by.now) + admitted.timeoutMs),
    scheduledAt,
    oneAtATime: admitted.definition.oneAtATime,
    policy: admitted.policy,
    sends: 0,
    retryAt: null,
    provedLateAt: null,
  };
}

function one(error: UserErrorValue): Result<never, Refused> {
  return err([error]);
}

function unknownCommand(twin: Twin, name: string): UserErrorValue {
  const type = twin.machine.machineType;
  const known = type?.commands.map((command) => command.name).join(", ");
  const message = type
    ? `the machine type ${type.name} has no command ${JSON.stringify(name)}; it has ${known || "none"}`
    : `${twin.machine.path} has no machine type, and so no command ${JSON.stringify(name)}`;
  return userError("COMMAND_UNKNOWN", message, ["name"]);
}
