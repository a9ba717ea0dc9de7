/** One measured value of a machine. It follows the machine's state with a lag and some noise. */
export interface SensorProfile {
  /** The metric's name; `spindle/speed` becomes `{"spindle":{"speed":...}}`. */
  readonly name: string;
  /** The value towards which it goes while the machine does not produce. */
  readonly resting: number;
  /** The value towards which it goes while the machine produces at its nominal speed. */
  readonly running: number;
  /** Time constant of the lag, ms. */
  readonly lagMs: number;
  /** Standard deviation of the noise, in the metric's unit. */
  readonly noise: number;
  /** Decimal places of the reading. */
  readonly digits: number;
}

/** A fault that a machine of the type now and then has. */
export interface FaultProfile {
  readonly code: string;
  readonly text: string;
}

/** What tells the machines of one type from those of another. */
export interface MachineProfile {
  /** Name of the machine type in the plant file. */
  readonly type: string;
  /** Speed set-point, pieces per minute. */
  readonly speed: { readonly min: number; readonly max: number; readonly nominal: number };
  /** Share of the pieces that are rejects, 0 to 1. */
  readonly rejectShare: number;
  /** Power while producing at the nominal speed and while not, kW. */
  readonly power: { readonly running: number; readonly resting: number };
  readonly sensors: readonly SensorProfile[];
  readonly faults: readonly FaultProfile[];
  /** Mean time of producing between faults, ms. */
  readonly faultEveryMs: number;
  /** Mean time of producing between suspensions (starved, blocked), ms. */
  readonly suspendEveryMs: number;
  /** Pieces after which the machine completes its batch and is set up for the next. */
  readonly batch: number;
}

const MINUTE = 60_000;

/** About 5 bottles/s. */
export const FILLER: MachineProfile = {
  type: "filler",
  speed: { min: 0, max: 600, nominal: 300 },
  rejectShare: 0.01,
  power: { running: 11, resting: 1.2 },
  sensors: [
    { name: "temperature", resting: 8, running: 5.5, lagMs: 60_000, noise: 0.08, digits: 2 },
    { name: "pressure", resting: 0.4, running: 3.2, lagMs: 1500, noise: 0.03, digits: 3 },
    { name: "vibration", resting: 0.2, running: 2.1, lagMs: 700, noise: 0.12, digits: 2 },
    { name: "tank/level", resting: 78, running: 64, lagMs: 30_000, noise: 0.5, digits: 1 },
    { name: "tank/temperature", resting: 7, running: 4.8, lagMs: 120_000, noise: 0.05, digits: 2 },
  ],
  faults: [
    { code: "F101", text: "bottle jam at the infeed star" },
    { code: "F102", text: "product pressure low" },
    { code: "F107", text: "guard door open" },
  ],
  faultEveryMs: 15 * MINUTE,
  suspendEveryMs: 5 * MINUTE,
  batch: 4000,
};

/** About 2 pieces/s: cappers, labelers, palletizers. */
export const PACKAGING: MachineProfile = {
  type: "packaging",
  speed: { min: 0, max: 240, nominal: 120 },
  rejectShare: 0.006,
  power: { running: 4.5, resting: 0.6 },
  sensors: [
    { name: "temperature", resting: 23, running: 41, lagMs: 90_000, noise: 0.15, digits: 2 },
    { name: "vibration", resting: 0.15, running: 1.6, lagMs: 700, noise: 0.1, digits: 2 },
    { name: "pressure", resting: 5.9, running: 5.6, lagMs: 1000, noise: 0.04, digits: 3 },
    { name: "drive/current", resting: 0.4, running: 6.8, lagMs: 400, noise: 0.2, digits: 2 },
    { name: "drive/temperature", resting: 25, running: 52, lagMs: 150_000, noise: 0.2, digits: 1 },
  ],
  faults: [
    { code: "P201", text: "material jam" },
    { code: "P204", text: "magazine empty" },
    { code: "P210", text: "drive over-current" },
  ],
  faultEveryMs: 18 * MINUTE,
  suspendEveryMs: 4 * MINUTE,
  batch: 1800,
};

/** About one piece in 4 s: mills and lathes. */
export const CNC: MachineProfile = {
  type: "cnc",
  speed: { min: 0, max: 30, nominal: 15 },
  rejectShare: 0.015,
  power: { running: 18, resting: 2.4 },
  sensors: [
    { name: "temperature", resting: 24, running: 47, lagMs: 180_000, noise: 0.2, digits: 2 },
    { name: "vibration", resting: 0.3, running: 3.4, lagMs: 600, noise: 0.25, digits: 2 },
    { name: "coolant/pressure", resting: 0.2, running: 6.1, lagMs: 2000, noise: 0.08, digits: 2 },
    { name: "coolant/temperature", resting: 20, running: 27, lagMs: 240_000, noise: 0.1, digits: 1 },
    { name: "spindle/speed", resting: 0, running: 8000, lagMs: 900, noise: 25, digits: 0 },
    { name: "spindle/load", resting: 1, running: 62, lagMs: 500, noise: 4, digits: 1 },
  ],
  faults: [
    { code: "C301", text: "tool broken" },
    { code: "C305", text: "spindle overload" },
    { code: "C312", text: "coolant level low" },
  ],
  faultEveryMs: 20 * MINUTE,
  suspendEveryMs: 8 * MINUTE,
  batch: 300,
};

/** About one piece in 3 s: loading and unloading robots. */
export const ROBOT: MachineProfile = {
  type: "robot",
  speed: { min: 0, max: 40, nominal: 20 },
  rejectShare: 0.003,
  power: { running: 3.1, resting: 0.5 },
  sensors: [
    { name: "temperature", resting: 26, running: 44, lagMs: 120_000, noise: 0.2, digits: 2 },
    { name: "vibration", resting: 0.05, running: 0.9, lagMs: 500, noise: 0.06, digits: 2 },
    { name: "gripper/pressure", resting: 0.1, running: 5.5, lagMs: 800, noise: 0.1, digits: 2 },
    { name: "axis/1/torque", resting: 3, running: 48, lagMs: 300, noise: 5, digits: 1 },
    { name: "axis/2/torque", resting: 12, running: 71, lagMs: 300, noise: 6, digits: 1 },
  ],
  faults: [
    { code: "R401", text: "part lost in the gripper" },
    { code: "R403", text: "safety fence open" },
    { code: "R408", text: "collision detected on axis 2" },
  ],
  faultEveryMs: 25 * MINUTE,
  suspendEveryMs: 5 * MINUTE,
  batch: 500,
};
