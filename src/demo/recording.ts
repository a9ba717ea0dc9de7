import { err, ok, type Result } from "../kernel/result.js";
import { parseRecordedTime } from "./recorded-time.js";

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LOOSE_NUMBER = /^[+-]?(?:\d+\.\d*|\.\d+|[1-9]\d*|0)(?:[eE][+-]?\d+)?$/;
const NO_VALUE = /^(?:nan|null|none|n\/a|[+-]?inf(?:inity)?)?$/i;

/** A row as the message that a device would have sent. */
export interface RecordedMessage {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** JSON: `ts` in milliseconds, then a member for each column with a value. */
  readonly payload: string;
}

/** Makes messages of the rows of one recording. */
export class Recording {
  readonly #columns: readonly string[];
  /** `,"name":` for each column, made once; null for the time. */
  readonly #keys: readonly (string | null)[];
  readonly #timeAt: number;

  private constructor(columns: readonly string[], timeAt: number) {
    this.#columns = columns;
    this.#timeAt = timeAt;
    this.#keys = columns.map((name, index) => (index === timeAt ? null : `,${JSON.stringify(name)}:`));
  }

  /** Reads the header row; the error names the columns there are. */
  static open(header: readonly string[], timeColumn: string): Result<Recording, string> {
    const columns = header.map((name) => name.trim());
    const timeAt = columns.indexOf(timeColumn);
    if (timeAt < 0) return err(`there is no column "${timeColumn}"; the columns are: ${columns.join(", ")}`);
    const values = columns.filter((_name, index) => index !== timeAt);
    if (values.includes("ts"))
      return err('a column "ts" beside the time column would hide the time of the message');
    if (values.includes("")) return err(`a column has no name; the columns are: ${columns.join(", ")}`);
    const twice = columns.find((name, index) => columns.indexOf(name) !== index);
    if (twice !== undefined) return err(`there are two columns "${twice}"`);
    return ok(new Recording(columns, timeAt));
  }

  /** The message of a row; the error says what is wrong with the row. */
  message(fields: readonly string[]): Result<RecordedMessage, string> {
    if (fields.length !== this.#columns.length) {
      return err(`${fields.length} fields where the header has ${this.#columns.length}`);
    }
    const text = fields[this.#timeAt] ?? "";
    const time = parseRecordedTime(text);
    if (time === null) return err(`"${text.slice(0, 40)}" is no time`);
    let payload = `{"ts":${time}`;
    for (const [index, key] of this.#keys.entries()) {
      const value = key === null ? null : jsonValue(fields[index] ?? "");
      if (value !== null) payload += key + value;
    }
    return ok({ time, payload: `${payload}}` });
  }
}

/** A field as JSON, or null when it holds no value. Digits stay as they are written, so that none is lost. */
export function jsonValue(field: string): string | null {
  const text = field.trim();
  if (JSON_NUMBER.test(text)) return Number.isFinite(Number(text)) ? text : null;
  if (NO_VALUE.test(text)) return null;
  if (LOOSE_NUMBER.test(text) && Number.isFinite(Number(text))) return String(Number(text));
  return JSON.stringify(field);
}
