import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { addHistoryMetrics, type HistoryMeasured } from "./metrics-history.js";

const MEASURED: HistoryMeasured = {
  databaseBytes: 9_000,
  openFrameBytes: 10,
  closedFrameBytes: 20,
  waitingSegments: 1,
  freeBytes: null,
  policies: [{ retention: "default", bytes: { sample_block: 30 }, samples: 40 }],
};

/** What a scrape tells, without comments. */
async function scraped(measure: () => Promise<HistoryMeasured>): Promise<string[]> {
  const registry = new Registry();
  new Gauge({ name: "other", help: "Something else.", registers: [registry] }).set(7);
  addHistoryMetrics(registry, measure, () => "cannot seal");
  const lines = (await registry.metrics()).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

test("what was measured is told", async () => {
  expect(await scraped(async () => MEASURED)).toEqual([
    "other 7",
    "mes_twin_database_bytes 9000",
    'mes_twin_history_frame_bytes{segments="open"} 10',
    'mes_twin_history_frame_bytes{segments="closed"} 20',
    'mes_twin_history_bytes{table="sample_block",retention="default"} 30',
    'mes_twin_history_samples{retention="default"} 40',
    "mes_twin_history_segments_waiting 1",
    "mes_twin_history_problem 1",
  ]);
});

test.each<[string, () => Promise<HistoryMeasured>]>([
  ["refuses", () => Promise.reject(new Error("no connection"))],
  ["hangs", () => new Promise(() => undefined)],
])("while the database %s, the rest is told", async (_, measure) => {
  expect(await scraped(measure)).toEqual(["other 7", "mes_twin_history_problem 1"]);
});
