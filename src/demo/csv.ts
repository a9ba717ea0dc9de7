/** A record of a CSV file; `line` is the line of the file, from 1, on which it begins. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** A record longer than this is a quote that is never closed, and would swallow the rest of the file. */
const LONGEST_RECORD = 1_000_000;

/** The file cannot be read as CSV from a line on. */
export class CsvError extends Error {
  override readonly name = "CsvError";
}

/**
 * Takes CSV (RFC 4180) in pieces of any size and gives back the records that are complete. Quoted fields may
 * hold separators, line ends and doubled quotes; lines end with LF, CRLF or CR LF split over two pieces;
 * empty lines are skipped.
 */
export class CsvParser {
  /** One character. */
  readonly #delimiter: string;
  #rest = "";
  /** How far `#rest` is known to hold no end of a record, and whether that place is within quotes. */
  #scanned = 0;
  #quoted = false;
  /** The first quote not before the place last asked for; looking for it anew at each line would be slow. */
  #nextQuote = -1;
  #line = 1;
  #first = true;

  constructor(options: { delimiter?: string } = {}) {
    this.#delimiter = options.delimiter ?? ",";
  }

  /** Adds a piece of the file. Throws CsvError when a quote is not closed within 1,000,000 characters. */
  push(piece: string): CsvRecord[] {
    let text = this.#rest + piece;
    if (this.#first && text.length > 0) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    const records: CsvRecord[] = [];
    let start = 0;
    this.#nextQuote = -1;
    for (;;) {
      const end = this.#recordEnd(text, start);
      if (end < 0) break;
      this.#take(text.slice(start, end), records);
      start = end + 1;
      this.#scanned = start;
    }
    this.#rest = text.slice(start);
    this.#scanned -= start;
    if (this.#rest.length > LONGEST_RECORD) {
      throw new CsvError(`line ${this.#line}: a record without end; is a quote not closed?`);
    }
    return records;
  }

  /** The last record, when the file does not end with a line end. Throws CsvError when a quote is not closed. */
  end(): CsvRecord[] {
    // The file's last character may be the closing quote, which `push` could not tell from a doubled one.
    if (this.#quoted && this.#rest.slice(this.#scanned) !== '"') {
      throw new CsvError(`line ${this.#line}: a quote is not closed`);
    }
    const records: CsvRecord[] = [];
    this.#take(this.#rest, records);
    this.#rest = "";
    this.#scanned = 0;
    return records;
  }

  /** The next line end outside of quotes, or -1; what was looked at is not looked at again. */
  #recordEnd(text: string, start: number): number {
    for (;;) {
      if (this.#quoted) {
        const close = text.indexOf('"', this.#scanned);
        this.#scanned = close < 0 ? text.length : close;
        if (close < 0 || close === text.length - 1) return -1;
        const doubled = text[close + 1] === '"';
        this.#scanned = close + (doubled ? 2 : 1);
        this.#quoted = doubled;
        continue;
      }
      const end = text.indexOf("\n", this.#scanned);
      const quote = this.#quoteFrom(text, this.#scanned);
      if (quote === text.length || (end >= 0 && end < quote)) {
        this.#scanned = end < 0 ? text.length : end;
        return end;
      }
      // Elsewhere than at a field's begin a quote is a character like others.
      this.#quoted = quote === start || text[quote - 1] === this.#delimiter;
      this.#scanned = quote + 1;
    }
  }

  #quoteFrom(text: string, from: number): number {
    if (this.#nextQuote < from) {
      const found = text.indexOf('"', from);
      this.#nextQuote = found < 0 ? text.length : found;
    }
    return this.#nextQuote;
  }

  #take(text: string, into: CsvRecord[]): void {
    const line = this.#line;
    this.#line += 1;
    const record = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (record === "") return;
    if (!record.includes('"')) {
      into.push({ line, fields: record.split(this.#delimiter) });
      return;
    }
    this.#line += text.split("\n").length - 1;
    into.push({ line, fields: this.#quotedFields(record) });
  }

  #quotedFields(record: string): string[] {
    const fields: string[] = [];
    let at = 0;
    for (;;) {
      let field = "";
      if (record[at] === '"') {
        at += 1;
        for (;;) {
          const close = record.indexOf('"', at);
          field += record.slice(at, close < 0 ? record.length : close);
          at = close < 0 ? record.length : close + 1;
          if (record[at] !== '"') break;
          field += '"';
          at += 1;
        }
      }
      const end = record.indexOf(this.#delimiter, at);
      field += record.slice(at, end < 0 ? record.length : end);
      fields.push(field);
      if (end < 0) return fields;
      at = end + 1;
    }
  }
}
