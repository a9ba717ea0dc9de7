import type { Twin } from "./machine-twin.js";
import type { Route, TwinView } from "./twin-model.js";

/** A machine that says nothing new may have been seen so much later than the table of the twins says. */
const SEEN_MS = 60_000;

/** A twin without its readings, as it was after a message. */
export interface TwinHead {
  readonly twin: Twin;
  readonly view: TwinView;
  readonly route: Route | null;
  readonly version: number;
}

/**
 * The head of a twin where the table of the twins must learn of it; null where the frames of the history tell all.
 * @param framed whether the message has frames, which tell the revision and when the machine was seen.
 */
export function headOf(twin: Twin, framed: boolean): TwinHead | null {
  const known = twin.headVersion === twin.committedVersion;
  if (known && (framed || !(twin.lastSeenAt - twin.committedSeenAt >= SEEN_MS))) return null;
  return { twin, view: twin.view, route: twin.route, version: twin.headVersion };
}

/** Marks a head as committed. */
export function headCommitted({ twin, view, version }: TwinHead): void {
  // Another server may have taken the twin over meanwhile: then it was read anew.
  if (version < twin.committedVersion || version > twin.headVersion) return;
  twin.committedVersion = version;
  twin.committedSeenAt = view.connectivity.lastSeen?.getTime() ?? Number.NEGATIVE_INFINITY;
}
