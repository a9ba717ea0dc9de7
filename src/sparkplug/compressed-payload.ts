import { gunzipSync, inflateSync } from "node:zlib";
import { err, ok, type Result } from "../kernel/result.js";
import { decodePayload } from "./decode-payload.js";
import type { Payload } from "./payload.js";

/** What the `uuid` of a payload says whose `body` holds the true one, as the clients of Eclipse Tahu send it. */
export const COMPRESSED = "SPBV1.0_COMPRESSED";
/** Bytes that a compressed payload may unpack to. */
export const MOST_UNPACKED = 16 * 1_048_576;

/** A payload, and how many bytes it was read from once it was unpacked. */
export interface ReadPayload {
  readonly payload: Payload;
  readonly bytes: number;
}

/**
 * The payload in the bytes of a message, unpacked where it is compressed, or what is wrong with them. Never throws.
 * Sparkplug itself has no compression: a metric `algorithm` says GZIP or DEFLATE (zlib), which is also what is taken
 * without it. At most 16 MiB are unpacked.
 */
export function readPayload(bytes: Uint8Array): Result<ReadPayload, string> {
  const outer = decodePayload(bytes);
  if (!outer.ok) return outer;
  if (outer.value.uuid !== COMPRESSED) return ok({ payload: outer.value, bytes: bytes.length });
  const unpacked = unpack(outer.value);
  if (!unpacked.ok) return unpacked;
  const inner = decodePayload(unpacked.value);
  if (!inner.ok) return err(`compressed: ${inner.error}`);
  if (inner.value.uuid === COMPRESSED) return err("compressed twice");
  return ok({ payload: inner.value, bytes: unpacked.value.length });
}

function unpack({ metrics, body }: Payload): Result<Uint8Array, string> {
  if (body === null) return err("compressed, and without a body");
  const wire = metrics.find(({ name }) => name === "algorithm")?.wire;
  const algorithm = wire?.field === "string" ? wire.value : "DEFLATE";
  const unpacker = UNPACKERS.get(algorithm.toUpperCase());
  if (unpacker === undefined) return err(`compressed by ${JSON.stringify(algorithm.slice(0, 40))}`);
  try {
    return ok(unpacker(body, { maxOutputLength: MOST_UNPACKED }));
  } catch (error) {
    const tooMuch = error instanceof RangeError;
    return err(tooMuch ? `unpacks to more than ${MOST_UNPACKED} bytes` : "its compressed body is broken");
  }
}

const UNPACKERS: ReadonlyMap<string, typeof inflateSync> = new Map([
  ["DEFLATE", inflateSync],
  ["GZIP", gunzipSync],
]);
