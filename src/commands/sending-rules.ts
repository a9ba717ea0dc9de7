import type { Command } from "./command.js";
import type { CommandPolicy } from "./command-policy.js";

/** How a machine is when a command to it is to be sent. */
export interface SendingSituation {
  /** Its PackML state. */
  readonly state: string;
  /** The number of the maintenance order that locks it out; null when none does. */
  readonly lockedOutBy: string | null;
}

/** What becomes of a command whose turn has come. */
export type SendingVerdict =
  | { readonly kind: "send" }
  /** It is not sent now. */
  | { readonly kind: "wait"; readonly reason: string }
  /** It is never sent. */
  | { readonly kind: "fail"; readonly reason: string };

const SEND: SendingVerdict = { kind: "send" };

/** Why a command must not be sent in that PackML state; null when it may. */
export function stateProblem(name: string, policy: CommandPolicy, state: string): string | null {
  const { allowedStates, confirm, reaches } = policy;
  if (allowedStates !== null && !allowedStates.includes(state))
    return `the machine is ${state}; ${name} is allowed in ${allowedStates.join(", ")}`;
  // In PackML it is no command of that state, and a state that was there before proves nothing.
  if (confirm === "state" && reaches.includes(state))
    return `the machine is ${state} already, and that is what ${name} would be known by`;
  return null;
}

/** What becomes of a command that could be sent to the machine now. */
export function sendingVerdict(command: Command, situation: SendingSituation): SendingVerdict {
  const { lockedOutBy, state } = situation;
  const problem =
    lockedOutBy === null
      ? stateProblem(command.name, command.policy, state)
      : `the maintenance order ${lockedOutBy} locks the machine out`;
  if (problem === null) return SEND;
  // The device may have it and work on it: that it failed would be a guess.
  const mayHaveIt = command.sendStartedAt !== null;
  return mayHaveIt
    ? { kind: "wait", reason: `it may have been sent, and is not sent again: ${problem}` }
    : { kind: "fail", reason: problem };
}
