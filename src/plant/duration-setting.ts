import { z } from "zod";
import { parseDuration } from "../kernel/duration.js";

/** A duration in the plant file, such as `30s`, or a bare number of milliseconds; it comes out in milliseconds. */
export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = typeof value === "number" ? Math.round(value) : parseDuration(value);
  if (ms === null || ms <= 0) {
    context.addIssue({ code: "custom", message: 'must be a duration such as "500ms", "30s", "5m" or "8h"' });
    return z.NEVER;
  }
  return ms;
});
