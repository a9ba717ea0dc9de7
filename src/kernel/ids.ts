import { randomUUID } from "node:crypto";

/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random bits, so that keys made one after
 * the other stand beside each other in an index.
 * @param now a whole number of milliseconds.
 */
export function newId(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A global id: the GraphQL type's name and the key, so that `node(id:)` knows where to look. Opaque to clients. */
export function globalId(type: string, key: string): string {
  return `${type}:${key}`;
}

/** The key within a global id of the given type, or null when it is an id of something else. */
export function keyOfGlobalId(type: string, id: string): string | null {
  const [prefix, key, ...rest] = id.split(":");
  return prefix === type && key !== undefined && rest.length === 0 && isUuid(key) ? key : null;
}
