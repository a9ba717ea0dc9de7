import type { Equipment } from "../plant/equipment.js";
import type { CommandProof } from "../plant/machine-type.js";
import type { Route } from "../twin/twin-model.js";
import type { Command } from "./command.js";
import type { CommandWrite } from "./command-policy.js";

/** A command on its way to a machine. */
export interface OutgoingCommand {
  readonly command: Command;
  readonly machine: Equipment;
  /** Where the machine is reached. */
  readonly route: Route;
  /** What the command writes, each value of the metric's type; empty when it writes nothing. */
  readonly writes: readonly CommandWrite[];
}

/** The way of commands to devices of one kind. */
export interface CommandTransport {
  /** The MQTT topic on which the machine gets commands of this name. */
  topicOf(route: Route, name: string): string;
  /** Why a command can never go this way, such as one that awaits a reply where devices send none; null when it can. */
  problemOf(command: {
    readonly confirm: CommandProof;
    readonly writes: readonly CommandWrite[];
  }): string | null;
  /**
   * Hands a command to the broker, and resolves when the broker has it. May be called more than once for one command,
   * which has the same id then.
   *
   * Rejects when the broker did not take it. With a CommandRefused it says itself whether trying again is of use; with
   * a PublishError CONNECTION_LOST the broker may have it; with any other error it surely has not, and it is tried
   * again until it expires.
   */
  send(outgoing: OutgoingCommand): Promise<void>;
}

/** The transport for a machine, by how it is reached. */
export type TransportOf = (route: Route) => CommandTransport;

/** A transport did not send a command, and surely nothing of it. The message says why, for people. */
export class CommandRefused extends Error {
  override readonly name = "CommandRefused";
  /** Whether it never can: the command is FAILED. Else it stays QUEUED, and is tried again until it expires. */
  readonly final: boolean;

  constructor(message: string, { final }: { final: boolean }) {
    super(message);
    this.final = final;
  }
}
