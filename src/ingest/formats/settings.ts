import { z } from "zod";

/** Where something stands in a payload: names of fields and positions in arrays, joined with `/`. */
export const payloadPath = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .regex(/^[^/]+(?:\/[^/]+)*$/, "must be names joined with /, such as header/time");
