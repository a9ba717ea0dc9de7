import { CNC, FILLER, type MachineProfile, PACKAGING, ROBOT } from "./machine-profiles.js";

/** A machine of the simulated plant. */
export interface DemoMachineSpec {
  /** Equipment path, and the topic below which the machine publishes. */
  readonly path: string;
  readonly profile: MachineProfile;
}

const LINE = "acme/berlin/bottling/line-1";
const CELL = "acme/berlin/machining/cell-1";

/** The plant that `examples/demo-plant.yaml` describes: a bottling line and a machining cell. */
export const DEMO_MACHINES: readonly DemoMachineSpec[] = [
  { path: `${LINE}/filler-1`, profile: FILLER },
  { path: `${LINE}/capper-1`, profile: PACKAGING },
  { path: `${LINE}/labeler-1`, profile: PACKAGING },
  { path: `${LINE}/palletizer-1`, profile: PACKAGING },
  { path: `${CELL}/mill-1`, profile: CNC },
  { path: `${CELL}/mill-2`, profile: CNC },
  { path: `${CELL}/lathe-1`, profile: CNC },
  { path: `${CELL}/robot-1`, profile: ROBOT },
];
