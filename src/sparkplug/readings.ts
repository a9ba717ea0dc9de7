import type { Quality } from "../twin/sample.js";
import { type Birth, DEEPEST_TEMPLATE, isControl, type MetricDefinition } from "./birth.js";
import { qualityOf } from "./metric-properties.js";
import { type MetricValue, metricValueOf } from "./metric-value.js";
import { DataType, type Metric, type Payload } from "./payload.js";

/** One value of one metric, with what the birth tells of it. */
export interface Reading {
  readonly metric: string;
  readonly value: MetricValue;
  /** Milliseconds since 1970: the metric's time or else the message's; null when it has neither. */
  readonly time: number | null;
  readonly quality: Quality;
  /** Told after the fact: stored, never shown as the present. */
  readonly historical?: boolean;
  /** Shown, never stored. */
  readonly transient?: boolean;
}

/** A reading, in the form that samples of all formats have, so that what reads them is fast. */
export function readingOf(
  metric: string,
  value: MetricValue,
  time: number | null,
  quality: Quality,
  historical: boolean,
  transient: boolean,
): Reading {
  return historical || transient
    ? { metric, value, time, quality, historical, transient }
    : { metric, value, time, quality };
}

/** A value that does not fit its data type. */
export interface MetricProblem {
  readonly metric: string;
  readonly problem: string;
}

/** What the metrics of a message are. */
export interface Readings {
  readonly readings: readonly Reading[];
  /** It is known that each is a single value of a metric that the birth tells. */
  readonly plain: boolean;
  readonly problems: readonly MetricProblem[];
  /** The first metric that no birth defines, such as `"temperature"` or `alias 7`; null when all are known. */
  readonly unknown: string | null;
  /** The first metric whose data type is another than its birth's; null when there is none. */
  readonly retyped: string | null;
}

/**
 * Reads the metrics of a message.
 * @param birth what the node or the device has last told of them; null: nothing that holds. Metrics that no birth
 *   defines are read when they tell their name and type themselves, with quality UNCERTAIN.
 * @param certain false when messages are missing, one of which may have been a birth: no quality is GOOD then.
 */
export function readMetrics(payload: Payload, birth: Birth | null, certain: boolean): Readings {
  const reader = new MetricReader(payload.timestamp, birth, certain);
  for (const metric of payload.metrics) reader.read(metric);
  return reader;
}

interface Context {
  readonly time: number | null;
  readonly quality: Quality;
  readonly historical: boolean;
  readonly transient: boolean;
}

class MetricReader implements Readings {
  readonly readings: Reading[] = [];
  readonly plain = false;
  readonly problems: MetricProblem[] = [];
  unknown: string | null = null;
  retyped: string | null = null;
  readonly #time: number | null;
  readonly #birth: Birth | null;
  readonly #certain: boolean;

  constructor(time: number | null, birth: Birth | null, certain: boolean) {
    this.#time = time;
    this.#birth = birth;
    this.#certain = certain;
  }

  read(metric: Metric): void {
    const { name, alias } = metric;
    const named = name !== null && name !== "";
    const definition = named
      ? this.#birth?.definitions.get(name)
      : alias === null
        ? undefined
        : this.#birth?.aliases.get(alias);
    if (definition ? definition.control : named && isControl(name)) return;
    if (!definition && metric.wire?.field === "template" && metric.wire.value.isDefinition) return;
    const shown = definition ? definition.name : named ? name : null;
    if (shown === null) this.unknown ??= alias === null ? "a metric without a name" : `alias ${alias}`;
    else this.#take(metric, shown, definition ?? undefined, null, 0);
  }

  /** @param outer what the template tells that the metric is a member of; null: it is none. */
  #take(
    metric: Metric,
    name: string,
    definition: MetricDefinition | undefined,
    outer: Context | null,
    depth: number,
  ): void {
    if (definition === undefined) this.unknown ??= JSON.stringify(name);
    const dataType = metric.dataType || (definition?.dataType ?? DataType.Unknown);
    if (metric.wire?.field === "template") {
      if (depth < DEEPEST_TEMPLATE)
        this.#members(metric.wire.value.metrics, name, this.#context(metric, outer), depth);
      return;
    }
    if (dataType === DataType.Template || dataType === DataType.Unknown) return;
    if (definition !== undefined && dataType !== definition.dataType) this.retyped ??= name;
    const value = metricValueOf(metric, dataType);
    if (!value.ok) {
      this.problems.push({ metric: name, problem: value.error });
      return;
    }
    const quality = qualityWithin(metric, outer);
    const certain = this.#certain && definition !== undefined;
    this.readings.push(
      readingOf(
        name,
        value.value,
        metric.timestamp ?? (outer === null ? this.#time : outer.time),
        !certain && quality === "GOOD" ? "UNCERTAIN" : quality,
        metric.historical || outer?.historical === true,
        metric.transient || outer?.transient === true,
      ),
    );
  }

  #context(metric: Metric, outer: Context | null): Context {
    return {
      time: metric.timestamp ?? (outer === null ? this.#time : outer.time),
      quality: qualityWithin(metric, outer),
      historical: metric.historical || outer?.historical === true,
      transient: metric.transient || outer?.transient === true,
    };
  }

  #members(members: readonly Metric[], instance: string, context: Context, depth: number): void {
    for (const member of members) {
      const byAlias =
        member.name || member.alias === null ? undefined : this.#birth?.aliases.get(member.alias);
      const name = byAlias ? byAlias.name : member.name ? `${instance}/${member.name}` : null;
      if (name === null) {
        this.unknown ??= `a member of ${JSON.stringify(instance)} without a name`;
        continue;
      }
      this.#take(member, name, this.#birth?.definitions.get(name), context, depth + 1);
    }
  }
}

function qualityWithin({ properties }: Metric, outer: Context | null): Quality {
  return outer === null || properties !== null ? qualityOf(properties) : outer.quality;
}
