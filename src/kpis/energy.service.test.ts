import { afterAll, beforeAll, expect, test } from "vitest";
import { type Given, KeptHistory } from "../../test/support/keeper.js";
import { T0 } from "../../test/support/twins.js";
import { StretchStore } from "../history/stretch.store.js";
import type { Equipment } from "../plant/equipment.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { energyOf } from "./energy.js";
import { EnergyService } from "./energy.service.js";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const DAYS = 3;
const PLANT = `
machineTypes:
  - { name: press, metrics: [{ name: meter, role: ENERGY, unit: kWh }] }
equipment:
  - { path: acme/one, type: press }
  - { path: acme/other, type: press }
  - { path: acme/silent, type: press }
`;

let history: KeptHistory;
let energy: EnergyService;
/** Connections that were taken to read. */
let reads = 0;
const samples = new Map<string, Given[]>();

function machine(name: string): Equipment {
  const found = history.server.plants.plant.machine(`acme/${name}`);
  if (!found) throw new Error(`there is no machine ${name}`);
  return found;
}

/** Every 30 s the meter has grown, one faster than the other; each night it begins anew. */
async function meter(name: string, step: number): Promise<void> {
  const { id } = machine(name);
  const { db, twins } = history.server;
  const [row] = await db.query<{ id: number }>(
    "INSERT INTO series (machine_id, metric, data_type) VALUES ($1, 'meter', 'Double') RETURNING id",
    [id],
  );
  const seriesId = row?.id ?? 0;
  twins.of(machine(name)).addSeries("meter", null, "Double").id = seriesId;
  const own: Given[] = [];
  for (let time = T0; time < T0 + DAYS * DAY; time += 30 * SECOND)
    own.push([seriesId, time, 100 + (((time - T0) % DAY) / SECOND) * step]);
  samples.set(name, own);
  await history.store({ id, series: [seriesId] }, own);
}

beforeAll(async () => {
  const file = parsePlantFile(PLANT, {});
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  history = await KeptHistory.create(file.value);
  await meter("one", 1);
  await meter("other", 2.5);
  await history.keeper.sealNow();
  const { db, ranges, twins } = history.server;
  db.pool.on("acquire", () => {
    reads += 1;
  });
  energy = new EnergyService({ ranges, samples: new StretchStore(), twins, db });
});
afterAll(() => history?.drop());

/** Times that follow each other closely, and begin and end between samples. */
function times(name: string, count: number, lengthMs = 20 * MINUTE + 7_123) {
  return Array.from({ length: count }, (_, index) => {
    const from = T0 + HOUR + index * (HOUR + 17_777);
    return { machine: machine(name), range: { from, to: from + lengthMs } };
  });
}

/** What the meter grew in a time, sample by sample. */
function grown({ machine: { name }, range }: ReturnType<typeof times>[number]): number {
  const own = samples.get(name) ?? [];
  const before = own.findLast(([, time]) => time < range.from)?.[2];
  const during = own.filter(([, time]) => time >= range.from && time < range.to);
  const points = during.map(([, , value]) => ({ value, min: Number(value), max: Number(value) }));
  return energyOf(before === undefined ? null : Number(before), points);
}

test("the energy of many short times is exact, and takes one read however many they are", async () => {
  reads = 0;
  await energy.ofEach(times("one", 1));
  const forOne = reads;
  const all = [...times("one", 60), ...times("other", 60)];
  reads = 0;
  const found = await energy.ofEach(all);
  expect([forOne, reads]).toEqual([1, 1]);
  expect(found.map((own) => own.map(({ amount }) => amount))).toEqual(all.map((one) => [grown(one)]));
  // The meter began anew in one of them.
  expect(
    found.some((own) => (own[0]?.amount ?? 0) !== 1_200 && own[0]?.machineId === machine("one").id),
  ).toBe(true);
  expect(found[0]).toMatchObject([{ machineId: machine("one").id, unit: "kWh" }]);
});

test("a long time, an empty one and a machine that never told its meter have their energy too", async () => {
  const [one] = times("one", 1, 2 * DAY);
  const [empty] = times("one", 1, 0);
  const [silent] = times("silent", 1);
  if (!one || !empty || !silent) throw new Error("no times");
  const found = await energy.ofEach([one, empty, silent]);
  expect(found.map((own) => own[0]?.amount)).toEqual([grown(one), 0, 0]);
  expect(await energy.energy([machine("one")], one.range)).toEqual(found[0]);
});

test("what is too old to be kept sample by sample is had from rollups, near times together", async () => {
  await history.server.db.query("DELETE FROM sample_block");
  reads = 0;
  const all = times("one", 40);
  const found = await energy.ofEach(all);
  // A minute more or less at either end.
  for (const [index, own] of found.entries())
    expect(Math.abs((own[0]?.amount ?? 0) - grown(all[index] as (typeof all)[number]))).toBeLessThanOrEqual(
      60,
    );
  expect(reads).toBe(3);
});
