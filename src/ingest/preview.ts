import type { Plant } from "../plant/plant.js";
import { coerce, type Quality, type Sample, type Scalar, unusable } from "../twin/sample.js";
import type { MappingTable } from "./mapping.js";

/** What a message would become. */
export interface Preview {
  readonly mapping: string | null;
  readonly machine: string | null;
  readonly samples: readonly {
    readonly metric: string;
    readonly value: Scalar;
    readonly sourceTime: Date | null;
    readonly quality: Quality;
  }[];
  /** Why it, or a part of it, would become nothing. */
  readonly problem: string | null;
}

/** What of a source decides what a message becomes. */
export interface PreviewSource {
  readonly table: MappingTable;
  readonly discovery: boolean;
}

/** What a message on a topic would become, by the first source whose mappings take the topic. Applies nothing. */
export function preview(
  sources: readonly PreviewSource[],
  plant: Plant,
  topic: string,
  payload: Buffer,
): Preview {
  let problem = sources.length === 0 ? "there is no source" : "no mapping takes this topic";
  for (const { table, discovery } of sources) {
    const routed = table.route(topic);
    switch (routed.kind) {
      case "command":
        return { ...NOTHING, problem: "this is a topic of commands to devices, never telemetry" };
      case "reply":
        return { ...NOTHING, problem: "this is a topic of devices' answers to commands, never telemetry" };
      case "broker":
        return { ...NOTHING, problem: "on this topic the broker tells of itself, never telemetry" };
      case "unmapped":
        problem = routed.reason;
        continue;
      case "machine": {
        const base = { ...NOTHING, mapping: routed.mapping.name, machine: routed.path };
        if (!discovery && !plant.machine(routed.path)) {
          return { ...base, problem: `there is no machine ${routed.path}, and the source does not discover` };
        }
        const decoded = routed.mapping.decode(payload, routed.metric);
        if (decoded.kind === "problem") return { ...base, problem: decoded.problem };
        if (decoded.kind === "connectivity") {
          return {
            ...base,
            problem: `no samples: it says that the machine is ${decoded.online ? "online" : "offline"}`,
          };
        }
        const problems = decoded.problems.map((one) => `${one.field}: ${one.problem}`);
        const samples = decoded.samples.flatMap((sample) => {
          const typed = typedValue(plant, routed.path, sample);
          if (typed.problem !== null) {
            problems.push(`${sample.metric}: ${typed.problem}`);
            return [];
          }
          const sourceTime = sample.time === null ? null : dateOf(sample.time);
          return [{ metric: sample.metric, value: typed.value, sourceTime, quality: sample.quality }];
        });
        return { ...base, samples, problem: problems.length > 0 ? problems.join("; ") : null };
      }
    }
  }
  return { ...NOTHING, problem };
}

/** Null for a time beyond all dates, instead of which the receive time counts. */
function dateOf(time: number): Date | null {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

const NOTHING: Preview = { mapping: null, machine: null, samples: [], problem: null };

function typedValue(
  plant: Plant,
  path: string,
  sample: Sample,
): { value: Scalar; problem: null } | { value: null; problem: string } {
  const type = plant.byPath(path)?.machineType ?? plant.typeFor(path);
  const definition = type?.metrics.find((metric) => metric.name === sample.metric);
  const value = definition ? coerce(sample.value, definition.dataType) : sample.value;
  if (value === undefined) {
    return {
      value: null,
      problem: `${JSON.stringify(String(sample.value))} is not a value of type ${definition?.dataType}`,
    };
  }
  const problem = unusable(value);
  return problem === null ? { value, problem } : { value: null, problem };
}
