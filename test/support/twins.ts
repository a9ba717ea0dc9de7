import { newId } from "../../src/kernel/ids.js";
import type { MachineType, MetricDefinition } from "../../src/plant/machine-type.js";
import { Plant } from "../../src/plant/plant.js";
import { Twin } from "../../src/twin/machine-twin.js";
import type { Sample, Scalar } from "../../src/twin/sample.js";
import type { Arrival, ReducerLimits } from "../../src/twin/twin-model.js";

/** A moment to count from: 2026-01-05T08:00:00Z. */
export const T0 = Date.UTC(2026, 0, 5, 8);

export const LIMITS: ReducerLimits = { maxAheadMs: 300_000, maxMetrics: 100, discovery: true };

/** A machine type with the given metrics. */
export function machineType(
  metrics: readonly Partial<MetricDefinition>[],
  options: { staleAfterMs?: number; offlineAfterMs?: number | null } = {},
): MachineType {
  return {
    id: newId(),
    name: "filler",
    version: 1,
    appliesTo: ["*/*"],
    staleAfterMs: options.staleAfterMs ?? 60_000,
    offlineAfterMs: options.offlineAfterMs ?? null,
    metrics: metrics.map((metric, index) => ({
      name: `metric-${index}`,
      dataType: "Double",
      unit: null,
      role: null,
      writable: false,
      min: null,
      max: null,
      staleAfterMs: null,
      ...metric,
    })),
    commands: [],
  };
}

/** The twin of a new machine, of that type where one is given. */
export function makeTwin(type?: MachineType): Twin {
  const plant = new Plant();
  if (type) plant.setType(type);
  return new Twin(plant.discover("acme/filler-1").machine);
}

export function sample(
  metric: string,
  value: Scalar,
  time: number | null,
  more: Partial<Sample> = {},
): Sample {
  return { metric, value, time, quality: "GOOD", ...more };
}

/** A message that came live at that time. */
export function live(receivedAt: number): Arrival {
  return { receivedAt, retained: false };
}
