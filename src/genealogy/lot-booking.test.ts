import { afterAll, beforeAll, expect, test } from "vitest";
import { lotDesk } from "../../test/support/lot-desk.js";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

let plant: OrderPlant;
const { done, refusal, order, tree } = lotDesk(() => plant);

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

test("what was booked wrongly is taken back by a movement that names it, and links nothing any more", async () => {
  const operation = await order("cheese");
  const milk = (lot: string) => ({ lot, material: "milk", quantity: 5, unit: "kg", serials: [`${lot}-can`] });
  const { movements } = await done("reportConsumption", {
    ...operation,
    lots: [milk("milk-1"), milk("milk-2")],
  });
  await done("reportOutput", { ...operation, lots: { lot: "cheese-1", quantity: 1, serials: ["wheel-1"] } });
  const reversal = { movement: movements?.[0]?.id, reason: "wrong scan", idempotencyKey: "reverse-1" };
  const first = await done("reverseLotMovement", reversal);
  expect(await done("reverseLotMovement", reversal)).toEqual(first);
  expect(first.movements).toMatchObject([{ quantity: -5, lot: { number: "milk-1" } }]);
  expect((await tree("cheese-1", "ancestors")).nodes).toEqual(["0 cheese-1", "1 milk-2"]);
  const refused = async (movement: unknown, reason = "again") =>
    refusal("reverseLotMovement", { movement, reason });
  expect(await refused(reversal.movement)).toEqual([["INVALID_TRANSITION", "movement"]]);
  expect(await refused(first.movements?.[0]?.id)).toEqual([["INVALID_TRANSITION", "movement"]]);
  expect(await refused("LotMovement:00000000-0000-7000-8000-000000000000")).toEqual([
    ["NOT_FOUND", "movement"],
  ]);
  expect(await refused(reversal.movement, "")).toEqual([["INVALID_INPUT", "reason"]]);
  const answer = (await plant.ask(
    `{ lot(number: "milk-1") { consumedQuantity movements { totalCount edges { node { quantity reversed reason reverses { id } by } } } } }`,
  )) as { lot: { consumedQuantity: number; movements: { totalCount: number; edges: { node: object }[] } } };
  expect(answer.lot.consumedQuantity).toBe(0);
  expect(answer.lot.movements.totalCount).toBe(2);
  expect(answer.lot.movements.edges.map((edge) => edge.node)).toEqual(
    expect.arrayContaining([
      { quantity: 5, reversed: true, reason: null, reverses: null, by: "tester" },
      {
        quantity: -5,
        reversed: true,
        reason: "wrong scan",
        reverses: { id: reversal.movement },
        by: "tester",
      },
    ]),
  );
});

test("serial numbers tell where a thing came out and went in; it is produced once, unless that was taken back", async () => {
  const engine = await order("engine");
  const made = await done("reportOutput", {
    ...engine,
    lots: [{ lot: "engine-1", quantity: 2, serials: ["E1", "E2"] }],
  });
  const car = await order("car");
  await done("reportConsumption", {
    ...car,
    lots: [{ lot: "engine-1", material: "engine", quantity: 1, unit: "kg", serials: ["E2"] }],
  });
  const where = async (serial: string, material = "") =>
    (
      (await plant.ask(
        `{ serialNumber(serial: "${serial}"${material}) { kind serials operation { order { number } } } }`,
      )) as {
        serialNumber: { kind: string; operation: { order: { number: string } } }[];
      }
    ).serialNumber.map(({ kind, operation }) => `${kind} ${operation.order.number}`);
  expect(await where("E2")).toEqual([`PRODUCED ${engine.order}`, `CONSUMED ${car.order}`]);
  expect(await where("E2", ', material: "wheel"')).toEqual([]);
  const again = {
    ...car,
    lots: [{ lot: "engine-2", material: "engine", quantity: 1, serials: ["E0", "E1"] }],
  };
  expect(await refusal("reportOutput", again)).toEqual([["INVALID_INPUT", "lots", "0", "serials"]]);
  expect(await where("E0")).toEqual([]);
  expect((await plant.ask('{ lot(number: "engine-2") { id } }')).lot).toBeNull();
  await done("reverseLotMovement", { movement: made.movements?.[0]?.id, reason: "scrapped" });
  await done("reportOutput", again);
  const twice = {
    ...car,
    lots: [{ lot: "engine-3", material: "engine", quantity: 1, serials: ["E9", "E9"] }],
  };
  expect(await refusal("reportOutput", twice)).toEqual([["INVALID_INPUT", "lots", "0", "serials"]]);
  const lot = (number: string, serial: string, material = "engine") => ({
    ...{ lot: number, material, quantity: 1, serials: [serial] },
  });
  const inTwoLots = { ...car, lots: [lot("engine-3", "E9"), lot("engine-4", "E8"), lot("engine-5", "E9")] };
  expect(await refusal("reportOutput", inTwoLots)).toEqual([["INVALID_INPUT", "lots", "2", "serials"]]);
  // Only the one that was produced before is blamed, not another thing with its number.
  const oneOfTwo = { ...car, lots: [lot("door-1", "E2", "door"), lot("engine-6", "E1")] };
  expect(await refusal("reportOutput", oneOfTwo)).toEqual([["INVALID_INPUT", "lots", "1", "serials"]]);
});

test("an operation tells its lots, and a repeated call books nothing twice", async () => {
  const operation = await order("bread", "start");
  const input = {
    ...operation,
    ...{ idempotencyKey: "lots-1", system: "scale 2", at: new Date(plant.time.now - 500).toISOString() },
    lots: [{ lot: "bread-1", quantity: 2.5, serials: ["B2", "B1"] }],
  };
  const first = await done("reportOutput", input);
  expect(await done("reportOutput", input)).toEqual(first);
  const shown = await plant.ask(
    `{ order(number: "${operation.order}") { operations { consumedLots { id } producedLots {
       kind quantity serials system by at machine { path } lot { number material unit } } } } }`,
  );
  expect(shown.order).toEqual({
    operations: [
      {
        consumedLots: [],
        producedLots: [
          {
            ...{
              kind: "PRODUCED",
              quantity: 2.5,
              serials: ["B1", "B2"],
              system: "scale 2",
              by: "tester",
            },
            ...{
              at: input.at,
              machine: { path: "acme/line/m1" },
              lot: { number: "bread-1", material: "bread", unit: "kg" },
            },
          },
        ],
      },
    ],
  });
  const id = first.movements?.[0]?.id;
  expect(await plant.ask(`{ node(id: "${id}") { __typename id } }`)).toEqual({
    node: { __typename: "LotMovement", id },
  });
  await plant.ask(`mutation { abortOrder(input: { number: "${operation.order}" }) { userErrors { code } } }`);
});

test("what cannot be is refused whole, and each field is named", async () => {
  const operation = await order("soup");
  const lot = (more: object) => ({ lot: "soup-1", material: "soup", quantity: 1, unit: "kg", ...more });
  const errors = (input: object) => refusal("reportConsumption", { ...operation, lots: [lot({})], ...input });
  expect(await errors({ lots: [] })).toEqual([["INVALID_INPUT", "lots"]]);
  expect(await errors({ lots: [lot({}), lot({ lot: " ", material: "", quantity: 0, unit: "" })] })).toEqual(
    ["lot", "material", "quantity", "unit"].map((field) => ["INVALID_INPUT", "lots", "1", field]),
  );
  expect(await errors({ at: new Date(plant.time.now + 1).toISOString() })).toEqual([["INVALID_INPUT", "at"]]);
  expect(await errors({ machine: "acme/line/m9" })).toEqual([["NOT_FOUND", "machine"]]);
  expect(await errors({ order: "nowhere" })).toEqual([["NOT_FOUND", "order"]]);
  expect(await errors({ sequence: 11 })).toEqual([["NOT_FOUND", "sequence"]]);
  expect(await errors({ system: "" })).toEqual([["INVALID_INPUT", "system"]]);
  await done("reportConsumption", { ...operation, lots: [lot({})] });
  expect(await errors({ lots: [lot({ lot: "soup-2" }), lot({ unit: "l" })] })).toEqual([
    ["INVALID_INPUT", "lots", "1", "unit"],
  ]);
  expect((await plant.ask('{ lot(number: "soup-2") { id } }')).lot).toBeNull();
  const unstarted = await order("soup", "release");
  expect(await errors(unstarted)).toEqual([["INVALID_TRANSITION", "sequence"]]);
  await plant.ask(`mutation { closeOrder(input: { number: "${operation.order}" }) { userErrors { code } } }`);
  expect(await errors({})).toEqual([["PRECONDITION_FAILED", "order"]]);
});

test("a number that several materials have needs the material", async () => {
  const operation = await order("salad");
  const lots = ["oil", "vinegar"].map((material) => ({ lot: "L-7", material, quantity: 1 }));
  await done("reportConsumption", { ...operation, lots });
  await expect(plant.ask('{ lot(number: "L-7") { material } }')).rejects.toMatchObject({
    extensions: { code: "BAD_USER_INPUT", field: ["material"] },
  });
  expect(await plant.ask('{ lot(number: "L-7", material: "oil") { material } }')).toEqual({
    lot: { material: "oil" },
  });
  expect(
    await plant.ask('{ lot(number: "a\\u0000b") { material } serialNumber(serial: "a\\u0000b") { id } }'),
  ).toEqual({
    ...{ lot: null, serialNumber: [] },
  });
});

test("those who book the same lots at the same time make each lot once", async () => {
  const operations = [await order("tea"), await order("tea"), await order("tea"), await order("tea")];
  const numbers = Array.from({ length: 20 }, (_, index) => `leaf-${index}`);
  await Promise.all(
    operations.map((operation, index) => {
      const lots = numbers.map((lot) => ({ lot, material: "leaf", quantity: 1 }));
      return done("reportConsumption", { ...operation, lots: index % 2 ? lots.reverse() : lots });
    }),
  );
  const [row] = await plant.db.query<{ lots: number; movements: number }>(
    `SELECT count(DISTINCT l.id)::int AS lots, count(m.id)::int AS movements
     FROM material_lot l JOIN lot_movement m ON m.lot_id = l.id WHERE l.material = 'leaf'`,
  );
  expect(row).toEqual({ lots: 20, movements: 80 });
});

test("what is consumed without a unit is in the lot's own, and in pieces where the lot was not known", async () => {
  const operation = await order("tea");
  const lot = { lot: "sencha-1", material: "sencha", quantity: 1 };
  await done("reportConsumption", {
    ...operation,
    lots: [
      { ...lot, unit: "kg" },
      { ...lot, lot: "sencha-2" },
    ],
  });
  await done("reportConsumption", { ...operation, lots: [lot] });
  expect(await refusal("reportConsumption", { ...operation, lots: [{ ...lot, unit: "g" }] })).toEqual([
    ["INVALID_INPUT", "lots", "0", "unit"],
  ]);
  const shown = await plant.ask(
    '{ known: lot(number: "sencha-1") { unit consumedQuantity } other: lot(number: "sencha-2") { unit } }',
  );
  expect(shown).toEqual({ known: { unit: "kg", consumedQuantity: 2 }, other: { unit: "pcs" } });
});
