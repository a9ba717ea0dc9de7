import { parseBrokerUrl } from "../mqtt/broker-url.js";
import type { CompiledSource } from "./mapping.js";

export const SOURCE_OWNERS = ["PLANT_FILE", "API"] as const;
/** Where the settings of a source stand, which is the one place to change them. */
export type SourceOwner = (typeof SOURCE_OWNERS)[number];

/** All that decides how a source is consumed. */
export interface SourceSetup extends CompiledSource {
  readonly owner: SourceOwner;
  readonly paused: boolean;
  /** Names its session at the broker. */
  readonly clientId: string;
  /** Counts the changes of the settings; null where the plant file has them. */
  readonly version: number | null;
  /** Another one after every change. */
  readonly change: string;
}

/**
 * The client id of a source's session: it belongs to the installation and not to a process.
 * @param number of the session: another broker makes another one, from 1.
 */
export function clientIdOf(installation: string, source: string, number: number): string {
  // No name of a source holds a full stop.
  return `mes-twin-${installation.slice(0, 8)}-${source}${number === 1 ? "" : `.${number}`}`;
}

/** The URL of a broker, fit to be shown: `***` in place of user and password, and of the query. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1***@").replace(/\?.*$/s, "?***");
}

/** Whether two URLs lead to the same place; who connects there makes no difference. */
export function sameBroker(one: string, other: string): boolean {
  const [a, b] = [parseBrokerUrl(one), parseBrokerUrl(other)];
  if (!a.ok || !b.ok) return one === other;
  return (["protocol", "host", "port", "path"] as const).every((part) => a.value[part] === b.value[part]);
}
