import { z } from "zod";
import { parseDuration } from "../kernel/duration.js";
import { duration } from "./duration-setting.js";

/** What a downtime counts as. */
export const DOWNTIME_CATEGORIES = ["UNPLANNED", "PLANNED", "CHANGEOVER", "UNCLASSIFIED"] as const;
export type DowntimeCategory = (typeof DOWNTIME_CATEGORIES)[number];

/** Why machines of a type stand still: a node of the tree that operators choose from. */
export interface DowntimeReason {
  /** Unique in the tree. */
  readonly code: string;
  readonly name: string;
  /** What a downtime with this reason counts as; null: the operator says. */
  readonly category: DowntimeCategory | null;
  readonly children: readonly DowntimeReason[];
}

/** What a machine type says about production and downtime. */
export interface DowntimeSettings {
  /** Milliseconds per piece at best, where the operation does not say; left out: not known. */
  readonly idealCycleTimeMs?: number;
  /** Downtimes shorter than this are micro-stops; left out: DEFAULT_MICRO_STOP_MS. */
  readonly microStopMs?: number;
  /** The tops of the reason tree; left out: any text is a reason. */
  readonly downtimeReasons?: readonly DowntimeReason[];
  /** The reason of each fault code that explains a downtime by itself; left out: none does. */
  readonly faultReasons?: ReadonlyMap<string, DowntimeReason>;
}

export const DEFAULT_MICRO_STOP_MS = 60_000;

const LONGEST_TEXT = 200;

const text = z.string().trim().min(1, "must not be empty").max(LONGEST_TEXT);

const category = z.enum(DOWNTIME_CATEGORIES).exclude(["UNCLASSIFIED"]);

const reason = z.strictObject({
  code: text,
  name: text.optional(),
  category: category.optional(),
  get reasons(): z.ZodOptional<z.ZodArray<typeof reason>> {
    return z.array(reason).optional();
  },
});
type ReasonConfig = z.output<typeof reason>;

/** Like `duration`, but with fractions of a millisecond: at 1,400 pieces a minute they are two percent. */
const cycleTime = z.union([z.string(), z.number()]).transform((value, context) => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(String(value).trim()) ?? [];
  const ms = typeof value === "number" ? value : Number(number) * (parseDuration(`1${unit}`) ?? Number.NaN);
  if (!Number.isFinite(ms) || ms <= 0) {
    context.addIssue({ code: "custom", message: 'must be a duration such as "42.8ms", "1s" or "5m"' });
    return z.NEVER;
  }
  return ms;
});

/** The part of a machine type in the plant file that is about production and downtime. */
export const downtimeShape = {
  idealCycleTime: cycleTime.optional(),
  microStop: duration.optional(),
  downtimeReasons: z.array(reason).optional(),
  faultReasons: z.record(text, text).optional(),
};

interface DowntimeConfig {
  readonly idealCycleTime?: number | undefined;
  readonly microStop?: number | undefined;
  readonly downtimeReasons?: readonly ReasonConfig[] | undefined;
  readonly faultReasons?: Readonly<Record<string, string>> | undefined;
}

/** What is wrong with a type's reasons, each with where it stands. */
export function reasonProblems(
  type: DowntimeConfig,
): { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const problems: { path: readonly PropertyKey[]; message: string }[] = [];
  const codes = new Set<string>();
  const visit = (reasons: readonly ReasonConfig[], path: readonly PropertyKey[]) =>
    reasons.forEach(({ code, reasons: below }, index) => {
      if (codes.has(code))
        problems.push({ path: [...path, index, "code"], message: `the reason "${code}" stands twice` });
      codes.add(code);
      visit(below ?? [], [...path, index, "reasons"]);
    });
  visit(type.downtimeReasons ?? [], ["downtimeReasons"]);
  for (const [fault, code] of Object.entries(type.faultReasons ?? {})) {
    if (!codes.has(code))
      problems.push({ path: ["faultReasons", fault], message: `there is no downtime reason "${code}"` });
  }
  return problems;
}

export function downtimeSettingsOf(config: DowntimeConfig): DowntimeSettings {
  const { idealCycleTime, microStop, downtimeReasons, faultReasons } = config;
  const reasons = downtimeReasons?.map((one) => reasonOf(one, null));
  return {
    ...(idealCycleTime === undefined ? {} : { idealCycleTimeMs: idealCycleTime }),
    ...(microStop === undefined ? {} : { microStopMs: microStop }),
    ...(reasons === undefined ? {} : { downtimeReasons: reasons }),
    ...(faultReasons === undefined ? {} : { faultReasons: mapped(faultReasons, reasons ?? []) }),
  };
}

/** A node of a reason tree by its code; null when the tree has none. */
export function reasonByCode(reasons: readonly DowntimeReason[], code: string): DowntimeReason | null {
  for (const reason of reasons) {
    const found = reason.code === code ? reason : reasonByCode(reason.children, code);
    if (found) return found;
  }
  return null;
}

function reasonOf(config: ReasonConfig, above: DowntimeCategory | null): DowntimeReason {
  const category = config.category ?? above;
  return {
    code: config.code,
    name: config.name ?? config.code,
    category,
    children: (config.reasons ?? []).map((one) => reasonOf(one, category)),
  };
}

function mapped(
  faultReasons: Readonly<Record<string, string>>,
  reasons: readonly DowntimeReason[],
): Map<string, DowntimeReason> {
  const found = new Map<string, DowntimeReason>();
  for (const [fault, code] of Object.entries(faultReasons)) {
    const reason = reasonByCode(reasons, code);
    if (reason) found.set(fault, reason);
  }
  return found;
}
