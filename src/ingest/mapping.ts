import { err, ok, type Result } from "../kernel/result.js";
import { minimalFilters } from "../mqtt/topic.js";
import { TopicTemplate } from "../mqtt/topic-template.js";
import { checkPath } from "../plant/equipment.js";
import type { MappingConfig, SourceConfig } from "../plant/plant-file.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { isBrokerTopic } from "./broker-drops.js";
import { decodeConnectivity } from "./formats/connectivity.js";
import { type Decoded, problem } from "./formats/format.js";
import { decodeJson, JsonShape } from "./formats/json.js";
import { metricNameProblem } from "./formats/metric-names.js";
import { takeSequence } from "./formats/sequence-field.js";
import { decodeValue } from "./formats/value.js";
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

const METRIC = "metric";
const COMMAND_TOPIC = /\/cmd\/[^/]+(\/reply)?$/;

/** One entry of a source's mappings, ready to use. */
export class Mapping {
  readonly name: string;
  readonly template: TopicTemplate;
  readonly #config: MappingConfig;
  readonly #shape: JsonShape;
  /** Path of the number that counts the device's messages; null where payloads have none. */
  readonly sequence: string | null;
  readonly #machineParts: readonly (string | { name: string })[];
  readonly #machineNames: readonly string[];

  private constructor(config: MappingConfig, template: TopicTemplate) {
    this.name = config.topic;
    this.template = template;
    this.#config = config;
    this.#shape = new JsonShape({ timestamp: "timestamp" in config ? (config.timestamp ?? null) : null });
    this.sequence = config.format === "json" ? (config.sequence ?? null) : null;
    this.#machineParts = machineParts(config, template);
    this.#machineNames = this.#machineParts.flatMap((part) => (typeof part === "string" ? [] : [part.name]));
  }

  static compile(config: MappingConfig): Result<Mapping, string> {
    const template = TopicTemplate.parse(config.topic);
    if (!template.ok) return template;
    if (isBrokerTopic(config.topic))
      return err("on topics below $SYS the broker tells of itself, never telemetry");
    const mapping = new Mapping(config, template.value);
    const unknown = mapping.#machineNames.find((name) => !template.value.names.includes(name));
    if (unknown !== undefined) return err(`machine: {${unknown}} does not stand in the topic`);
    if (mapping.#machineParts.length === 0)
      return err("the topic names no machine: give machine: a path or use {name} levels");
    if (config.format === "value" && !template.value.names.includes(METRIC)) {
      return err("format value needs {metric} or {metric+} in the topic, which names the metric");
    }
    return ok(mapping);
  }

  /** What a topic means here, or null when it does not match. */
  route(topic: string, levels: readonly string[]): Routed | null {
    const captures = this.template.match(topic, levels);
    if (captures === null) return null;
    const path = this.#machineParts
      .map((part) => (typeof part === "string" ? part : captures[part.name]))
      .join("");
    const checked = checkPath(path);
    if (!checked.ok) return { kind: "unmapped", reason: `the topic makes no machine path: ${checked.error}` };
    return {
      kind: "machine",
      mapping: this,
      path,
      deviceTopic: this.#deviceTopic(topic, levels),
      metric: captures[METRIC] ?? null,
      twin: null,
    };
  }

  /** Up to the last level that names the machine; where none does, up to where the metric begins. */
  #deviceTopic(topic: string, levels: readonly string[]): string {
    if (this.#machineNames.length > 0) return this.template.machineTopic(topic, this.#machineNames);
    const metricAt = this.template.text.split("/").findIndex((level) => /^\{metric\+?\}$/.test(level));
    return metricAt > 0 ? levels.slice(0, metricAt).join("/") : topic;
  }

  decode(payload: Buffer, metric: string | null): Decoded {
    const config = this.#config;
    switch (config.format) {
      case "json":
        return withPrefix(this.#json(payload), metric);
      case "value":
        return metric === null ? problem("the topic names no metric") : decodeValue(payload, metric);
      case "connectivity":
        return decodeConnectivity(payload, { online: config.online });
    }
  }

  #json(payload: Buffer): Decoded {
    const decoded = decodeJson(payload, this.#shape);
    return this.sequence === null ? decoded : takeSequence(decoded, this.sequence);
  }

  /** Where devices answer commands, as an MQTT filter; null when the mapping's own filter takes the answers too. */
  get replyFilter(): string | null {
    const levels = this.template.filter.split("/");
    const device = this.#deviceTopic(levels.join("/"), levels);
    return device.endsWith("#") ? null : `${device}/cmd/+/reply`;
  }
}

/** A source's mappings, tried in order; the first that matches a topic takes it. */
export class MappingTable {
  readonly #mappings: readonly Mapping[];
  readonly #routes = new TopicMap<Routed>();

  private constructor(mappings: readonly Mapping[]) {
    this.#mappings = mappings;
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
    return problems.length > 0 ? err(problems) : ok(new MappingTable(mappings));
  }

  /** The MQTT filters to subscribe, none covered by another: some brokers deliver twice where filters overlap. */
  get filters(): string[] {
    return minimalFilters(
      this.#mappings.flatMap(({ template, replyFilter }) =>
        replyFilter === null ? [template.filter] : [template.filter, replyFilter],
      ),
    );
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
    for (const mapping of this.#mappings) {
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

/** The machine template as texts and names, in order. */
function machineParts(config: MappingConfig, template: TopicTemplate): (string | { name: string })[] {
  const text =
    config.machine ??
    template.names
      .filter((name) => name !== METRIC)
      .map((name) => `{${name}}`)
      .join("/");
  return text
    .split(/(\{[^{}]+\})/)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("{") ? { name: part.slice(1, -1) } : part));
}

function withPrefix(decoded: Decoded, metric: string | null): Decoded {
  if (metric === null || decoded.kind !== "samples") return decoded;
  const samples: Sample[] = [];
  const problems = [...decoded.problems];
  for (const sample of decoded.samples) {
    const name = `${metric}/${sample.metric}`;
    const wrong = metricNameProblem(name);
    if (wrong === null) samples.push({ ...sample, metric: name });
    else problems.push({ field: sample.metric, problem: wrong });
  }
  return { ...decoded, samples, problems };
}
