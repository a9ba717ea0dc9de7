import { z } from "zod";
import { PathTemplate } from "../ingest/mapping-path.js";
import { duration } from "./duration-setting.js";
import { metricRules } from "./metric-rules.js";

const text = z.string().trim().min(1, "must not be empty");
/** A template of these names. */
const template = (...names: readonly string[]) =>
  text.superRefine((value, context) => {
    const parsed = PathTemplate.parse(value);
    const unknown = parsed.ok ? parsed.value.names.find((name) => !names.includes(name)) : undefined;
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
    else if (unknown !== undefined)
      context.addIssue({ code: "custom", message: `{${unknown}} is none of {${names.join("}, {")}}` });
  });
const level = text.regex(/^[^/+#]+$/, "must not hold /, + or #");

/** How a source takes part in Sparkplug B 3.0, as a host application; `{}` for the defaults. */
export const sparkplugSettings = z.strictObject({
  /** Names the host to edge nodes; unlike that of any other host. */
  hostId: level.default("mes-twin"),
  /** Groups that are followed; none: all. */
  groups: z.array(level).default([]),
  /** The path of a device's machine, of `{group}`, `{edge}` and `{device}`. */
  machine: template("group", "edge", "device").default("{group}/{edge}/{device}"),
  /** The path of the machine that stands for an edge node's own metrics, of `{group}` and `{edge}`. */
  node: template("group", "edge").default("{group}/{edge}"),
  /** The name of the type that births make for machines without one, of the same names; default: the machine's path. */
  machineType: template("group", "edge", "device").optional(),
  /** How long a missing message is waited for. */
  reorderTimeout: duration.default(2_000),
  /** Least time between two requests of a rebirth to one edge node. */
  rebirthInterval: duration.default(10_000),
  /** Whether commands tell the data type of each metric, which most edge nodes need. */
  sendDatatype: z.boolean().default(true),
  metrics: metricRules.default([]),
});

/** With defaults filled in; durations in milliseconds. */
export type SparkplugConfig = z.output<typeof sparkplugSettings>;
