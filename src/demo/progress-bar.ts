import type { ReplayProgress } from "./replay.js";

const PLAIN_EVERY_MS = 5000;

/** Shows progress on a stream: a bar that redraws itself on a terminal, now and then a line elsewhere. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #lastAt = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: ReplayProgress): void {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${bar(progress, this.#stream.columns || 80)}`);
      return;
    }
    if (progress.elapsedMs - this.#lastAt < PLAIN_EVERY_MS) return;
    this.#lastAt = progress.elapsedMs;
    this.#stream.write(`${summary(progress)}\n`);
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[K");
  }
}

/** The bar as one line of at most `columns` characters. */
export function bar(progress: ReplayProgress, columns: number): string {
  const text = ` ${summary(progress)}`;
  const width = Math.min(40, columns - text.length - 3);
  if (width < 5) return text.slice(1, columns);
  const full = Math.round(progress.share * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]${text}`;
}

function summary({ rows, badRows, share, elapsedMs, connected }: ReplayProgress): string {
  const rate = Math.round(rows / Math.max(0.001, elapsedMs / 1000));
  const done = `${Math.floor(share * 100)} %, ${rows} rows, ${rate} rows/s`;
  const bad = badRows === 0 ? "" : `, ${badRows} bad`;
  if (!connected) return `${done}${bad}, waiting for the broker`;
  return share > 0 ? `${done}${bad}, ${duration((elapsedMs / share) * (1 - share))} left` : done;
}

/** A duration as people read it: `8.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
