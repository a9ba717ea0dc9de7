import { z } from "zod";
import { duration } from "./duration-setting.js";

const DAY_MS = 86_400_000;
const LEVELS = ["samples", "minutes", "hours", "days"] as const;

/** How long the history of a metric is kept, by level of detail; milliseconds, null: for ever. */
export interface RetentionPolicy {
  readonly samples: number | null;
  readonly minutes: number | null;
  readonly hours: number | null;
  readonly days: number | null;
}

/** Retention policies by name. */
export type RetentionPolicies = Readonly<Record<string, RetentionPolicy>>;

/** The policy of every metric that names none. */
export const DEFAULT_RETENTION = "default";

export const KEEP_ALL: RetentionPolicy = { samples: null, minutes: null, hours: null, days: null };

// It becomes part of the names of tables.
const POLICY_NAME = /^[a-z][a-z0-9_]{0,29}$/;

const kept = z.union([z.literal("forever").transform(() => null), duration]).default(null);

const policy = z
  .strictObject({ samples: kept, minutes: kept, hours: kept, days: kept })
  .superRefine((value, context) => {
    LEVELS.forEach((level, index) => {
      const finer = LEVELS[index - 1];
      const ms = value[level];
      if (ms === null) return;
      if (ms < DAY_MS) context.addIssue({ code: "custom", path: [level], message: "must be at least 1d" });
      if (finer === undefined) return;
      if ((value[finer] ?? Number.POSITIVE_INFINITY) > ms)
        context.addIssue({
          code: "custom",
          path: [level],
          message: `must not be shorter than ${finer}, from which they are made`,
        });
    });
  });

/** The section `history` of the plant file. */
export const historySettings = z.strictObject({
  retention: z
    .record(z.string(), policy)
    .default({})
    .superRefine((policies, context) => {
      for (const name of Object.keys(policies))
        if (!POLICY_NAME.test(name))
          context.addIssue({
            code: "custom",
            path: [name],
            message: "must be up to 30 of a-z, 0-9 and _, beginning with a letter",
          });
    }),
});

/** A metric's `retention`. */
export const retentionName = z.string();

/** The policies of a plant file, the default one included. */
export function policiesOf(settings: z.output<typeof historySettings> | undefined): RetentionPolicies {
  return { [DEFAULT_RETENTION]: KEEP_ALL, ...settings?.retention };
}
