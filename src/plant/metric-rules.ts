import { z } from "zod";

const text = z.string().trim().min(1, "must not be empty");
/** A pattern of more stars can take long to try on a name. */
const MOST_STARS = 3;

const pattern = text
  .refine((from) => !/[+#]|^\/|\/\/|\/$/.test(from), "must be names joined with /, without + and #")
  .refine(
    (from) => !/\*\*/.test(from.replace(/(?:^|\/)\*\*$/, "")),
    "** stands for whole levels, and only at the end",
  )
  .refine((from) => stars(from) <= MOST_STARS, `must not have more than ${MOST_STARS} *`);

const rule = z
  .strictObject({
    from: pattern,
    name: text.optional(),
    ignore: z.boolean().default(false),
    unit: text.optional(),
    scale: z
      .strictObject({
        factor: z
          .number()
          .refine((factor) => factor !== 0, "must not be 0")
          .default(1),
        offset: z.number().default(0),
      })
      .optional(),
  })
  .superRefine(({ from, name, ignore, unit, scale }, context) => {
    const said = [name, unit, scale].filter((one) => one !== undefined).length;
    if (ignore && said > 0)
      context.addIssue({ code: "custom", path: ["ignore"], message: "leaves nothing to name or scale" });
    if (!ignore && said === 0)
      context.addIssue({ code: "custom", message: "says nothing: give name, scale, unit or ignore: true" });
    if (name === undefined) return;
    if (stars(name) > stars(from))
      context.addIssue({
        code: "custom",
        path: ["name"],
        message: "has more * than from, which say what they stand for",
      });
    if (/[+#]|^\/|\/\/|\/$/.test(name))
      context.addIssue({
        code: "custom",
        path: ["name"],
        message: "must be names joined with /, without + and #",
      });
  });

/** What a mapping does with metrics by their names, in the plant file; the first whose `from` takes a name counts. */
export const metricRules = z.array(rule);

/**
 * A rule for the metrics whose names `from` takes: `*` is one level or a part of one, `**` at the end all further ones.
 * In `name` each `*` is what the `*` at its place took.
 */
export interface MetricRule {
  readonly from: string;
  readonly name?: string | undefined;
  readonly ignore: boolean;
  /** What the value is in, after scaling. */
  readonly unit?: string | undefined;
  /** The value becomes value * factor + offset. */
  readonly scale?: { readonly factor: number; readonly offset: number } | undefined;
}

/** The stars of a pattern; `**` is one. */
function stars(text: string): number {
  return text.match(/\*+/g)?.length ?? 0;
}
