import { randomBytes } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { err, messageOf, ok, type Result } from "../kernel/result.js";
import { parseBrokerUrl } from "../mqtt/broker-url.js";
import { connectDevice } from "../mqtt/device-client.js";
import type { Qos } from "../mqtt/inbound-message.js";
import { validateTopic } from "../mqtt/topic.js";
import { CsvParser, type CsvRecord } from "./csv.js";
import { DropWatch } from "./drop-watch.js";
import { Recording } from "./recording.js";
import { RowSender } from "./row-sender.js";

const PIECE_BYTES = 64 * 1024;
const WINDOW = 500;
const BAD_ROWS_NAMED = 20;
const PROGRESS_EVERY_MS = 100;
const LONGEST_TIMER_MS = 60_000;

export interface ReplayOptions {
  /** A CSV file whose first row names the columns. */
  readonly file: string;
  readonly topic: string;
  /** The column that holds the time. */
  readonly timeColumn: string;
  /** How many times faster than recorded; `max`: as fast as the broker takes it. */
  readonly speed: number | "max";
  /** `mqtt(s)://` or `ws(s)://`, with `user:password@` where the broker asks for it. */
  readonly url: string;
  readonly qos: Qos;
  /** One character; a comma unless told. */
  readonly delimiter?: string;
  /** Most messages unacknowledged at a time; 500 unless told. */
  readonly window?: number;
  /** How long the first connection may take, ms; 10,000 unless told. Later ones may take for ever. */
  readonly connectTimeoutMs?: number;
  /** Ask the broker at the end how many messages it dropped, which takes up to 12 s; true unless told. */
  readonly watchDrops?: boolean;
  /** Ends the replay early. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second while rows are sent, and at their end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Called when no more rows are sent, with all of the report but `dropped`, which may take some seconds more. */
  readonly onSent?: (report: ReplayReport) => void;
}

export interface ReplayProgress {
  /** Rows that the broker has acknowledged. */
  readonly rows: number;
  readonly badRows: number;
  /** How much of the file has been read, 0 to 1. */
  readonly share: number;
  readonly elapsedMs: number;
  readonly connected: boolean;
}

export interface BadRow {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly problem: string;
}

export interface ReplayReport {
  /** Rows that the broker has acknowledged. */
  readonly rows: number;
  /** Rows sent again after a lost connection. */
  readonly resent: number;
  readonly badRowCount: number;
  /** The first 20 of them. */
  readonly badRows: readonly BadRow[];
  /** From the first row sent to the last acknowledgement, ms. */
  readonly durationMs: number;
  /** Messages that the broker threw away meanwhile, for whichever client; null when it does not tell. */
  readonly dropped: number | null;
  /** Why the replay ended early, or null. */
  readonly failure: string | null;
}

/**
 * Publishes a recorded CSV file as a device would have: a JSON message for each row. Lost connections are made
 * anew and what was not acknowledged is sent again. The error says why it could not even begin.
 */
export async function replay(options: ReplayOptions): Promise<Result<ReplayReport, string>> {
  const problem = await checkOptions(options);
  if (problem !== null) return err(problem);
  const { size } = await stat(options.file);
  const header = await readHeader(options);
  if (!header.ok) return header;

  const client = connectDevice({ url: options.url, clientId: `replay-${randomBytes(6).toString("hex")}` });
  try {
    await client.ready(options.connectTimeoutMs ?? 10_000);
    const run = new ReplayRun(options, size, header.value, {
      sender: new RowSender({
        client,
        topic: options.topic,
        qos: options.qos,
        window: options.window ?? WINDOW,
      }),
      drops: options.watchDrops === false ? null : new DropWatch(client),
      isConnected: () => client.connected,
    });
    return ok(await run.run());
  } catch (error) {
    return err(messageOf(error));
  } finally {
    await client.end();
  }
}

/** One replay over a connection that stands. */
class ReplayRun {
  readonly #options: ReplayOptions;
  readonly #size: number;
  readonly #recording: Recording;
  readonly #sender: RowSender;
  readonly #drops: DropWatch | null;
  readonly #isConnected: () => boolean;
  readonly #badRows: BadRow[] = [];
  #badRowCount = 0;
  #bytes = 0;
  #startedAt = 0;
  /** When the last row is due and what its time was; the file's gaps are counted from row to row. */
  #due = 0;
  #lastTime: number | null = null;

  constructor(
    options: ReplayOptions,
    size: number,
    recording: Recording,
    parts: { sender: RowSender; drops: DropWatch | null; isConnected: () => boolean },
  ) {
    this.#options = options;
    this.#size = size;
    this.#recording = recording;
    this.#sender = parts.sender;
    this.#drops = parts.drops;
    this.#isConnected = parts.isConnected;
  }

  async run(): Promise<ReplayReport> {
    const { signal, onProgress } = this.#options;
    const onAbort = () => this.#sender.fail("interrupted");
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    await this.#drops?.start();
    this.#startedAt = performance.now();
    this.#due = this.#startedAt;
    const timer = setInterval(() => onProgress?.(this.#progress()), PROGRESS_EVERY_MS);
    try {
      await this.#sendFile().catch((error: unknown) => this.#sender.fail(messageOf(error)));
      await this.#sender.drained();
      onProgress?.(this.#progress());
    } finally {
      clearInterval(timer);
    }
    const report = this.#report();
    this.#options.onSent?.(report);
    if (report.rows > 0 && report.failure === null) await this.#drops?.settle(signal);
    signal?.removeEventListener("abort", onAbort);
    return { ...report, dropped: this.#drops?.dropped ?? null };
  }

  #report(): ReplayReport {
    return {
      rows: this.#sender.acknowledged,
      resent: this.#sender.resent,
      badRowCount: this.#badRowCount,
      badRows: this.#badRows,
      durationMs: performance.now() - this.#startedAt,
      dropped: null,
      failure: this.#sender.failure,
    };
  }

  async #sendFile(): Promise<void> {
    const parser = new CsvParser(delimiterOf(this.#options));
    const stream = openFile(this.#options.file);
    let isHeader = true;
    for await (const records of recordsOf(stream, parser)) {
      const before = this.#bytes;
      for (const [index, record] of records.entries()) {
        if (isHeader) isHeader = false;
        else await this.#sendRow(record);
        if (this.#sender.failure !== null) return;
        this.#bytes = before + ((stream.bytesRead - before) * (index + 1)) / records.length;
      }
    }
  }

  async #sendRow(record: CsvRecord): Promise<void> {
    const message = this.#recording.message(record.fields);
    if (!message.ok) {
      this.#badRowCount += 1;
      if (this.#badRows.length < BAD_ROWS_NAMED) {
        this.#badRows.push({ line: record.line, problem: message.error });
      }
      return;
    }
    const { time, payload } = message.value;
    if (this.#options.speed !== "max") await this.#untilDue(time, this.#options.speed);
    if (!this.#sender.hasRoom) await this.#sender.room();
    if (this.#sender.failure === null) this.#sender.send(payload);
  }

  async #untilDue(time: number, speed: number): Promise<void> {
    this.#due += Math.max(0, time - (this.#lastTime ?? time)) / speed;
    this.#lastTime = time;
    for (;;) {
      const left = this.#due - performance.now();
      if (left <= 0 || this.#sender.failure !== null) return;
      await sleep(Math.min(left, LONGEST_TIMER_MS), this.#options.signal);
    }
  }

  #progress(): ReplayProgress {
    return {
      rows: this.#sender.acknowledged,
      badRows: this.#badRowCount,
      share: this.#size === 0 ? 1 : Math.min(1, this.#bytes / this.#size),
      elapsedMs: performance.now() - this.#startedAt,
      connected: this.#isConnected(),
    };
  }
}

async function checkOptions(options: ReplayOptions): Promise<string | null> {
  const topicProblem = validateTopic(options.topic);
  if (topicProblem !== null) return `the topic cannot be published to: ${topicProblem}`;
  const address = parseBrokerUrl(options.url);
  if (!address.ok) return address.error;
  if (options.speed !== "max" && !(options.speed > 0)) return "the speed must be above 0";
  if (options.delimiter !== undefined && !/^[^"\r\n]$/.test(options.delimiter)) {
    return "the delimiter must be one character, and no quote";
  }
  try {
    return (await stat(options.file)).isFile() ? null : `${options.file} is not a file`;
  } catch (error) {
    return `cannot read ${options.file}: ${messageOf(error)}`;
  }
}

/** Reads the header before anything is connected, so that a wrong column is told at once. */
async function readHeader(options: ReplayOptions): Promise<Result<Recording, string>> {
  try {
    for await (const [header] of recordsOf(openFile(options.file), new CsvParser(delimiterOf(options)))) {
      if (!header) continue;
      const opened = Recording.open(header.fields, options.timeColumn);
      return opened.ok ? opened : err(`${options.file}: ${opened.error}`);
    }
    return err(`${options.file} is empty`);
  } catch (error) {
    return err(`cannot read ${options.file}: ${messageOf(error)}`);
  }
}

async function* recordsOf(stream: ReadStream, parser: CsvParser): AsyncGenerator<CsvRecord[]> {
  for await (const piece of stream) yield parser.push(String(piece));
  yield parser.end();
}

function openFile(file: string): ReadStream {
  return createReadStream(file, { encoding: "utf8", highWaterMark: PIECE_BYTES });
}

function delimiterOf(options: ReplayOptions): { delimiter?: string } {
  return options.delimiter === undefined ? {} : { delimiter: options.delimiter };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
