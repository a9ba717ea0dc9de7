import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ALL_TIMES, type Given, KeptHistory } from "../../test/support/keeper.js";
import { T0 } from "../../test/support/twins.js";
import { waitFor } from "../../test/support/wait-for.js";
import { QUALITIES, type Scalar } from "../twin/sample.js";
import { BlockStore } from "./block.store.js";
import { decodeRollups } from "./minutes.js";
import { RollupStore } from "./rollup.store.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let history: KeptHistory;

beforeEach(async () => {
  history = await KeptHistory.create();
});
afterEach(() => history?.drop());

const asSamples = (given: readonly Given[]) =>
  given.map(([, time, value, quality = "GOOD"]) => ({ time, value, quality }));

/** Pseudo-random numbers from 0 up to 1, the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const VALUES: readonly ((random: number) => Scalar)[] = [
  (random) => Math.round(random * 1_000) / 10,
  (random) => random * 1e300,
  (random) => Math.floor(random * 10),
  (random) => BigInt(Math.floor(random * 1e6)) + 2n ** 62n,
  (random) => random < 0.5,
  (random) => `text ${Math.floor(random * 20)} °C "\\ 😀`,
  () => null,
];

describe("sealing keeps every sample", () => {
  test("of any type, time and quality, over many segments, late ones and ties included", async () => {
    const random = randomOf(7);
    const machines = [
      await history.machineWith("a", "b", "c"),
      await history.machineWith("a"),
      await history.machineWith("a", "b"),
    ];
    const expected = new Map<number, Given[]>();
    for (let segment = 0; segment < 6; segment += 1) {
      for (const machine of machines) {
        const given: Given[] = [];
        for (let index = 0; index < 300; index += 1) {
          const series = machine.series[Math.floor(random() * machine.series.length)] ?? 0;
          // Most follow on the segment before; some are late by up to three days; times repeat.
          const late = random() < 0.2 ? Math.floor(random() * 3 * DAY) : 0;
          const time = T0 + segment * 9 * HOUR + Math.floor((index * 40 * MINUTE) / 300) * 13 - late;
          const pick = VALUES[Math.floor(random() * VALUES.length)] ?? (() => null);
          given.push([series, time, pick(random()), QUALITIES[Math.floor(random() * 3)] ?? "GOOD"]);
        }
        await history.store(machine, given);
        for (const one of given) expected.set(one[0], [...(expected.get(one[0]) ?? []), one]);
      }
      const reports = await history.keeper.sealNow();
      expect(reports?.map(({ frames, samples, expired }) => [frames, samples, expired])).toEqual([
        [900, 900, 0],
      ]);
    }
    for (const [series, given] of expected) {
      const ordered = given.toSorted((a, b) => a[1] - b[1]);
      expect(await history.sealed(series)).toEqual(asSamples(ordered));
    }
    expect(await history.count("frame")).toBe(0);
    expect(await history.count("segment")).toBe(1);
  });

  test("minutes, hours and days tell of the same samples", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    const given = Array.from({ length: 400 }, (_, index): Given => [series, T0 + index * 7 * MINUTE, index]);
    await history.store(machine, given.slice(100));
    await history.keeper.sealNow();
    await history.store(machine, given.slice(0, 100));
    await history.keeper.sealNow();
    const minutes = await history.server.db.withConnection((sql) =>
      new BlockStore().blocks(sql, "minute_block", [series], ...ALL_TIMES),
    );
    const times = minutes.flatMap(({ data }) => [...decodeRollups(data).times]);
    expect(times).toEqual(given.map(([, time]) => time));
    for (const table of ["hour_rollup", "day_rollup"] as const) {
      const rollups = await new RollupStore().rollups(history.server.db, table, [series], ...ALL_TIMES);
      const found = rollups.get(series);
      const total = (values: Float64Array | undefined) => values?.reduce((sum, one) => sum + one, 0);
      expect(total(found?.counts)).toBe(400);
      expect(total(found?.sums)).toBe((399 * 400) / 2);
      expect(found?.lasts.numbers.at(-1)).toBe(399);
    }
  });

  test("sums of the largest numbers do not keep them from being sealed", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    for (const minute of [0, 1, 2]) {
      await history.store(machine, [[series, T0 + minute * MINUTE, 1.7e308]]);
      await history.keeper.sealNow();
    }
    expect((await history.sealed(series)).length).toBe(3);
  });
});

describe("what interrupts sealing loses nothing", () => {
  const rows = (series: number): Given[] =>
    Array.from({ length: 500 }, (_, index) => [series, T0 + index * 1_000, index]);

  test("when the database ends the keeper's connection, all is still in frames and is sealed the next time", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    await history.store(machine, rows(series));
    // The blocks cannot be written while this is held, so sealing stands still in its middle.
    await history.keeper.sealNow();
    await history.store(
      machine,
      rows(series).map(([id, time, value]): Given => [id, time + DAY, value]),
    );
    await history.server.db.withConnection(async (sql) => {
      await sql.query("BEGIN");
      await sql.query("LOCK TABLE minute_block IN ACCESS EXCLUSIVE MODE");
      const sealing = history.keeper.sealNow();
      const outcome = expect(sealing).rejects.toThrow();
      const pid = await waitFor(async () => {
        const found = await history.server.db.query<{ pid: number }>(
          `SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid)
           WHERE a.datname = current_database() AND l.locktype = 'relation' AND NOT l.granted`,
        );
        return found[0]?.pid;
      });
      await history.server.db.query("SELECT pg_terminate_backend($1)", [pid]);
      await outcome;
      await sql.query("ROLLBACK");
    });
    expect(history.keeper.status.problem).not.toBeNull();
    expect((await history.sealed(series)).length).toBe(500);
    expect(await history.count("frame")).toBe(500);
    await history.keeper.runOnce();
    expect(history.keeper.status.problem).toBeNull();
    expect((await history.sealed(series)).length).toBe(1_000);
    expect(await history.count("frame")).toBe(0);
  });

  test("a keeper that is stopped in the middle leaves the segment as it was", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    await history.store(machine, rows(series));
    await history.server.db.withConnection(async (sql) => {
      await sql.query("BEGIN");
      await sql.query("LOCK TABLE twin IN ACCESS EXCLUSIVE MODE");
      const sealing = history.keeper.sealNow();
      const outcome = expect(sealing).rejects.toThrow("stops");
      await waitFor(
        async () => (await history.count("pg_locks", "locktype = 'relation' AND NOT granted")) > 0,
      );
      const stopped = history.keeper.stop();
      await sql.query("ROLLBACK");
      await stopped;
      await outcome;
    });
    expect(await history.sealed(series)).toEqual([]);
    expect(await history.count("frame")).toBe(500);
    await history.another().runOnce();
    expect((await history.sealed(series)).length).toBe(500);
  });

  test("of two keepers one keeps, and the other takes over when it stops", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    const second = history.another(await history.memory());
    await history.store(machine, rows(series));
    const done = await Promise.all([history.keeper.sealNow(), second.sealNow()]);
    expect(done.filter((reports) => reports === null).length).toBe(1);
    const [active, standby] = done[0] === null ? [second, history.keeper] : [history.keeper, second];
    expect([active.status.phase, standby.status.phase]).toEqual(["keeping", "standby"]);
    await active.stop();
    await history.store(
      machine,
      rows(series).map(([id, time, value]): Given => [id, time + HOUR, value]),
    );
    await standby.sealNow();
    expect((await history.sealed(series)).length).toBe(1_000);
  });

  test("what is written while segments are closed and sealed is there once", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    let writing = true;
    const writer = async (lane: number) => {
      const given: Given[] = [];
      for (let index = 0; writing; index += 1) {
        const batch = [0, 1, 2].map((step): Given => [series, T0 + (index * 3 + step) * 1_000 + lane, step]);
        await history.store(machine, batch);
        given.push(...batch);
      }
      return given;
    };
    const writers = [writer(0), writer(1)];
    for (let round = 0; round < 8; round += 1) await history.keeper.sealNow();
    writing = false;
    const given = (await Promise.all(writers)).flat().toSorted((a, b) => a[1] - b[1]);
    await history.keeper.sealNow();
    expect(await history.sealed(series)).toEqual(asSamples(given));
  });
});

describe("segments", () => {
  test("an empty one stays open, and one of an hour ago is closed", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    expect(await history.keeper.sealNow()).toEqual([]);
    await history.store(machine, [[series, T0, 1]], { receivedAt: T0 });
    history.server.time.now = T0 + HOUR - 1;
    expect(await history.keeper.runOnce()).toEqual([]);
    history.server.time.now = T0 + HOUR;
    expect((await history.keeper.runOnce())?.length).toBe(1);
  });

  test("a sealed one that is still being read is dropped later", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    await history.store(machine, [[series, T0, 1]]);
    await history.server.db.withConnection(async (sql) => {
      await sql.query("BEGIN");
      await sql.query("SELECT FROM frame");
      await history.keeper.sealNow();
      expect(await history.count("segment", "sealed_at IS NOT NULL")).toBe(1);
      await sql.query("COMMIT");
    });
    history.server.time.now += MINUTE;
    await history.keeper.runOnce();
    expect(await history.count("segment")).toBe(1);
    expect(history.keeper.status.problem).toBeNull();
  });

  test("in the background they are closed and sealed without being asked", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    await history.store(machine, [[series, T0, 1]], { receivedAt: T0 - 2 * HOUR });
    history.keeper.start();
    history.keeper.start();
    await waitFor(() => history.keeper.status.last);
    await history.keeper.stop();
    await history.keeper.stop();
    expect(await history.sealed(series)).toEqual([{ time: T0, value: 1, quality: "GOOD" }]);
    expect(history.keeper.status.phase).toBe("stopped");
  });
});
