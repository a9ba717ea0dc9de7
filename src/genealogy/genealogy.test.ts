import { afterAll, beforeAll, expect, test } from "vitest";
import { lotDesk } from "../../test/support/lot-desk.js";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

let plant: OrderPlant;
const { done, refusal, order, make, tree } = lotDesk(() => plant);

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

test("a lot is followed over five levels, both ways, in one statement for each", async () => {
  await make(["ore-1", "ore-2"], ["steel-1"]);
  await make(["steel-1", "carbon-1"], ["sheet-1", "sheet-2"]);
  await make(["sheet-2"], ["can-1"]);
  await make(["can-1", "juice-1"], ["drink-1"]);
  await make(["drink-1"], ["pallet-1", "pallet-2"]);
  await make(["sheet-1"], ["can-2"]);
  const before = plant.statements();
  const backwards = await tree("pallet-1", "ancestors");
  // The lot, and all it came from.
  expect(plant.statements() - before).toBe(2);
  expect(backwards).toMatchObject({
    nodes: [
      "0 pallet-1",
      "1 drink-1",
      "2 can-1",
      "2 juice-1",
      "3 sheet-2",
      "4 carbon-1",
      "4 steel-1",
      "5 ore-1",
      "5 ore-2",
    ],
    truncated: false,
  });
  expect(backwards.edges).toEqual(
    [
      "can-1 OPERATION drink-1",
      "carbon-1 OPERATION sheet-2",
      "drink-1 OPERATION pallet-1",
      "juice-1 OPERATION drink-1",
      "ore-1 OPERATION steel-1",
      "ore-2 OPERATION steel-1",
      "sheet-2 OPERATION can-1",
      "steel-1 OPERATION sheet-2",
    ].sort(),
  );
  const again = plant.statements();
  const forwards = await tree("ore-1", "descendants");
  expect(plant.statements() - again).toBe(2);
  expect(forwards.nodes).toEqual([
    "0 ore-1",
    "1 steel-1",
    "2 sheet-1",
    "2 sheet-2",
    "3 can-1",
    "3 can-2",
    "4 drink-1",
    "5 pallet-1",
    "5 pallet-2",
  ]);
  expect(forwards.edges).toHaveLength(8);
  expect((await tree("ore-1", "descendants", 2)).nodes).toEqual([
    "0 ore-1",
    "1 steel-1",
    "2 sheet-1",
    "2 sheet-2",
  ]);
  expect((await tree("ore-1", "ancestors")).nodes).toEqual(["0 ore-1"]);
  for (const depth of [0, 51]) {
    await expect(tree("ore-1", "ancestors", depth)).rejects.toMatchObject({
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
});

test("the trees of many lots and the operations in them take no statement each", async () => {
  await make(["resin-1", "resin-2"], ["part-1"]);
  await make(["part-1", "resin-1"], ["door-1"]);
  const before = plant.statements();
  const answer = (await plant.ask(
    `{ lot(number: "door-1") { ancestors { nodes { lot { number consumedQuantity producedQuantity
       descendants { nodes { lot { number } } edges { operation { sequence } } } } } } } }`,
  )) as {
    lot: {
      ancestors: { nodes: { lot: { number: string; consumedQuantity: number; producedQuantity: number } }[] };
    };
  };
  // The lot, its ancestors, their sums, and their descendants; operations are read by another way.
  expect(plant.statements() - before).toBe(4);
  expect(
    answer.lot.ancestors.nodes.map(({ lot }) => [lot.number, lot.consumedQuantity, lot.producedQuantity]),
  ).toEqual([
    ["door-1", 0, 1],
    ["part-1", 1, 1],
    ["resin-1", 2, 0],
    ["resin-2", 1, 0],
  ]);
});

test("lots that came from each other are told once, and the search ends", async () => {
  await make(["loop-1"], ["melt-1"]);
  await make(["melt-1"], ["loop-2"]);
  await make(["loop-2"], ["loop-1"]);
  for (const direction of ["ancestors", "descendants"]) {
    const { nodes, edges } = await tree("loop-1", direction, 50);
    expect(nodes.map((node) => node.slice(2)).sort()).toEqual(["loop-1", "loop-2", "melt-1"]);
    expect(edges).toEqual(["loop-1 OPERATION melt-1", "loop-2 OPERATION loop-1", "melt-1 OPERATION loop-2"]);
  }
});

test("a lot that is split and merged is followed through its parts", async () => {
  await make(["grain-1"], ["flour-1"]);
  const split = await done("splitLot", {
    ...{ lot: "flour-1", material: "flour" },
    into: [
      { lot: "flour-1-A", quantity: 0.4 },
      { lot: "flour-1-B", quantity: 0.6 },
    ],
  });
  expect(split.lots).toEqual([
    { number: "flour-1-A", material: "flour", unit: "kg" },
    { number: "flour-1-B", material: "flour", unit: "kg" },
  ]);
  await make([], ["flour-2"]);
  await done("mergeLots", {
    ...{ into: "flour-silo", material: "flour" },
    from: [
      { lot: "flour-1-B", quantity: 0.6 },
      { lot: "flour-2", quantity: 1 },
    ],
  });
  const back = await tree("flour-silo", "ancestors");
  expect(back.nodes).toEqual(["0 flour-silo", "1 flour-1-B", "1 flour-2", "2 flour-1", "3 grain-1"]);
  expect(back.quantities.toSorted()).toEqual([0.6, 0.6, 1, null]);
  expect((await tree("grain-1", "descendants")).nodes).toEqual([
    "0 grain-1",
    "1 flour-1",
    "2 flour-1-A",
    "2 flour-1-B",
    "3 flour-silo",
  ]);
  const merge = { into: "flour-x", material: "flour", from: [{ lot: "flour-9", quantity: 1 }] };
  expect(await refusal("mergeLots", merge)).toEqual([["NOT_FOUND", "from", "0", "lot"]]);
  expect(
    await refusal("splitLot", { lot: "flour-2", material: "flour", into: [{ lot: "flour-2", quantity: 0 }] }),
  ).toEqual([
    ["INVALID_INPUT", "into", "0", "lot"],
    ["INVALID_INPUT", "into", "0", "quantity"],
  ]);
  expect((await plant.ask('{ lot(number: "flour-x") { id } }')).lot).toBeNull();
});

test("output that names its lots came from these only", async () => {
  const operation = await order("jam");
  const fruit = (lot: string) => ({ lot, material: "fruit", quantity: 1, unit: "kg" });
  await done("reportConsumption", { ...operation, lots: [fruit("fruit-1"), fruit("fruit-2")] });
  const from = [{ lot: "fruit-2", material: "fruit" }];
  await done("reportOutput", {
    ...operation,
    lots: [
      { lot: "jam-1", quantity: 1, from },
      { lot: "jam-2", quantity: 1 },
    ],
  });
  expect((await tree("jam-1", "ancestors")).nodes).toEqual(["0 jam-1", "1 fruit-2"]);
  expect((await tree("jam-2", "ancestors")).nodes).toEqual(["0 jam-2", "1 fruit-1", "1 fruit-2"]);
  expect((await tree("fruit-1", "descendants")).nodes).toEqual(["0 fruit-1", "1 jam-2"]);
  const unknown = [{ lot: "jam-3", quantity: 1, from: [{ lot: "fruit-9", material: "fruit" }] }];
  expect(await refusal("reportOutput", { ...operation, lots: unknown })).toEqual([
    ["NOT_FOUND", "lots", "0", "from", "0", "lot"],
  ]);
  expect((await plant.ask('{ lot(number: "jam-3") { id } }')).lot).toBeNull();
});

test("a tree with more steps than one answer holds is cut off, says so, and holds together", async () => {
  const [operation, second] = [await order("mash"), await order("mash")];
  await done("reportConsumption", {
    ...operation,
    lots: [{ lot: "wide-top", material: "wide", quantity: 1, unit: "kg" }],
  });
  // 150 lots, of which an operation makes 150 others: 22,500 steps.
  for (const [kind, name] of [
    ["PRODUCED", "wide-a"],
    ["CONSUMED", "wide-a"],
    ["PRODUCED", "wide-b"],
  ]) {
    await plant.db.query(
      `INSERT INTO material_lot (id, number, material, unit, created_at)
       SELECT gen_random_uuid(), $1::text || n, 'wide', 'kg', now() FROM generate_series(1, 150) AS n
       ON CONFLICT DO NOTHING`,
      [`${name}-`],
    );
    const at = kind === "PRODUCED" && name === "wide-a" ? operation.order : second.order;
    await plant.db.query(
      `INSERT INTO lot_movement (id, lot_id, operation_id, kind, quantity, exact, at, recorded_at, principal)
       SELECT gen_random_uuid(), l.id, o.id, $1, 1, false, now(), now(), 'tester'
       FROM material_lot l, operation o JOIN production_order p ON p.id = o.order_id
       WHERE l.number LIKE $2 || '-%' AND p.number = $3`,
      [kind, name, at],
    );
  }
  const { nodes, edges, truncated } = await tree("wide-top", "descendants");
  expect(truncated).toBe(true);
  expect(nodes).toHaveLength(301);
  expect(edges.length).toBeGreaterThan(19_000);
  expect(edges.length).toBeLessThanOrEqual(20_001);
  expect(edges.filter((edge) => edge.includes("undefined"))).toEqual([]);
  expect((await tree("wide-top", "descendants", 1)).truncated).toBe(false);
});
