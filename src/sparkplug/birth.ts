import { AliasTable } from "./alias-table.js";
import { describedBy, type MetricDescription } from "./metric-properties.js";
import { DataType, type Metric, type Payload, type Template } from "./payload.js";

/** What a birth says of one metric. */
export interface MetricDefinition extends MetricDescription {
  /** Members of a template are `<metric>/<member>`. */
  readonly name: string;
  /** A number of `DataType`. */
  readonly dataType: number;
  readonly alias: number | bigint | null;
  /** It steers Sparkplug or the node itself, such as `bdSeq` and `Node Control/Rebirth`: nothing that a plant shows. */
  readonly control: boolean;
  /** The template instance that it is a member of, and its name there. */
  readonly memberOf: { readonly parent: MetricDefinition; readonly member: string } | null;
  /** The definition that a template instance follows. */
  readonly templateRef: string | null;
}

/** What a birth of an edge node or a device defines, until the next one. */
export interface Birth {
  readonly definitions: ReadonlyMap<string, MetricDefinition>;
  /** Null for an alias that two metrics claim. */
  readonly aliases: ReadonlyMap<number | bigint, MetricDefinition | null>;
  /** The same, for data messages. */
  readonly aliased: AliasTable;
  /** The template definitions in it, by name; those of a node hold for its devices too. */
  readonly templates: ReadonlyMap<string, Template>;
  /** What in it is against the specification, as sentences; the first few. */
  readonly problems: readonly string[];
  /** It holds more metrics than are taken. */
  readonly truncated: boolean;
}

/** How a birth differs from the one before. */
export interface BirthChanges {
  readonly added: readonly string[];
  readonly dropped: readonly { readonly name: string; readonly type: number }[];
  readonly retyped: readonly { readonly name: string; readonly from: number; readonly to: number }[];
}

export const REBIRTH_METRIC = "Node Control/Rebirth";
export const BD_SEQ_METRIC = "bdSeq";
const CONTROLS = /^(?:Node|Device) Control\//;
const MOST_PROBLEMS = 20;
/** Templates within templates. */
export const DEEPEST_TEMPLATE = 8;

/** Whether a metric is for Sparkplug itself. */
export function isControl(name: string): boolean {
  return name === BD_SEQ_METRIC || CONTROLS.test(name);
}

/** Whether a metric is one of the plant. Template instances are shown by their members. */
export function isShown(definition: MetricDefinition): boolean {
  return !definition.control && definition.dataType !== DataType.Template;
}

/**
 * Reads what a birth defines.
 * @param room metrics that are taken at the most.
 * @param templates the definitions of the node's birth, for a device.
 */
export function readBirth(
  payload: Payload,
  room: number,
  templates: ReadonlyMap<string, Template> | null,
): Birth {
  const reader = new BirthReader(room, templates);
  // Instances may stand before the definitions they follow.
  for (const metric of payload.metrics) reader.template(metric);
  for (const metric of payload.metrics) reader.define(metric, null);
  return reader.birth();
}

/** What a birth's plant metrics and their types are. */
export function typesOf(birth: Birth): Map<string, number> {
  const types = new Map<string, number>();
  for (const [name, definition] of birth.definitions)
    if (isShown(definition)) types.set(name, definition.dataType);
  return types;
}

/** How the metrics of a birth differ from those before. */
export function changesBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): BirthChanges {
  const added: string[] = [];
  const retyped: { name: string; from: number; to: number }[] = [];
  for (const [name, to] of after) {
    const from = before.get(name);
    if (from === undefined) added.push(name);
    else if (from !== to) retyped.push({ name, from, to });
  }
  const dropped = [...before].flatMap(([name, type]) => (after.has(name) ? [] : [{ name, type }]));
  return { added, dropped, retyped };
}

class BirthReader {
  readonly #definitions = new Map<string, MetricDefinition>();
  readonly #aliases = new Map<number | bigint, MetricDefinition | null>();
  readonly #templates = new Map<string, Template>();
  readonly #inherited: ReadonlyMap<string, Template> | null;
  readonly #problems: string[] = [];
  readonly #room: number;
  #refused = 0;

  constructor(room: number, inherited: ReadonlyMap<string, Template> | null) {
    this.#room = room;
    this.#inherited = inherited;
  }

  birth(): Birth {
    if (this.#refused > 0)
      this.#problem(`${this.#refused} metrics more than the ${this.#room} that are taken`);
    return {
      definitions: this.#definitions,
      aliases: this.#aliases,
      aliased: new AliasTable(this.#aliases),
      templates: this.#templates,
      problems: this.#problems,
      truncated: this.#refused > 0,
    };
  }

  template(metric: Metric): void {
    if (metric.wire?.field !== "template" || !metric.wire.value.isDefinition || metric.name === null) return;
    if (this.#templates.size < this.#room) this.#templates.set(templateName(metric.name), metric.wire.value);
  }

  define(metric: Metric, parent: MetricDefinition | null, depth = 0): void {
    const template = metric.wire?.field === "template" ? metric.wire.value : null;
    if (template?.isDefinition) return;
    const member = metric.name ?? "";
    if (member === "") {
      this.#problem(`a metric${metric.alias === null ? "" : ` with alias ${metric.alias}`} has no name`);
      return;
    }
    const name = parent === null ? member : `${parent.name}/${member}`;
    const known = this.#definitions.get(name);
    if (known !== undefined) {
      this.#again(known, metric);
      return;
    }
    if (this.#definitions.size >= this.#room) {
      this.#refused += 1;
      return;
    }
    const definition: MetricDefinition = {
      name,
      dataType: this.#typeOf(name, metric, parent),
      alias: metric.alias,
      control: parent === null && isControl(name),
      memberOf: parent === null ? null : { parent, member },
      templateRef: template?.templateRef ?? null,
      ...describedBy(metric.properties),
    };
    this.#definitions.set(name, definition);
    this.#alias(definition);
    if (template === null || depth >= DEEPEST_TEMPLATE) return;
    for (const inner of template.metrics) this.define(inner, definition, depth + 1);
  }

  /** A birth may tell several values of one metric. */
  #again(known: MetricDefinition, metric: Metric): void {
    if (metric.dataType !== 0 && metric.dataType !== known.dataType)
      this.#problem(`the metric "${known.name}" has two data types`);
  }

  #alias(definition: MetricDefinition): void {
    const { alias } = definition;
    if (alias === null) return;
    const other = this.#aliases.get(alias);
    if (other === undefined) {
      this.#aliases.set(alias, definition);
      return;
    }
    // Either reading would be a guess.
    this.#aliases.set(alias, null);
    this.#problem(
      `the alias ${alias} is given to "${other?.name ?? "another metric"}" and "${definition.name}"`,
    );
  }

  #typeOf(name: string, metric: Metric, parent: MetricDefinition | null): number {
    if (metric.dataType !== 0) return metric.dataType;
    const template = templateName(parent?.templateRef ?? "");
    const defined = this.#templates.get(template) ?? this.#inherited?.get(template);
    const type = defined?.metrics.find((member) => member.name === metric.name)?.dataType ?? 0;
    if (type !== 0) return type;
    this.#problem(`the metric "${name}" has no data type`);
    return wireType(metric);
  }

  #problem(text: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(text);
  }
}

/** Many edge nodes put definitions into this folder, and leave it out where they refer to them. */
function templateName(name: string): string {
  return name.startsWith("_types_/") ? name.slice("_types_/".length) : name;
}

/** The data type of which a value most likely is, when nobody tells; `DataType.Unknown` without a value. */
function wireType({ wire }: Metric): number {
  switch (wire?.field) {
    case "int":
      return DataType.Int32;
    case "long":
      return DataType.Int64;
    case "float":
      return DataType.Float;
    case "double":
      return DataType.Double;
    case "boolean":
      return DataType.Boolean;
    case "string":
      return DataType.String;
    case "bytes":
      return DataType.Bytes;
    case "dataset":
      return DataType.DataSet;
    case "template":
      return DataType.Template;
    default:
      return DataType.Unknown;
  }
}
