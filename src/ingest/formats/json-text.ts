import { isUtf8 } from "node:buffer";
import { isInteger, parse as parseLossless } from "lossless-json";
import { err, messageOf, ok, type Result } from "../../kernel/result.js";

const MANY_DIGITS = /\d{16}/;
// Not the digits of a fraction, which a double holds as well as it can either way.
const LONG_NUMBER = /(?<![\d.])\d{16}/;
const BYTE_ORDER_MARK = 0xfeff;
/** Characters of a parser's complaint, which can quote a whole payload. */
const LONGEST_COMPLAINT = 200;

/** The text of a payload, or why it is none. */
export function textOf(payload: Buffer): Result<string, string> {
  if (!isUtf8(payload)) return err("the payload is not UTF-8 text");
  // Some devices begin their text with a byte order mark.
  const text = payload.toString("utf8");
  return ok(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}

/** JSON with integers beyond 2^53 - 1 as bigint instead of rounded. Of a key that stands twice, the last one counts. */
export function parseJson(text: string): Result<unknown, string> {
  try {
    // The exact parser is many times slower, and only long numbers need it.
    const long = MANY_DIGITS.test(text) && LONG_NUMBER.test(text);
    return ok(long ? parseLossless(text, undefined, EXACTLY) : JSON.parse(text));
  } catch (error) {
    return err(`the payload is not JSON: ${messageOf(error).slice(0, LONGEST_COMPLAINT)}`);
  }
}

function parseNumber(text: string): number | bigint {
  // No integer of 64 bits is that long, and BigInt takes seconds for megabytes of digits.
  if (!isInteger(text) || text.length > 64) return Number(text);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

const EXACTLY = {
  parseNumber,
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
} as const;
