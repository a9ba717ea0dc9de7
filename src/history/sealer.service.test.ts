import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { plantFile } from "../../test/support/ingest.js";
import { type Given, KeptHistory } from "../../test/support/keeper.js";
import { T0 } from "../../test/support/twins.js";

const DAY = 86_400_000;

const PLANT = plantFile(`
machineTypes:
  - name: probe
    appliesTo: ["acme/*"]
    metrics: [{ name: fast, retention: short }, { name: slow }]
history:
  retention:
    short: { samples: 7d, minutes: 4w, hours: 2y }
`);

let history: KeptHistory;

beforeEach(async () => {
  history = await KeptHistory.create(PLANT);
});
afterEach(() => history?.drop());

describe("the stored twin", () => {
  const reading = async (series: number) => {
    const [row] = await history.server.db.query<{
      value_double: number | null;
      source_time: Date;
      received_time: Date;
    }>("SELECT value_double, source_time, received_time FROM twin_metric WHERE series_id = $1", [series]);
    return row && [row.value_double, row.source_time.getTime() - T0, row.received_time.getTime() - T0];
  };

  test("gets the newest reading that was shown, and keeps a newer one", async () => {
    const machine = await history.machineWith("a", "b");
    const [a = 0, b = 0] = machine.series;
    await history.store(machine, [
      [a, T0 + 1, 1],
      [a, T0 + 3, 3],
      [a, T0 + 3, 4],
      [a, T0 + 2, 2],
    ]);
    await history.store(
      machine,
      [
        [a, T0 + 9, 9],
        [b, T0 + 9, 9],
      ],
      { shown: false },
    );
    await history.keeper.sealNow();
    expect(await reading(a)).toEqual([4, 3, 0]);
    expect(await reading(b)).toBeUndefined();
    await history.store(machine, [[a, T0 + 2, 5]]);
    await history.keeper.sealNow();
    expect(await reading(a)).toEqual([4, 3, 0]);
    await history.store(machine, [[a, T0 + 3, null]], { receivedAt: T0 + 7 });
    await history.keeper.sealNow();
    expect(await reading(a)).toEqual([null, 3, 7]);
  });

  test("gets its revision and when the machine was last heard of", async () => {
    const machine = await history.machineWith("a");
    const [series = 0] = machine.series;
    await history.store(machine, [[series, T0, 1]], { receivedAt: T0 + 5 });
    await history.store(machine, [[series, T0 + 1, 1]], { receivedAt: T0 + 9, retained: true });
    await history.keeper.sealNow();
    const [twin] = await history.server.db.query<{ revision: string; last_seen: Date }>(
      "SELECT revision, last_seen FROM twin WHERE machine_id = $1",
      [machine.id],
    );
    expect([Number(twin?.revision), (twin?.last_seen.getTime() ?? 0) - T0]).toEqual([history.revision, 5]);
  });
});

describe("retention", () => {
  test("each metric goes by its policy, and what is too old is dropped level by level", async () => {
    const machine = await history.machineWith("fast", "slow", "unknown");
    const [fast = 0, slow = 0, unknown = 0] = machine.series;
    await history.store(
      machine,
      machine.series.map((series): Given => [series, T0, 1]),
    );
    await history.keeper.sealNow();
    const kept = async () => [
      (await history.sealed(fast)).length,
      await history.count("minute_block", `series_id = ${fast}`),
      await history.count("hour_rollup", `series_id = ${fast}`),
      await history.count("day_rollup", `series_id = ${fast}`),
    ];
    expect(await kept()).toEqual([1, 1, 1, 1]);
    expect(await history.count("sample_block", "retention = 'default'")).toBe(2);
    history.server.time.now = T0 + 15 * DAY;
    await history.keeper.runOnce();
    expect(await kept()).toEqual([0, 1, 1, 1]);
    history.server.time.now = T0 + 60 * DAY;
    await history.keeper.runOnce();
    expect(await kept()).toEqual([0, 0, 1, 1]);
    history.server.time.now = T0 + 1_200 * DAY;
    await history.keeper.runOnce();
    expect(await kept()).toEqual([0, 0, 0, 1]);
    expect([(await history.sealed(slow)).length, (await history.sealed(unknown)).length]).toEqual([1, 1]);
  });

  test("samples that are too old when they are sealed are counted and left out", async () => {
    const machine = await history.machineWith("fast", "slow");
    const [fast = 0, slow = 0] = machine.series;
    history.server.time.now = T0 + 30 * DAY;
    const late = [T0, T0 + 24 * DAY];
    await history.store(
      machine,
      late.flatMap((time): Given[] => [
        [fast, time, 1],
        [slow, time, 1],
      ]),
    );
    const reports = await history.keeper.sealNow();
    expect(reports?.map(({ samples, expired }) => [samples, expired])).toEqual([[3, 1]]);
    expect((await history.sealed(fast)).map(({ time }) => time)).toEqual([T0 + 24 * DAY]);
    expect((await history.sealed(slow)).length).toBe(2);
  });

  test("a partition that was dropped is made again when it is needed", async () => {
    const machine = await history.machineWith("fast");
    const [fast = 0] = machine.series;
    await history.store(machine, [[fast, T0, 1]]);
    await history.keeper.sealNow();
    history.server.time.now = T0 + 15 * DAY;
    await history.keeper.runOnce();
    history.server.time.now = T0;
    await history.store(machine, [[fast, T0 + 1, 2]]);
    await history.keeper.sealNow();
    expect((await history.sealed(fast)).map(({ time }) => time)).toEqual([T0 + 1]);
  });
});
