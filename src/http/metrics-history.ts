import { setTimeout as sleep } from "node:timers/promises";
import { Gauge, type Registry } from "prom-client";

const LONGEST_MS = 1_000;

/** What `/metrics` tells of the history. */
export interface HistoryMeasured {
  readonly databaseBytes: number;
  readonly openFrameBytes: number;
  readonly closedFrameBytes: number;
  readonly waitingSegments: number;
  /** Null where the database is on another machine. */
  readonly freeBytes: number | null;
  readonly policies: readonly {
    readonly retention: string;
    /** By table. */
    readonly bytes: Readonly<Record<string, number>>;
    readonly samples: number;
  }[];
}

/**
 * Adds the gauges of the history to the registry.
 * @param measure is asked at each scrape, and should remember what it found. Where it throws the gauges are left out.
 * @param problem why history is not being sealed; null while it is.
 */
export function addHistoryMetrics(
  registry: Registry,
  measure: () => Promise<HistoryMeasured>,
  problem: () => string | null,
): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    set: (gauge: Gauge, measured: HistoryMeasured) => void,
  ) =>
    new Gauge({
      name: `mes_twin_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        this.reset();
        const measured = await inTime(measure());
        if (measured) set(this, measured);
        // Only one without labels is 0 after its reset.
        else if (labelNames.length === 0) this.remove();
      },
    });
  // The database may hang: what else there is to tell must not wait for it.
  const inTime = async (measured: Promise<HistoryMeasured>) => {
    const waiting = new AbortController();
    const late = sleep(LONGEST_MS, null, { signal: waiting.signal }).catch(() => null);
    const first = await Promise.race([measured.catch(() => null), late]);
    waiting.abort();
    return first;
  };
  gauge("database_bytes", "What the database takes on disk.", [], (to, { databaseBytes }) =>
    to.set(databaseBytes),
  );
  gauge("database_free_bytes", "Free bytes on the disk of the embedded database.", [], (to, { freeBytes }) =>
    freeBytes === null ? to.remove() : to.set(freeBytes),
  );
  gauge(
    "history_frame_bytes",
    "What frames take on disk: of the segment that is being written, and of those that are to be sealed or dropped.",
    ["segments"],
    (to, { openFrameBytes, closedFrameBytes }) => {
      to.set({ segments: "open" }, openFrameBytes);
      to.set({ segments: "closed" }, closedFrameBytes);
    },
  );
  gauge("history_bytes", "What sealed history takes on disk.", ["table", "retention"], (to, { policies }) => {
    for (const { retention, bytes } of policies)
      for (const [table, size] of Object.entries(bytes)) to.set({ table, retention }, size);
  });
  gauge("history_samples", "About how many samples are sealed.", ["retention"], (to, { policies }) => {
    for (const { retention, samples } of policies) to.set({ retention }, samples);
  });
  gauge("history_segments_waiting", "Segments that wait to be sealed.", [], (to, { waitingSegments }) =>
    to.set(waitingSegments),
  );
  new Gauge({
    name: "mes_twin_history_problem",
    help: "1 while history cannot be sealed or dropped, else 0. What comes in is stored all the same.",
    registers: [registry],
    collect() {
      this.set(problem() === null ? 0 : 1);
    },
  });
}
