import { z } from "zod";
import { ok } from "../../kernel/result.js";
import { type Decoded, defineFormat, ignored, problem } from "./format.js";
import { Leaves, type Reading } from "./leaves.js";
import { MetricNames } from "./metric-names.js";
import { isObject, type JsonObject, kindOf, readJson, readTime, shown } from "./payload.js";
import { withPrefix } from "./prefix.js";

const PREFIXES = ["none", "group", "node", "node/group"] as const;
type Prefix = (typeof PREFIXES)[number];

/** Tags as `{name: value}`. */
const VALUES = ["values", "static_tag_values"];
/** Tags as `[{name, value}]`, or `[{name, error}]` for one that could not be read. */
const TAGS = ["tags", "static_tags"];
/** Error codes as `{name: code}` or `[{name, error}]`. */
const ERRORS = ["errors", "error_values"];

/** EMQX Neuron's northbound MQTT application: formats values, tags, ECP, and custom ones with these names. */
export const neuron = defineFormat({
  name: "neuron",
  settings: { prefix: z.enum(PREFIXES).default("none") },
  compile: ({ prefix }) => {
    const names = new MetricNames();
    return ok({
      decode: (payload, metric) => withPrefix(decodeNeuron(payload, { names, prefix }), metric),
    });
  },
});

/**
 * Format `neuron`: each tag is a metric at the message's time. A tag that could not be read has no value and quality BAD.
 */
export function decodeNeuron(
  payload: Buffer,
  { names, prefix }: { names: MetricNames; prefix: Prefix },
): Decoded {
  const json = readJson(payload);
  if (!json.ok) return problem(json.error);
  const root = json.value;
  if (!isObject(root)) return problem(`format neuron wants an object, and the payload is ${kindOf(root)}`);
  // What it uploads has a time, its answers have none.
  if (Object.hasOwn(root, "uuid") && !Object.hasOwn(root, "timestamp"))
    return ignored("an answer to a read or write request is no telemetry");
  if (![...VALUES, ...TAGS, ...ERRORS].some((field) => Object.hasOwn(root, field))) {
    return Array.isArray(root.states)
      ? ignored("states of Neuron's drivers are no tags")
      : problem("format neuron wants values or tags in the payload, and it has neither");
  }
  const time = readTime(root.timestamp, "timestamp");
  if (!time.ok) return problem(time.error);
  const above = prefixOf(root, prefix);
  if (!above.ok) return problem(above.error);
  const tags = new Tags(names, above.value, time.value);
  for (const field of VALUES) tags.values(root[field], field);
  for (const field of TAGS) tags.list(root[field], field);
  for (const field of ERRORS) tags.errors(root[field], field);
  return tags.decoded;
}

function prefixOf(root: JsonObject, prefix: Prefix) {
  const names: string[] = [];
  for (const field of prefix === "none" ? [] : prefix.split("/")) {
    const name = root[field];
    if (typeof name !== "string" || name === "") {
      return {
        ok: false,
        error: `${field}: is ${shown(name)}, and must be a name: it is the mapping's prefix`,
      } as const;
    }
    names.push(name);
  }
  return ok(names.length === 0 ? null : names.join("/"));
}

/** The tags of one message as they are found. */
class Tags {
  readonly #leaves: Leaves;
  readonly #prefix: string | null;
  readonly #good: Reading;
  readonly #bad: Reading;

  constructor(names: MetricNames, prefix: string | null, time: number | null) {
    this.#leaves = new Leaves(names);
    this.#prefix = prefix;
    this.#good = { time, quality: "GOOD" };
    this.#bad = { time, quality: "BAD" };
  }

  get decoded(): Decoded {
    const decoded = this.#leaves.decoded("the payload holds no tags");
    // A group of which no tag changed, or none could be read, is sent without any.
    const empty = decoded.kind === "problem" && this.#leaves.tooMuch === null;
    return empty ? { kind: "samples", samples: [], problems: [] } : decoded;
  }

  values(values: unknown, field: string): void {
    if (values === undefined || values === null) return;
    if (isObject(values)) this.#leaves.add(this.#prefix, values, this.#good);
    else this.#leaves.refuse(field, `is ${kindOf(values)}, and must be an object`);
  }

  list(tags: unknown, field: string): void {
    if (tags === undefined || tags === null) return;
    if (!Array.isArray(tags)) {
      this.#leaves.refuse(field, `is ${kindOf(tags)}, and must be an array`);
      return;
    }
    for (const [index, tag] of tags.entries()) {
      if (!this.#tag(tag, `${field}/${index}`)) return;
    }
  }

  errors(errors: unknown, field: string): void {
    if (Array.isArray(errors)) this.list(errors, field);
    else if (isObject(errors)) {
      for (const [name, code] of Object.entries(errors)) if (!this.#error(name, code)) return;
    } else if (errors !== undefined && errors !== null)
      this.#leaves.refuse(field, `is ${kindOf(errors)}, and must be an object or array`);
  }

  #tag(tag: unknown, field: string): boolean {
    if (!isObject(tag) || typeof tag.name !== "string")
      return this.#leaves.refuse(field, "must be an object with a name");
    if (Object.hasOwn(tag, "value")) return this.#leaves.add(this.#named(tag.name), tag.value, this.#good);
    if (Object.hasOwn(tag, "error")) return this.#error(tag.name, tag.error);
    return this.#leaves.refuse(field, "has neither value nor error");
  }

  #error(name: string, code: unknown): boolean {
    return code === 0 || this.#leaves.add(this.#named(name), null, this.#bad);
  }

  #named(name: string): string {
    return this.#leaves.below(this.#prefix, name);
  }
}
