import { type Downtime, downtimeId } from "./downtime.js";

/** A downtime as the API's objects are made of it. */
export interface DowntimeValue extends Downtime {
  readonly __typename: "Downtime";
  /** Global. */
  readonly id: string;
  readonly removed: boolean;
}

/** A downtime as the API shows it. */
export function downtimeValue(downtime: Downtime, removed = false): DowntimeValue {
  return { ...downtime, __typename: "Downtime", id: downtimeId(downtime), removed };
}
