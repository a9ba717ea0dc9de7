import type { Scalar } from "./sample.js";

/** PackML (ISA-TR88.00.02) states in the order of their StateCurrent numbers; UNKNOWN before the first report. */
export const MACHINE_STATES = [
  "UNKNOWN",
  "CLEARING",
  "STOPPED",
  "STARTING",
  "IDLE",
  "SUSPENDED",
  "EXECUTE",
  "STOPPING",
  "ABORTING",
  "ABORTED",
  "HOLDING",
  "HELD",
  "UNHOLDING",
  "SUSPENDING",
  "UNSUSPENDING",
  "RESETTING",
  "COMPLETING",
  "COMPLETE",
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

export const MACHINE_MODES = ["UNKNOWN", "PRODUCTION", "MAINTENANCE", "MANUAL", "SETUP"] as const;
export type MachineMode = (typeof MACHINE_MODES)[number];

/** A state as its PackML number (1 to 17) or name in any case; anything else is UNKNOWN. */
export function machineStateOf(value: Scalar): MachineState {
  return byNumberOrName(MACHINE_STATES, value);
}

/** A mode as its PackML number (1 production, 2 maintenance, 3 manual, 4 set-up) or name; anything else is UNKNOWN. */
export function machineModeOf(value: Scalar): MachineMode {
  return byNumberOrName(MACHINE_MODES, value);
}

function byNumberOrName<Name extends string>(names: readonly [Name, ...Name[]], value: Scalar): Name {
  const number = typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value;
  if (typeof number === "number") return names[number] ?? names[0];
  if (typeof number !== "string") return names[0];
  const wanted = number
    .trim()
    .toUpperCase()
    .replace(/[\s_-]/g, "");
  return names.find((name) => name === wanted) ?? names[0];
}
