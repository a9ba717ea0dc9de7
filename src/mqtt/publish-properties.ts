import { err, ok, type Result } from "../kernel/result.js";
import type { DeliveryProperties } from "./inbound-message.js";
import { textOf } from "./topic-cache.js";

/** Why a connection cannot be read on. */
export interface Malformed {
  /** The MQTT 5 reason code. */
  readonly code: number;
  /** What the broker sent, to be read after "the broker sent ". */
  readonly text: string;
}

export const MALFORMED = 0x81;
export const PROTOCOL_ERROR = 0x82;
const ALIAS_INVALID = 0x94;

const PAYLOAD_FORMAT = 0x01;
const MESSAGE_EXPIRY = 0x02;
const CONTENT_TYPE = 0x03;
const RESPONSE_TOPIC = 0x08;
const CORRELATION_DATA = 0x09;
const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;
const USER_PROPERTY = 0x26;

/**
 * Reads the properties of an MQTT 5 PUBLISH, which begin at `from` and must end before `end`. Those that nobody asks
 * for are skipped, `properties` is null when there is no other. `payloadAt` is where the payload begins.
 */
export function readProperties(
  bytes: Buffer,
  from: number,
  end: number,
): Result<{ payloadAt: number; properties: DeliveryProperties | null }, Malformed> {
  const cursor = new Cursor(bytes, from, end);
  const length = cursor.variable();
  const payloadAt = cursor.at + length;
  if (cursor.broken || payloadAt > end) return malformed("properties longer than the message");
  cursor.end = payloadAt;
  let responseTopic: string | undefined;
  let contentType: string | undefined;
  let correlationData: Buffer | undefined;
  const seen = new Set<number>();
  while (cursor.at < payloadAt) {
    const id = cursor.byte();
    if (seen.has(id)) return err({ code: PROTOCOL_ERROR, text: `the property ${id} twice in one message` });
    if (id !== SUBSCRIPTION_IDENTIFIER && id !== USER_PROPERTY) seen.add(id);
    switch (id) {
      case PAYLOAD_FORMAT:
        cursor.skip(1);
        break;
      case MESSAGE_EXPIRY:
        cursor.skip(4);
        break;
      case CONTENT_TYPE:
        contentType = cursor.text();
        break;
      case RESPONSE_TOPIC:
        responseTopic = cursor.text();
        break;
      case CORRELATION_DATA:
        // A copy, because whoever answers may keep it for long.
        correlationData = Buffer.from(cursor.binary());
        break;
      case SUBSCRIPTION_IDENTIFIER:
        cursor.variable();
        break;
      case TOPIC_ALIAS:
        return err({ code: ALIAS_INVALID, text: "a topic alias, and none was allowed" });
      case USER_PROPERTY:
        cursor.binary();
        cursor.binary();
        break;
      default:
        return malformed(`a message with the unknown property ${id}`);
    }
    if (cursor.broken) return malformed(`a message whose property ${id} cannot be read`);
  }
  const any = responseTopic !== undefined || contentType !== undefined || correlationData !== undefined;
  return ok({ payloadAt, properties: any ? { responseTopic, contentType, correlationData } : null });
}

function malformed(text: string): Result<never, Malformed> {
  return err({ code: MALFORMED, text });
}

/** Reads on from `at`; what would go beyond `end`, or is not what it should be, makes it `broken`. */
class Cursor {
  at: number;
  end: number;
  broken = false;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    const at = this.at;
    this.skip(1);
    return this.broken ? 0 : (this.#bytes[at] as number);
  }

  skip(count: number): void {
    if (this.at + count > this.end) this.broken = true;
    else this.at += count;
  }

  /** A variable byte integer. */
  variable(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.broken = true;
    return 0;
  }

  /** Bytes with their length before them. */
  binary(): Buffer {
    const length = (this.byte() << 8) | this.byte();
    const from = this.at;
    this.skip(length);
    return this.broken ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(from, from + length);
  }

  text(): string {
    const text = textOf(this.binary());
    if (text === null) this.broken = true;
    return text ?? "";
  }
}
