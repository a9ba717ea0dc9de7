import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "../../test/support/mosquitto.js";
import { waitFor } from "../../test/support/wait-for.js";
import { connectDevice, type DeviceClient } from "../mqtt/device-client.js";
import { bar, duration } from "./progress-bar.js";
import { type ReplayOptions, type ReplayReport, replay } from "./replay.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(text: string): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.csv`);
  await writeFile(file, text);
  return file;
}

/** A file of `count` rows, a second apart, the row's number in column n. */
function rows(count: number): Promise<string> {
  const start = Date.UTC(2024, 0, 1);
  const lines = Array.from({ length: count }, (_, n) => `${new Date(start + n * 1000).toISOString()},${n}`);
  return fileOf(`time,n\n${lines.join("\n")}\n`);
}

function optionsFor(file: string, url: string): ReplayOptions {
  return {
    file,
    topic: "acme/m/telemetry",
    timeColumn: "time",
    speed: "max",
    url,
    qos: 1,
    watchDrops: false,
  };
}

describe.skipIf(!mosquittoAvailable)("a replay", () => {
  let broker: Mosquitto;
  let listener: DeviceClient;
  let received: Record<string, unknown>[] = [];

  beforeAll(async () => {
    broker = await startMosquitto({ config: ["sys_interval 1"] });
    listener = connectDevice({ url: broker.url, clientId: "listener" });
    await listener.ready();
    await listener.subscribe("acme/#", 1, (_topic, payload) => {
      received.push(JSON.parse(payload.toString()) as Record<string, unknown>);
    });
  });

  afterAll(async () => {
    await listener?.end();
    await broker?.stop();
  });

  async function run(options: Partial<ReplayOptions> & { file: string }): Promise<ReplayReport> {
    received = [];
    const outcome = await replay({ ...optionsFor(options.file, broker.url), ...options });
    if (!outcome.ok) throw new Error(outcome.error);
    return outcome.value;
  }

  test.each([0, 1, 2] as const)("publishes each row once and in order at QoS %d", async (qos) => {
    const report = await run({ file: await rows(3000), qos });
    expect(report).toMatchObject({ rows: 3000, resent: 0, badRowCount: 0, failure: null });
    await waitFor(() => received.length >= 3000);
    expect(received.map(({ n }) => n)).toEqual(Array.from({ length: 3000 }, (_, n) => n));
    expect(received[1]).toEqual({ ts: Date.UTC(2024, 0, 1) + 1000, n: 1 });
  });

  test("names bad rows by line and sends the others", async () => {
    const file = await fileOf(
      'time,n\nsoon,1\n2024-01-01 00:00:00,2\n\n2024-01-01 00:00:01,"3\n3",4\n1704067202,5\n',
    );
    const report = await run({ file });
    expect(report.rows).toBe(2);
    expect(report.badRows).toEqual([
      { line: 2, problem: '"soon" is no time' },
      { line: 5, problem: "3 fields where the header has 2" },
    ]);
    await waitFor(() => received.length === 2);
    expect(received.map(({ n }) => n)).toEqual([2, 5]);
  });

  test("keeps the file's gaps, faster when told, and does not wait for rows of the past", async () => {
    const times = ["00:00:00", "00:00:10", "00:00:05", "00:00:20"];
    const file = await fileOf(`time,n\n${times.map((time, n) => `2024-01-01 ${time},${n}`).join("\n")}`);
    const report = await run({ file, speed: 100 });
    // 10 s and 15 s forward, a hundred times faster.
    expect(report.durationMs).toBeGreaterThanOrEqual(245);
    expect(report.rows).toBe(4);
  });

  test("goes on when the broker is restarted, and leaves no row out", async () => {
    const file = await rows(30_000);
    let restarted: Promise<void> | null = null;
    const report = await run({
      file,
      speed: 10_000,
      onProgress: ({ rows: sent }) => {
        if (sent > 2000) restarted ??= broker.restart();
      },
    });
    expect(restarted).not.toBeNull();
    expect(report).toMatchObject({ rows: 30_000, failure: null });
  });

  test("sends again what a lost connection left unacknowledged", async () => {
    const file = await rows(60_000);
    let restarted: Promise<void> | null = null;
    const report = await run({
      file,
      onProgress: ({ rows: sent, share }) => {
        if (sent > 0 && share < 1) restarted ??= broker.kill().then(() => broker.restart());
      },
    });
    expect(restarted).not.toBeNull();
    await restarted;
    expect(report).toMatchObject({ rows: 60_000, failure: null });
    expect(report.resent).toBeGreaterThan(0);
  });

  test("ends early when told", async () => {
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(), 100);
    const report = await run({ file: await rows(100), speed: 1, signal: interruption.signal });
    expect(report.failure).toBe("interrupted");
    expect(report.rows).toBeLessThan(5);
  });

  test("says how many messages the broker dropped", async () => {
    const narrow = await startMosquitto({ config: ["sys_interval 1", "max_queued_messages 100"] });
    try {
      const away = connectDevice({ url: narrow.url, clientId: "away", persistent: true });
      await away.ready();
      await away.subscribe("acme/#", 1, () => {});
      await away.end();
      const report = await run({ file: await rows(500), url: narrow.url, watchDrops: true });
      expect(report).toMatchObject({ rows: 500, dropped: 400 });
    } finally {
      await narrow.stop();
    }
  });

  test.each<[string, Partial<ReplayOptions>, string]>([
    ["a missing column", { timeColumn: "timestamp" }, 'no column "timestamp"; the columns are: time, n'],
    ["a topic with a wildcard", { topic: "acme/+" }, "the topic cannot be published to"],
    ["a missing file", { file: "/nowhere.csv" }, "cannot read /nowhere.csv"],
    ["a folder", { file: "/" }, "/ is not a file"],
    [
      "a broker that is not there",
      { url: "mqtt://127.0.0.1:9", connectTimeoutMs: 300 },
      "connection refused",
    ],
    ["an address that is none", { url: "broker" }, "is not a URL"],
    ["a speed of 0", { speed: 0 }, "the speed must be above 0"],
  ])("does not begin with %s", async (_name, wrong, problem) => {
    const outcome = await replay({ ...optionsFor(await rows(3), broker.url), ...wrong });
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.error).toContain(problem);
  });
});

describe("the progress bar", () => {
  test("fits its line and tells rate and time left", () => {
    const progress = { rows: 500, badRows: 0, share: 0.25, elapsedMs: 10_000, connected: true };
    expect(bar(progress, 80)).toBe(
      `[${"#".repeat(10)}${"-".repeat(30)}] 25 %, 500 rows, 50 rows/s, 30 s left`,
    );
    for (const columns of [10, 40, 50, 200]) expect(bar(progress, columns).length).toBeLessThan(columns);
    expect(bar({ ...progress, connected: false }, 80)).toContain("waiting for the broker");
  });

  test.each<[number, string]>([
    [1234, "1.2 s"],
    [59_400, "59 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
  ])("%d ms are %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
