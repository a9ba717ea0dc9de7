import { MetricNames } from "../ingest/formats/metric-names.js";
import type { MetricRules } from "../ingest/mapping-metrics.js";
import type { PathTemplate } from "../ingest/mapping-path.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { MetricDefinition as PlantMetric } from "../plant/machine-type.js";
import type { MetricRule } from "../plant/metric-rules.js";
import type { Sample } from "../twin/sample.js";
import type { MetricDefinition } from "./birth.js";
import type { MachineWrite } from "./machine-write.js";
import type { MetricValue } from "./metric-value.js";
import type { MetricWrite } from "./node-command.js";
import { DataType } from "./payload.js";
import { plantMetrics } from "./plant-metrics.js";
import type { EdgeNodeId } from "./sparkplug-topic.js";

/** What stands for a machine at the edge. */
export interface EdgePlace {
  readonly id: EdgeNodeId;
  /** Null for the edge node itself. */
  readonly device: string | null;
}

/** How edge nodes, devices and metrics are called in the plant, as the settings of a source say. */
export class EdgeNames {
  readonly #machine: PathTemplate;
  readonly #node: PathTemplate;
  readonly #machineType: PathTemplate | null;
  readonly #rules: MetricRules;
  readonly #names = new MetricNames();

  constructor(settings: {
    machine: PathTemplate;
    node: PathTemplate;
    /** Null: the machine's path. */
    machineType: PathTemplate | null;
    rules: MetricRules;
  }) {
    this.#machine = settings.machine;
    this.#node = settings.node;
    this.#machineType = settings.machineType;
    this.#rules = settings.rules;
  }

  /** Names, units and scales that differ from those at the edge. */
  get rules(): MetricRules {
    return this.#rules;
  }

  /** The path of the machine, which may be none that a machine can have. */
  pathOf({ id, device }: EdgePlace): string {
    const captures = { group: id.group, edge: id.edgeNode, device: device ?? "" };
    return (device === null ? this.#node : this.#machine).fill(captures);
  }

  /** The name of the type that births make for a machine. */
  typeOf({ id, device }: EdgePlace, machinePath: string): string {
    const captures = { group: id.group, edge: id.edgeNode, device: device ?? id.edgeNode };
    return this.#machineType?.fill(captures) ?? machinePath;
  }

  /** What a metric is called in the plant; null where it is left out, or cannot be called so. */
  metric(name: string): string | null {
    return this.#ruled(name)?.name ?? null;
  }

  /** Whether metrics are called in the plant as they are at the edge, and have the values that they have there. */
  areKept(metrics: readonly MetricDefinition[]): boolean {
    return this.#rules.empty && metrics.every(({ name }) => this.#names.problem(name) === null);
  }

  /** The samples as the plant calls and scales them; what cannot be is told as sentences. */
  samples(samples: readonly Sample[]): { readonly samples: readonly Sample[]; readonly problems: string[] } {
    if (this.#rules.empty && samples.every(({ metric }) => this.#names.problem(metric) === null))
      return { samples, problems: [] };
    const taken: Sample[] = [];
    const problems: string[] = [];
    for (const told of samples) {
      const ruled = this.#rules.one(told);
      if (ruled.kind === "ignored") continue;
      const problem = ruled.kind === "problem" ? ruled.problem : this.#names.problem(ruled.sample.metric);
      if (problem === null && ruled.kind === "sample") taken.push(ruled.sample);
      else problems.push(`${told.metric}: ${problem}`);
    }
    return { samples: taken, problems };
  }

  /** The metrics of a birth as a machine type has them. */
  definitions(metrics: readonly MetricDefinition[]): PlantMetric[] {
    return plantMetrics(metrics).flatMap((metric) => {
      const ruled = this.#ruled(metric.name);
      if (ruled === null) return [];
      const { name, rule } = ruled;
      return [
        { ...(rule?.scale ? rescaled(metric, rule.scale) : metric), name, unit: rule?.unit ?? metric.unit },
      ];
    });
  }

  /**
   * What is written to which metric of a birth, for the plant to see a value: the reverse of `samples`.
   * @returns an error, as a sentence, where no metric can have it.
   */
  writeOf(
    definitions: ReadonlyMap<string, MetricDefinition>,
    { metric, value }: MachineWrite,
  ): Result<MetricWrite, string> {
    const definition = this.#definition(definitions, metric);
    if (definition === undefined) return err(`its birth tells of no metric ${metric}`);
    const written = this.#written(definition, value);
    return written.ok ? ok({ definition, value: written.value }) : err(`${metric}: ${written.error}`);
  }

  #definition(
    definitions: ReadonlyMap<string, MetricDefinition>,
    metric: string,
  ): MetricDefinition | undefined {
    const own = definitions.get(metric);
    if (own !== undefined && (own.control || this.metric(metric) === metric)) return own;
    for (const one of definitions.values()) if (!one.control && this.metric(one.name) === metric) return one;
    return undefined;
  }

  #written({ name, dataType }: MetricDefinition, value: MetricValue): Result<MetricValue, string> {
    if (typeof value === "string" && (dataType === DataType.Bytes || dataType === DataType.File)) {
      const bytes = Buffer.from(value, "base64");
      const whole = bytes.toString("base64").replace(/=+$/, "") === value.replace(/=+$/, "");
      return whole ? ok(new Uint8Array(bytes)) : err("the text is not base64");
    }
    const scale = this.#ruled(name)?.rule?.scale;
    if (!scale || value === null) return ok(value);
    const wanted = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (Number.isNaN(wanted)) return err("the value is no number");
    if (typeof wanted !== "number" && typeof wanted !== "bigint") return err("the value is no number");
    return ok(unscaled(Number(wanted), scale, isReal(dataType)));
  }

  #ruled(name: string): { readonly name: string; readonly rule: MetricRule | null } | null {
    const sample = { metric: name, value: null, time: null, quality: "GOOD" } as const;
    const ruled = this.#rules.one(sample);
    if (ruled.kind !== "sample" || this.#names.problem(ruled.sample.metric) !== null) return null;
    return { name: ruled.sample.metric, rule: ruled.rule };
  }
}

type Scale = NonNullable<MetricRule["scale"]>;

function rescaled(metric: PlantMetric, { factor, offset }: Scale): PlantMetric {
  const ends = [metric.min, metric.max].map((end) => (end === null ? null : end * factor + offset));
  const [min = null, max = null] = factor < 0 ? ends.reverse() : ends;
  const whole = Number.isSafeInteger(factor) && Number.isSafeInteger(offset);
  return {
    ...metric,
    dataType: metric.dataType === "Int64" && !whole ? "Double" : metric.dataType,
    min,
    max,
  };
}

function unscaled(wanted: number, { factor, offset }: Scale, real: boolean): number {
  // The number that scales to 12.3 by 0.1 is 123, and 12.3 / 0.1 is not.
  const divisor = Math.round(1 / factor);
  const value = 1 / divisor === factor ? (wanted - offset) * divisor : (wanted - offset) / factor;
  const nearest = Math.round(value);
  // Rounding may have made it -0.
  return !real && Math.abs(value - nearest) <= Math.abs(nearest) * 1e-9 + 1e-9 ? nearest + 0 : value;
}

function isReal(dataType: number): boolean {
  return dataType === DataType.Float || dataType === DataType.Double;
}
