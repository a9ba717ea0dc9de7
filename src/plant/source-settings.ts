import { z } from "zod";
import { FORMATS } from "../ingest/formats/formats.js";
import { type MetricRule, metricRules } from "./metric-rules.js";
import { sparkplugSettings } from "./sparkplug-settings.js";

const text = z.string().trim().min(1, "must not be empty");
const qos = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** What a mapping of any format may say. */
const mappingBase = {
  topic: text,
  /** How the machine's path is put together from the topic's levels; default: all but `{metric+}` joined with `/`. */
  machine: text.optional(),
  /** Default: the source's. */
  qos: qos.optional(),
  metrics: metricRules.default([]),
};

/** One mapping, with the settings of its format as that format reads them. */
export interface MappingConfig {
  readonly topic: string;
  readonly machine?: string | undefined;
  readonly qos?: 0 | 1 | 2 | undefined;
  readonly metrics: readonly MetricRule[];
  readonly format: string;
  readonly [setting: string]: unknown;
}

const mapping = formatUnion() as z.ZodType<MappingConfig>;

function formatUnion() {
  const [first, ...others] = FORMATS.map(({ name, settings }) =>
    z.strictObject({ ...mappingBase, ...settings, format: z.literal(name) }),
  );
  if (first === undefined) throw new Error("there is no format");
  return z.discriminatedUnion("format", [first, ...others], {
    error: `must be one of ${FORMATS.map(({ name }) => name).join(", ")}`,
  });
}

/** One broker connection and its mappings, as the plant file and the API write it. */
export const sourceSettings = z
  .strictObject({
    name: text.regex(/^[a-z0-9][a-z0-9-]*$/i, "must be letters, digits and -"),
    url: text,
    qos: qos.default(1),
    discovery: z.enum(["auto", "off"]).default("auto"),
    /** MQTT 5 receive maximum: how many messages may be on the way unacknowledged. */
    inFlight: z.int().min(1).max(65_535).default(65_535),
    mappings: z.array(mapping).default([]),
    sparkplug: sparkplugSettings.optional(),
  })
  .superRefine(({ mappings, sparkplug }, context) => {
    if (sparkplug !== undefined && mappings.length > 0)
      context.addIssue({
        code: "custom",
        path: ["mappings"],
        message: "a source with sparkplug has no mappings: make another source of the same url for them",
      });
    if (sparkplug === undefined && mappings.length === 0)
      context.addIssue({ code: "custom", path: ["mappings"], message: "needs at least one mapping" });
  });

/** A source with defaults filled in. */
export type SourceConfig = z.output<typeof sourceSettings>;
