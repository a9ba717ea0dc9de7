import type { Route } from "../twin/twin-model.js";
import type { Period, Tracked } from "./delivery-plan.js";
import { type Desired, type DesiredMachine, stepped } from "./desired.js";

/** How a machine was reached. */
export interface Reached {
  readonly connectedSince: number;
  /** When it last came online, as its twin says. */
  readonly onlineSince: Date | null;
  readonly route: Route;
}

/** What is desired of one machine, and what the server that delivers it remembers while it runs. */
export interface MachineDesires {
  readonly machineId: string;
  version: number;
  revision: number;
  changedAt: Date;
  withdrawn: boolean;
  readonly metrics: Map<string, Tracked>;
  /** The last time that a document was handed to the broker: its version, and whether the broker took it. */
  told: { readonly period: number; readonly version: number; readonly refused: string | null } | null;
  /** The present period, or the last one. */
  period: Period;
  /** How it is reached in that period; null when the period is over. */
  reached: Reached | null;
  /** In this period it has reported that it follows everything: only another report can change anything. */
  calm: boolean;
  /** Why nothing may be sent though it could. */
  hold: string | null;
  /** Milliseconds: nothing is tried before. */
  retryAt: number;
  failures: number;
}

/** What is desired of all machines, in memory: what is stored, as far as this server knows. */
export class DesiredBook {
  readonly #machines = new Map<string, MachineDesires>();

  get size(): number {
    return this.#machines.size;
  }

  get(machineId: string): MachineDesires | undefined {
    return this.#machines.get(machineId);
  }

  /** Machines of which something is or was desired. */
  machines(): Iterable<MachineDesires> {
    return this.#machines.values();
  }

  /**
   * Takes over what is stored; what is older than what is known changes nothing.
   * @returns every value that is another than before; those that are gone as CLEARED.
   */
  put(stored: DesiredMachine): readonly Desired[] {
    const machine = this.#machines.get(stored.machineId) ?? this.#add(stored.machineId);
    if (stored.revision <= machine.revision) return [];
    const changed: Desired[] = [];
    const gone = new Map(machine.metrics);
    for (const desired of stored.metrics) {
      gone.delete(desired.metric);
      const known = machine.metrics.get(desired.metric);
      if (known?.desired.version !== desired.version) {
        machine.metrics.set(desired.metric, {
          desired,
          attempt: null,
          confirmedIn: null,
          departedAt: null,
        });
        changed.push(desired);
      } else if (differs(known.desired, desired)) {
        known.desired = desired;
        changed.push(desired);
      }
    }
    for (const [metric, { desired }] of gone) {
      machine.metrics.delete(metric);
      const at = stored.changedAt.getTime();
      changed.push({ ...stepped(desired, "CLEARED", { at }), value: null, version: stored.version });
    }
    const { version, revision, changedAt, withdrawn } = stored;
    Object.assign(machine, { version, revision, changedAt, withdrawn, calm: false });
    return changed;
  }

  #add(machineId: string): MachineDesires {
    const machine: MachineDesires = {
      machineId,
      version: 0,
      revision: 0,
      changedAt: new Date(0),
      withdrawn: false,
      metrics: new Map(),
      told: null,
      period: { number: 0, since: 0 },
      reached: null,
      calm: false,
      hold: null,
      retryAt: 0,
      failures: 0,
    };
    this.#machines.set(machineId, machine);
    return machine;
  }
}

function differs(a: Desired, b: Desired): boolean {
  return a.status !== b.status || a.reason !== b.reason || a.sentAt?.getTime() !== b.sentAt?.getTime();
}
