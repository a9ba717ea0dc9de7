import type { Equipment } from "../plant/equipment.js";
import type { Route } from "../twin/twin-model.js";
import type { Desired } from "./desired.js";

/** What of a machine's desired values it does not follow. */
export interface DesiredDelta {
  /** Where the machine is reached. */
  readonly route: Route;
  readonly machine: Equipment;
  /** The machine's desired version: of two deltas the one with the higher version is the newer. */
  readonly version: number;
  /** When that version was made. */
  readonly issuedAt: Date;
  /** Empty when what an earlier delta wanted is no longer wanted. */
  readonly metrics: readonly Desired[];
  /** Milliseconds after which it need not be delivered any more: if the machine was away, it is sent again. */
  readonly expiresInMs: number;
}

/** The way of desired values to devices of one kind. */
export interface DesiredWriter {
  /**
   * Hands a delta to the broker, and resolves when the broker has confirmed all of it. It may be handed over more than
   * once. Rejects when the broker did not take it: with a PublishError that says whether trying again is of use.
   */
  write(delta: DesiredDelta): Promise<void>;
}

/** The writer for a machine, by how it is reached. */
export type WriterOf = (route: Route) => DesiredWriter;
