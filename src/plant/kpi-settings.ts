import { duration } from "./duration-setting.js";

/** How long after the end of a range data may still come late, unless the plant file says otherwise: a day. */
export const DEFAULT_LATE_DATA_MS = 86_400_000;

/** The plant file's `lateData`, in milliseconds. */
export const lateData = duration.optional();
