import { randomBytes } from "node:crypto";

/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random bits, so that keys made one after
 * the other stand beside each other in an index.
 */
export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
