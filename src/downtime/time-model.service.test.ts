import { afterAll, beforeAll, expect, test } from "vitest";
import { downtimeDesk } from "../../test/support/downtime-desk.js";
import { type DowntimePlant, startDowntimePlant } from "../../test/support/downtime-plant.js";
import { clipAll } from "../kernel/intervals.js";

const MINUTE = 60_000;

let plant: DowntimePlant;
/** When all stories begin: some hours ago, on the full minute. */
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 360 * MINUTE;
const { ms, list, classify, split } = downtimeDesk(() => plant, start);

beforeAll(async () => {
  plant = await startDowntimePlant(`
machineTypes: [{ name: free, idealCycleTime: 1s }]
equipment:
  - { path: acme/other/free, type: free }
`);
});

afterAll(async () => {
  await plant?.stop();
});

test("the tiles of any range are those of a longer one, cut to size", async () => {
  const path = "acme/other/free";
  const machine = plant.machineOf(path);
  const states = ["EXECUTE", "HELD", "SUSPENDED", "ABORTED", "EXECUTE"] as const;
  const reports = Array.from(
    { length: 60 },
    (_, index) => [ms(5 * index), states[(index * index) % 5] ?? "IDLE"] as const,
  );
  await plant.states(path, ...reports);
  await plant.reported(path, "MODE", [
    { at: ms(60), value: "SETUP" },
    { at: ms(90), value: "PRODUCTION" },
  ]);
  const all = await list(path);
  for (const [index, { id, from }] of all.entries()) {
    if (index % 2 === 0)
      await classify({ id, category: index % 4 ? "UNPLANNED" : "PLANNED", reason: `r${index}` });
    if (index % 3 === 0) await split({ id, at: new Date(Date.parse(from) + 150_000).toISOString() });
  }
  const { timeModel } = plant.services.mes;
  const whole = { from: ms(-10), to: ms(400) };
  const tilesOf = async (range: typeof whole) =>
    (await (await timeModel.reader([machine], range))([machine])).get(machine.id) ?? [];
  // One that lasts grows from question to question.
  const known = (await tilesOf(whole)).filter(({ value }) => value.downtime?.to !== null);
  expect(known.length).toBeGreaterThan(50);
  for (let minute = -10; minute < 280; minute += 7) {
    const range = { from: ms(minute) + 1, to: Math.min(ms(minute + 40) - 1, ms(280)) };
    expect(await tilesOf(range)).toEqual(clipAll(known, range));
  }
});
