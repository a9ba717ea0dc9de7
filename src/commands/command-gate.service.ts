import { err, ok, type Result } from "../kernel/result.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { Route } from "../twin/twin-model.js";
import type { Command } from "./command.js";
import { type SendingVerdict, sendingVerdict } from "./sending-rules.js";

/** Who says that a machine must not be commanded now. */
export interface Lockouts {
  /** The maintenance order that locks the machine out, if one does. */
  lockoutOf(machineId: string): Promise<{ number: string } | null>;
}

/** Which sources this server consumes: machines are sent something by the server that hears them. */
export interface HeldSources {
  held(): Iterable<string>;
}

/** A machine that this server can send something to. */
export interface Reached {
  readonly twin: Twin;
  readonly route: Route;
}

/** Says whether something may be sent to a machine now. */
export class CommandGate {
  readonly #twins: TwinService;
  readonly #lockouts: Lockouts;
  readonly #sources: HeldSources;

  constructor(deps: { twins: TwinService; lockouts: Lockouts; sources: HeldSources }) {
    this.#twins = deps.twins;
    this.#lockouts = deps.lockouts;
    this.#sources = deps.sources;
  }

  /** The error says why commands wait; null when another server sends them. */
  reach(machineId: string): Result<Reached, string | null> {
    const twin = this.#twins.byId(machineId);
    if (!twin?.route) return err(null);
    const { route } = twin;
    if (![...this.#sources.held()].includes(route.source)) return err(null);
    return twin.status === "OFFLINE" ? err("the machine is offline") : ok({ twin, route });
  }

  /** @throws when the database fails. */
  async verdict(command: Command, twin: Twin): Promise<SendingVerdict> {
    const lockout = await this.#lockouts.lockoutOf(command.machineId);
    return sendingVerdict(command, { state: twin.state, lockedOutBy: lockout?.number ?? null });
  }
}
