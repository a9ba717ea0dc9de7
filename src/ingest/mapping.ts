import { err, ok, type Result } from "../kernel/result.js";
import { filterCovers, minimalFilters } from "../mqtt/topic.js";
import { TopicTemplate } from "../mqtt/topic-template.js";
import { checkPath } from "../plant/equipment.js";
import type { MetricRole } from "../plant/machine-type.js";
import type { MappingConfig, SourceConfig } from "../plant/source-settings.js";
import type { Twin } from "../twin/machine-twin.js";
import type { MetricHint } from "../twin/twin-model.js";
import { isBrokerTopic } from "./broker-drops.js";
import type { Decoded, Decoder } from "./formats/format.js";
import { FORMATS } from "./formats/formats.js";
import { MetricRules } from "./mapping-metrics.js";
import { PathTemplate } from "./mapping-path.js";
import { TopicMap } from "./topic-map.js";

/** What a topic means to a source. */
export type Routed =
  | {
      readonly kind: "machine";
      readonly mapping: Mapping;
      /** The machine's path. */
      readonly path: string;
      /** What the machine's command topics begin with. */
      readonly deviceTopic: string;
      /** The part of the topic that names the metric; null where the payload names them. */
      readonly metric: string | null;
      /** The machine's twin, where who takes the messages has noted it. */
      twin: Twin | null;
    }
  /** A device's answer to a command. */
  | { readonly kind: "reply" }
  /** A command, which only devices read. */
  | { readonly kind: "command" }
  /** What the broker says of itself. */
  | { readonly kind: "broker" }
  | { readonly kind: "unmapped"; readonly reason: string };

/** What is subscribed, and how surely it is to come. */
export interface MappedFilter {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
}

const METRIC = "metric";
/** Metrics of which it is remembered what is said of them. */
const MOST_HINTS = 20_000;
/** Commands with their answers, and what is desired. */
const COMMAND_TOPIC = /\/cmd\/[^/]+(\/reply)?$|\/desired$/;

/** One entry of a source's mappings, ready to use. */
export class Mapping {
  /** Its topic template, by which users know it. */
  readonly name: string;
  readonly format: string;
  readonly template: TopicTemplate;
  /** Null: the source's. */
  readonly qos: 0 | 1 | 2 | null;
  /** Path of the number that counts the device's messages; null where payloads have none. */
  readonly sequence: string | null;
  /** What is done with metrics by their names; null where nothing is. */
  readonly rules: MetricRules | null;
  readonly #decoder: Decoder;
  readonly #hints = new Map<string, MetricHint | null>();
  readonly #machine: PathTemplate;
  /** The name whose levels the format splits into machine and metric; null where the template says itself where. */
  readonly #splitName: string | null;

  private constructor(
    config: MappingConfig,
    template: TopicTemplate,
    machine: PathTemplate,
    decoder: Decoder,
  ) {
    this.name = config.topic;
    this.format = config.format;
    this.template = template;
    this.qos = config.qos ?? null;
    this.sequence = decoder.sequence ?? null;
    this.rules = config.metrics.length === 0 ? null : new MetricRules(config.metrics);
    this.#decoder = decoder;
    this.#machine = machine;
    const says = decoder.split === undefined || decoder.split(template.text.split("/")) !== null;
    this.#splitName = says ? null : restName(template);
  }

  /** @returns what cannot work, as a sentence that names the setting. */
  static compile(config: MappingConfig): Result<Mapping, string> {
    const template = TopicTemplate.parse(config.topic);
    if (!template.ok) return template;
    const { names } = template.value;
    if (isBrokerTopic(config.topic))
      return err("on topics below $SYS the broker tells of itself, never telemetry");
    const levels = names.filter((name) => name !== METRIC);
    const machine = PathTemplate.parse(config.machine ?? levels.map((name) => `{${name}}`).join("/"));
    if (!machine.ok) return err(`machine: ${machine.error}`);
    const unknown = machine.value.names.find((name) => !names.includes(name));
    if (unknown !== undefined) return err(`machine: {${unknown}} does not stand in the topic`);
    if (machine.value.empty)
      return err("the topic names no machine: give machine: a path or use {name} levels");
    const format = FORMATS.find(({ name }) => name === config.format);
    if (format === undefined) return err(`format: there is no format "${config.format}"`);
    const decoder = format.compile(config, names);
    return decoder.ok ? ok(new Mapping(config, template.value, machine.value, decoder.value)) : decoder;
  }

  /** What a topic means here, or null when it does not match. */
  route(topic: string, levels: readonly string[]): Routed | null {
    const captures = this.template.match(topic, levels);
    if (captures === null) return null;
    let metric = captures[METRIC] ?? null;
    let device: string | null = null;
    if (this.#splitName !== null) {
      const below = captures[this.#splitName]?.split("/") ?? [];
      const parts = this.#decoder.split?.(below) ?? null;
      // Below {metric+} nothing is left that could name the machine.
      if (parts === null || (this.#splitName === METRIC && parts.machine > 0)) return null;
      metric = parts.metric;
      captures[this.#splitName] = below.slice(0, parts.machine).join("/");
      if (this.#splitName !== METRIC)
        device = levels.slice(0, levels.length - below.length + parts.machine).join("/");
    }
    const path = this.#machine.fill(captures);
    const checked = checkPath(path);
    if (!checked.ok) return { kind: "unmapped", reason: `the topic makes no machine path: ${checked.error}` };
    const deviceTopic = device ?? this.#deviceTopic(topic, levels);
    return { kind: "machine", mapping: this, path, deviceTopic, metric, twin: null };
  }

  /** Up to the last level that names the machine; where none does, up to where the metric begins. */
  #deviceTopic(topic: string, levels: readonly string[]): string {
    if (this.#machine.names.length > 0) return this.template.machineTopic(topic, this.#machine.names);
    const metricAt = this.template.text.split("/").findIndex((level) => /^\{metric\+?\}$/.test(level));
    return metricAt > 0 ? levels.slice(0, metricAt).join("/") : topic;
  }

  /** What a payload holds, with the names and values that the mapping gives. */
  decode(payload: Buffer, metric: string | null): Decoded {
    const decoded = this.#decoder.decode(payload, metric);
    return this.rules === null ? decoded : this.rules.apply(decoded);
  }

  /** What a payload holds as the device says it. */
  read(payload: Buffer, metric: string | null): Decoded {
    return this.#decoder.decode(payload, metric);
  }

  /** What a metric means by the name that the format gives it. */
  roleOf(metric: string): MetricRole | null {
    return this.#decoder.roleOf?.(metric) ?? null;
  }

  /** Whether it may say anything of metrics. */
  get hints(): boolean {
    return this.rules !== null || this.#decoder.roleOf !== undefined;
  }

  /**
   * What the format and the rules say of a metric, by the name that it has in the twin and once it was decoded. Mostly the same
   * object for the same metric.
   */
  hintOf(metric: string): MetricHint | null {
    const known = this.#hints.get(metric);
    if (known !== undefined) return known;
    const role = this.roleOf(metric);
    const unit = this.rules?.unitOf(metric) ?? null;
    const hint = role === null && unit === null ? null : { unit, role };
    if (this.#hints.size >= MOST_HINTS) this.#hints.clear();
    this.#hints.set(metric, hint);
    return hint;
  }

  /** Where devices answer commands, as an MQTT filter; null when the mapping's own filter takes the answers too. */
  get replyFilter(): string | null {
    const levels = this.template.filter.split("/");
    const device = this.#deviceTopic(levels.join("/"), levels);
    return device.endsWith("#") ? null : `${device}/cmd/+/reply`;
  }
}

/** The name of `{name+}`; null where the template has none. */
function restName({ text }: TopicTemplate): string | null {
  return /(?:^|\/)\{([^{}]+)\+\}$/.exec(text)?.[1] ?? null;
}

/** A source's mappings, tried in order; the first that matches a topic takes it. */
export class MappingTable {
  readonly mappings: readonly Mapping[];
  readonly #qos: 0 | 1 | 2;
  readonly #routes = new TopicMap<Routed>();

  private constructor(mappings: readonly Mapping[], qos: 0 | 1 | 2) {
    this.mappings = mappings;
    this.#qos = qos;
  }

  /** @returns every problem, each with the mapping's position. */
  static compile(config: SourceConfig): Result<MappingTable, readonly { index: number; problem: string }[]> {
    const mappings: Mapping[] = [];
    const problems: { index: number; problem: string }[] = [];
    config.mappings.forEach((entry, index) => {
      const mapping = Mapping.compile(entry);
      if (mapping.ok) mappings.push(mapping.value);
      else problems.push({ index, problem: mapping.error });
    });
    return problems.length > 0 ? err(problems) : ok(new MappingTable(mappings, config.qos));
  }

  /**
   * The MQTT filters to subscribe, none covered by another: some brokers deliver twice where filters overlap. One that
   * covers those of other mappings has the highest QoS of them all, so that nothing comes less surely than its mapping
   * says. Answers to commands come with the source's QoS, unless the filter of a mapping brings them.
   */
  get filters(): readonly MappedFilter[] {
    const own = this.mappings.map(({ template: { filter }, qos }) => ({ filter, qos: qos ?? this.#qos }));
    const replies = this.mappings.flatMap(({ replyFilter }) => replyFilter ?? []);
    return minimalFilters([...own.map(({ filter }) => filter), ...replies]).map((filter) => {
      const covered = own.filter((other) => filterCovers(filter, other.filter));
      if (covered.length === 0) return { filter, qos: this.#qos };
      const highest = ([2, 1] as const).find((level) => covered.some(({ qos }) => qos === level));
      return { filter, qos: highest ?? 0 };
    });
  }

  /** @param number of the topic, see `InboundMessage`. */
  route(topic: string, number = -1): Routed {
    let routed = this.#routes.get(topic, number);
    if (routed === undefined) {
      routed = this.#find(topic);
      this.#routes.set(topic, routed);
    }
    return routed;
  }

  #find(topic: string): Routed {
    if (isBrokerTopic(topic)) return { kind: "broker" };
    const command = COMMAND_TOPIC.exec(topic);
    if (command) return { kind: command[1] === undefined ? "command" : "reply" };
    const levels = topic.split("/");
    for (const mapping of this.mappings) {
      const routed = mapping.route(topic, levels);
      if (routed !== null) return routed;
    }
    return { kind: "unmapped", reason: "no mapping takes this topic" };
  }
}

/** A source of the plant file, ready to be consumed. */
export interface CompiledSource {
  readonly config: SourceConfig;
  readonly table: MappingTable;
}

/** @throws Error naming every mapping of every source that cannot be used. */
export function compileMappings(sources: readonly SourceConfig[]): CompiledSource[] {
  const problems: string[] = [];
  const compiled = sources.flatMap((config) => {
    const table = MappingTable.compile(config);
    if (table.ok) return { config, table: table.value };
    for (const { index, problem } of table.error) {
      problems.push(`PLANT_FILE: source ${config.name}: mappings[${index}]: ${problem}`);
    }
    return [];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return compiled;
}
