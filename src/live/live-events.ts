import type { Command } from "../commands/command.js";
import type { Desired } from "../desired/desired.js";
import type { Equipment } from "../plant/equipment.js";
import type { Quality, Scalar } from "../twin/sample.js";
import type { TwinChange } from "../twin/twin-change.js";
import type { StateChange } from "../twin/twin-model.js";

/** A sample as a device sent it, under its canonical topic. */
export interface TelemetryReceived {
  readonly topic: string;
  readonly machine: string;
  readonly metric: string;
  readonly value: Scalar;
  readonly quality: Quality;
  readonly sourceTime: Date;
  readonly receivedTime: Date;
}

/** Something of a machine changed; who listens reads the present row. */
export interface RecordChanged {
  readonly id: string;
  /** The machines concerned; empty when none is. */
  readonly machines: readonly Equipment[];
}

export interface OrderChanged extends RecordChanged {
  readonly number: string;
}

/** What is desired of a machine is another than before. */
export interface DesiredChanged extends RecordChanged {
  /** Each value as this change left it; those that are no longer desired as CLEARED. */
  readonly changed: readonly Desired[];
}

/** One step of a command, with the command as that step left it: a later step may have been made since. */
export interface CommandChanged extends RecordChanged {
  readonly command: Command;
}

/** When machines are to work is told otherwise than before. */
export interface CalendarChanged {
  readonly machines: readonly Equipment[];
  /** The earliest moment concerned, in ms. */
  readonly from: number;
}

/** What people say of machines' downtimes is another than before. */
export interface DowntimeStated {
  readonly machines: readonly Equipment[];
  /** The earliest moment concerned, in ms. */
  readonly from: number;
}

/** What machines did is told otherwise than before. */
export interface ActivityChanged {
  readonly machines: readonly Equipment[];
  /** The earliest moment concerned, in ms. */
  readonly from: number;
}

/** What is published while the server runs, by kind. */
export interface LiveEvents {
  /** A change that is to outlast the call must be kept: see `TwinChange`. */
  twinChanged: TwinChange;
  machineStateChanged: { readonly change: TwinChange; readonly state: StateChange };
  telemetryReceived: TelemetryReceived;
  commandChanged: CommandChanged;
  desiredChanged: DesiredChanged;
  orderChanged: OrderChanged;
  maintenanceOrderChanged: RecordChanged;
  /** Not told of what raises or clears a shelved alarm. */
  alarmChanged: RecordChanged;
  calendarChanged: CalendarChanged;
  /** Once it is committed. */
  activityChanged: ActivityChanged;
  downtimeStated: DowntimeStated;
}
export type LiveEventKind = keyof LiveEvents;
