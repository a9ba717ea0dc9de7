import { z } from "zod";
import { ok } from "../../kernel/result.js";
import { type Decoded, defineFormat, ignored, problem, type TopicParts } from "./format.js";
import { Leaves } from "./leaves.js";
import { MetricNames } from "./metric-names.js";
import { isObject, type JsonObject, kindOf, readJson, readTime } from "./payload.js";

const TIME = "timestamp_ms";
const VALUE = "value";
/** Its tags have their own names; those of other schemas begin with the schema's. */
const PLAIN = "_historian";
/** Orders, products, shifts and states of a MES: no tags of a machine. */
const RELATIONAL = "_analytics";

/** United Manufacturing Hub, core and classic: `umh/v1/<location>/_<schema>/<tag groups and tag>`. */
export const umh = defineFormat({
  name: "umh",
  settings: {
    schemas: z
      .array(z.string().regex(/^_[^/]+$/, "must begin with _, such as _historian"))
      .min(1, "needs at least one schema")
      .optional(),
  },
  compile: ({ schemas }) => {
    const names = new MetricNames();
    const taken = schemas === undefined ? null : new Set(schemas);
    return ok({ split, decode: (payload, metric) => decodeUmh(payload, metric, { names, schemas: taken }) });
  },
});

/** The location ends before the first level that begins with `_`. */
function split(levels: readonly string[]): TopicParts | null {
  const machine = levels.findIndex((level) => level.startsWith("_"));
  return machine < 0 ? null : { machine, metric: levels.slice(machine).join("/") };
}

/**
 * Format `umh`: one tag, `{"value", "timestamp_ms"}`, on its own topic (core), or several beside one `timestamp_ms`,
 * nested by tag groups (classic).
 * @param metric the topic from the schema on, or below `_historian`; null where it says nothing.
 */
export function decodeUmh(
  payload: Buffer,
  metric: string | null,
  { names, schemas }: { names: MetricNames; schemas: ReadonlySet<string> | null },
): Decoded {
  const { schema, tag } = partsOf(metric);
  if (schemas === null ? schema === RELATIONAL : !schemas.has(schema))
    return ignored(`the schema ${schema} holds no tags that this mapping takes`);
  const json = readJson(payload);
  if (!json.ok) return problem(json.error);
  const root = json.value;
  if (!isObject(root)) return problem(`format umh wants an object, and the payload is ${kindOf(root)}`);
  const time = readTime(root[TIME], TIME);
  if (!time.ok) return problem(time.error);
  const reading = { time: time.value, quality: "GOOD" } as const;
  const leaves = new Leaves(names);
  const group = groupOf(schema, tag, leaves);
  if (tag !== null && isCore(root)) leaves.add(group, root[VALUE], reading);
  else leaves.add(group, root, reading, [group === null ? TIME : `${group}/${TIME}`]);
  return leaves.decoded(`the object holds no values beside ${TIME}`);
}

function partsOf(metric: string | null): { schema: string; tag: string | null } {
  if (metric === null || !metric.startsWith("_")) return { schema: PLAIN, tag: metric };
  const end = metric.indexOf("/");
  return end < 0
    ? { schema: metric, tag: null }
    : { schema: metric.slice(0, end), tag: metric.slice(end + 1) };
}

/** What the tags' names begin with. */
function groupOf(schema: string, tag: string | null, leaves: Leaves): string | null {
  if (schema === PLAIN) return tag;
  const name = schema.slice(1);
  return tag === null ? name : leaves.below(name, tag);
}

/** The payload of one tag has these two fields and no others. */
function isCore(root: JsonObject): boolean {
  const keys = Object.keys(root);
  return Object.hasOwn(root, VALUE) && keys.every((key) => key === VALUE || key === TIME);
}
