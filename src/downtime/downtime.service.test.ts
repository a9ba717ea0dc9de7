import { afterAll, beforeAll, expect, test } from "vitest";
import { downtimeDesk } from "../../test/support/downtime-desk.js";
import { type DowntimePlant, startDowntimePlant } from "../../test/support/downtime-plant.js";
import { waitFor } from "../../test/support/wait-for.js";
import { partsOfDowntimeId } from "./downtime.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const PLANT = `
machineTypes:
  - name: filler
    idealCycleTime: 1s
    microStop: 2m
    downtimeReasons:
      - code: technical
        name: Technical
        category: UNPLANNED
        reasons: [{ code: jam, name: Bottle jam }]
      - { code: cleaning, name: Cleaning, category: PLANNED }
      - { code: other, name: Other }
    faultReasons: { E17: jam }
  - { name: free, idealCycleTime: 1s }
  - name: ordered
equipment:
${[..."abcdefghijklm"].map((name) => `  - { path: acme/line/${name}, type: filler }`).join("\n")}
  - { path: acme/other/free, type: free }
  - { path: acme/other/ordered, type: ordered }
`;

let plant: DowntimePlant;
/** When all stories begin: some hours ago, on the full minute. */
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 6 * HOUR;

const { at, ms, list, brief, idAt, classify, split, merge } = downtimeDesk(() => plant, start);

beforeAll(async () => {
  plant = await startDowntimePlant(PLANT);
});

afterAll(async () => {
  await plant?.stop();
});

test("a machine's downtimes are listed, found by id, narrowed and paged", async () => {
  const path = "acme/line/a";
  await plant.states(
    path,
    [ms(0), "EXECUTE"],
    [ms(10), "HELD"],
    [ms(11), "EXECUTE"],
    [ms(20), "ABORTED"],
    [ms(50), "EXECUTE"],
    [ms(60), "HELD"],
  );
  await plant.reported(path, "FAULT", [
    { at: ms(21), value: "E17" },
    { at: ms(49), value: "" },
  ]);
  expect(await brief(path)).toEqual([
    [10, 11, "UNCLASSIFIED", null],
    [20, 50, "UNPLANNED", "jam"],
    [60, null, "UNCLASSIFIED", null],
  ]);
  const connection = async (args: string) =>
    (
      (await plant.ask(
        `query ($from: DateTime!) { machine(path: "${path}") { downtimes(from: $from ${args}) {
           totalCount pageInfo { hasNextPage endCursor } edges { node { reasonName fault microStop state durationMs classifiedBy machine { path } } } } } }`,
        { from: at(0) },
      )) as {
        machine: {
          downtimes: { totalCount: number; pageInfo: { endCursor: string }; edges: { node: object }[] };
        };
      }
    ).machine.downtimes;
  const [micro, jam] = [
    { reasonName: null, fault: null, microStop: true, state: "HELD", durationMs: MINUTE },
    { reasonName: "Bottle jam", fault: "E17", microStop: false, state: "ABORTED", durationMs: 30 * MINUTE },
  ].map((row, index) => ({ ...row, classifiedBy: index === 0 ? "DERIVED" : "FAULT", machine: { path } }));
  const first = await connection("first: 1");
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true }, edges: [{ node: micro }] });
  const next = await connection(`first: 1, after: "${first.pageInfo.endCursor}"`);
  expect(next.edges).toEqual([{ node: jam }]);
  expect((await connection("microStops: true")).edges).toEqual([{ node: micro }]);
  expect((await connection("microStops: false")).totalCount).toBe(2);
  expect((await connection("category: [UNPLANNED]")).edges).toEqual([{ node: jam }]);
  expect((await connection(`minDurationMs: ${31 * MINUTE}`)).totalCount).toBe(1);
  expect((await connection(`to: "${at(20)}"`)).totalCount).toBe(1);
  const id = await idAt(path, 1);
  await plant.restart();
  expect(
    await plant.ask("query ($id: ID!) { node(id: $id) { id ... on Downtime { reason } } }", { id }),
  ).toEqual({
    node: { id, reason: "jam" },
  });
});

test("a range within a downtime shows it whole", async () => {
  const path = "acme/line/h";
  const day = 24 * 60;
  await plant.states(path, [ms(-9 * day), "EXECUTE"], [ms(-8 * day), "HELD"], [ms(-day), "EXECUTE"]);
  const { downtimes } = (await plant.ask(
    `query ($from: DateTime!, $to: DateTime!) {
       downtimes(under: "${path}", from: $from, to: $to) { totalCount edges { node { from to } } } }`,
    { from: at(-3 * day), to: at(-2 * day) },
  )) as { downtimes: object };
  expect(downtimes).toEqual({
    totalCount: 1,
    edges: [{ node: { from: at(-8 * day), to: at(-day) } }],
  });
});

test("what is said of a downtime counts, stays on record, and can be taken back", async () => {
  const path = "acme/line/b";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(40), "EXECUTE"]);
  const id = await idAt(path, 0);
  expect(await classify({ id, category: "UNPLANNED", reason: "jam", comment: "again" })).toMatchObject({
    downtime: { id, category: "UNPLANNED", reason: "jam", classifiedBy: "OPERATOR" },
    userErrors: [],
  });
  await classify({ id, category: "PLANNED", reason: "cleaning" });
  expect(await brief(path)).toEqual([[10, 40, "PLANNED", "cleaning"]]);
  const machine = plant.machineOf(path);
  const range = { from: ms(0), to: ms(60) };
  const tiles =
    (await (await plant.services.mes.timeModel.reader([machine], range))([machine])).get(machine.id) ?? [];
  expect(
    tiles.map(({ from, value }) => [(from - start) / MINUTE, value.category, value.downtime?.reason]),
  ).toEqual([
    [0, "PRODUCTION", undefined],
    [10, "PLANNED_DOWN", "cleaning"],
    [40, "PRODUCTION", undefined],
  ]);
  await classify({ id, category: "UNCLASSIFIED", reason: "" });
  expect(await brief(path)).toEqual([[10, 40, "UNCLASSIFIED", null]]);
  const answer = await plant.ask(
    `query ($id: ID!) { node(id: $id) { ... on Downtime {
       classifications { from to category reason comment statedBy statedAt } } } }`,
    { id },
  );
  const stretch = { from: at(10), to: at(40), statedBy: "ada", statedAt: expect.any(String) };
  expect(answer).toEqual({
    node: {
      classifications: [
        { ...stretch, category: "UNPLANNED", reason: "jam", comment: "again" },
        { ...stretch, category: "PLANNED", reason: "cleaning", comment: null },
        { ...stretch, category: "UNCLASSIFIED", reason: null, comment: null },
      ],
    },
  });
});

test("a classification is refused with the field that is wrong", async () => {
  const path = "acme/line/c";
  await plant.states(path, [ms(0), "HELD"], [ms(40), "EXECUTE"]);
  await plant.states("acme/other/free", [ms(0), "HELD"]);
  const id = await idAt(path, 0);
  const errors = async (input: object) =>
    (await classify({ id, category: "UNPLANNED", reason: "jam", ...input })).userErrors.map(
      ({ code, field }) => [code, ...field],
    );
  expect(await errors({ reason: "unknown" })).toEqual([["INVALID_INPUT", "reason"]]);
  expect(await errors({ category: "PLANNED" })).toEqual([["INVALID_INPUT", "category"]]);
  expect(await errors({ reason: " ", comment: "\u0000" })).toEqual([
    ["INVALID_INPUT", "comment"],
    ["INVALID_INPUT", "reason"],
  ]);
  // It would say what is taken back.
  expect(await errors({ category: "UNCLASSIFIED" })).toEqual([["INVALID_INPUT", "reason"]]);
  const { machineId } = partsOfDowntimeId(id) ?? {};
  for (const wrong of [
    "",
    "Downtime:x:1",
    `Downtime:${machineId}:-99999999999999`,
    `${id}1`,
    id.replace("Downtime", "Command"),
    `${id.slice(0, -1)}`,
  ])
    expect(await errors({ id: wrong })).toEqual([["NOT_FOUND", "id"]]);
  expect(await brief(path)).toEqual([[0, 40, "UNCLASSIFIED", null]]);
  expect(await errors({ reason: "other", category: "CHANGEOVER" })).toEqual([]);
  const free = await idAt("acme/other/free", 0);
  expect(await errors({ id: free, reason: "Somebody stood in the way" })).toEqual([]);
});

test("a downtime names the maintenance order that was in progress during it", async () => {
  const path = "acme/line/m";
  await plant.states(path, [ms(0), "HELD"], [ms(60), "EXECUTE"], [ms(70), "HELD"], [ms(80), "EXECUTE"]);
  const { made } = (await plant.ask(
    `mutation ($path: EquipmentPath!) { made: createMaintenanceOrder(
       input: { machine: $path, kind: CORRECTIVE, title: "Seal" }) { maintenanceOrder { number } } }`,
    { path },
  )) as { made: { maintenanceOrder: { number: string } } };
  const { number } = made.maintenanceOrder;
  const act = (name: string, minute: number) =>
    plant.ask(
      `mutation ($input: MaintenanceActionInput!) { done: ${name}(input: $input) { userErrors { message } } }`,
      { input: { number, at: at(minute) } },
    );
  for (const done of [await act("startMaintenance", 10), await act("completeMaintenance", 50)])
    expect(done).toEqual({ done: { userErrors: [] } });
  const answer = await plant.ask(
    `query ($path: EquipmentPath!, $from: DateTime!) { machine(path: $path) { downtimes(from: $from) {
       edges { node { category reason maintenanceOrder { number title } } } } } }`,
    { path, from: at(-1) },
  );
  const said = { category: "UNCLASSIFIED", reason: null };
  expect(answer).toEqual({
    machine: {
      downtimes: {
        edges: [
          { node: { ...said, maintenanceOrder: { number, title: "Seal" } } },
          { node: { ...said, maintenanceOrder: null } },
        ],
      },
    },
  });
});

test("a repeated call with its key says it once", async () => {
  const path = "acme/line/d";
  await plant.states(path, [ms(0), "HELD"], [ms(40), "EXECUTE"]);
  const input = { id: await idAt(path, 0), category: "UNPLANNED", reason: "jam", idempotencyKey: "once" };
  expect(await classify(input)).toEqual(await classify(input));
  const { node } = (await plant.ask(
    "query ($id: ID!) { node(id: $id) { ... on Downtime { classifications { reason } } } }",
    { id: input.id },
  )) as { node: { classifications: object[] } };
  expect(node.classifications).toHaveLength(1);
  expect((await classify({ ...input, reason: "other" })).userErrors).toMatchObject([
    { code: "IDEMPOTENCY_KEY_REUSED" },
  ]);
});

test("a downtime is split, its parts are classified apart, and merged again", async () => {
  const path = "acme/line/e";
  await plant.states(
    path,
    [ms(0), "EXECUTE"],
    [ms(10), "HELD"],
    [ms(40), "EXECUTE"],
    [ms(50), "HELD"],
    [ms(60), "EXECUTE"],
  );
  const id = await idAt(path, 0);
  await classify({ id, category: "UNPLANNED", reason: "jam" });
  expect((await split({ id, at: at(10) })).userErrors).toMatchObject([
    { code: "INVALID_INPUT", field: ["at"] },
  ]);
  expect((await split({ id, at: at(40) })).userErrors).toMatchObject([
    { code: "INVALID_INPUT", field: ["at"] },
  ]);
  const parts = await split({ id, at: at(25) });
  expect(parts.downtimes.map(({ from, to, reason }) => [from, to, reason])).toEqual([
    [at(10), at(25), "jam"],
    [at(25), at(40), "jam"],
  ]);
  const second = parts.downtimes[1]?.id;
  await classify({ id: second, category: "PLANNED", reason: "cleaning" });
  expect((await brief(path)).slice(0, 2)).toEqual([
    [10, 25, "UNPLANNED", "jam"],
    [25, 40, "PLANNED", "cleaning"],
  ]);
  const apart = await idAt(path, 2);
  expect((await merge([id, apart])).userErrors).toMatchObject([
    { code: "PRECONDITION_FAILED", field: ["ids"] },
  ]);
  expect((await merge([id, id])).userErrors).toMatchObject([{ code: "INVALID_INPUT", field: ["ids"] }]);
  expect((await merge([id, await idAt("acme/line/d", 0)])).userErrors).toMatchObject([
    { code: "PRECONDITION_FAILED" },
  ]);
  expect((await merge([second, id])).downtime).toMatchObject({ id, to: at(40), reason: "cleaning" });
  expect(await brief(path)).toEqual([
    [10, 40, "PLANNED", "cleaning"],
    [50, 60, "UNCLASSIFIED", null],
  ]);
  expect((await classify({ id: second, category: "UNPLANNED", reason: "jam" })).userErrors).toMatchObject([
    { code: "NOT_FOUND", field: ["id"] },
  ]);
});

test("late data makes other downtimes, and what was said still holds for its time", async () => {
  const path = "acme/line/f";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(40), "EXECUTE"]);
  const id = await idAt(path, 0);
  await classify({ id, category: "UNPLANNED", reason: "jam" });
  await plant.unreport(path, ms(10), ms(11));
  await plant.states(path, [ms(8), "HELD"], [ms(20), "EXECUTE"], [ms(22), "ABORTED"]);
  expect(await brief(path)).toEqual([
    [8, 20, "UNPLANNED", "jam"],
    [22, 40, "UNPLANNED", "jam"],
  ]);
  expect(await plant.ask("query ($id: ID!) { node(id: $id) { id } }", { id })).toEqual({ node: null });
  await split({ id: await idAt(path, 0), at: at(9) });
  expect((await brief(path)).slice(0, 2)).toEqual([
    [8, 9, "UNPLANNED", "jam"],
    [9, 20, "UNPLANNED", "jam"],
  ]);
});

test("of a downtime that lasts, what is said holds until it ends, and not for one that begins afterwards", async () => {
  const path = "acme/line/g";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"]);
  const id = await idAt(path, 0);
  await classify({ id, category: "UNPLANNED", reason: "jam" });
  expect(await brief(path)).toEqual([[10, null, "UNPLANNED", "jam"]]);
  const now = Date.now();
  await plant.states(path, [now, "EXECUTE"], [now + 1, "HELD"]);
  await waitFor(() => Date.now() > now + 2);
  expect((await brief(path)).map(([, , ...rest]) => rest)).toEqual([
    ["UNPLANNED", "jam"],
    ["UNCLASSIFIED", null],
  ]);
});

test("what is said of a downtime at once holds also when late data moves its beginning", async () => {
  const path = "acme/line/i";
  const begin = Date.now() - 20_000;
  await plant.states(path, [ms(0), "EXECUTE"], [begin, "HELD"]);
  await classify({ id: await idAt(path, 0), category: "UNPLANNED", reason: "jam" });
  await plant.unreport(path, begin, begin + 1);
  await plant.states(path, [begin + 5_000, "HELD"]);
  expect((await brief(path)).map(([, , ...rest]) => rest)).toEqual([["UNPLANNED", "jam"]]);
});

test("many people at once say what downtimes were, and each is heard", async () => {
  const path = "acme/line/j";
  const states = Array.from(
    { length: 24 },
    (_, index) => [ms(index), index % 2 ? "HELD" : "EXECUTE"] as const,
  );
  await plant.states(path, ...states);
  const all = await list(path);
  const answers = await Promise.all(
    all.map(({ id }) => classify({ id, category: "UNPLANNED", reason: "jam" })),
  );
  expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  expect((await brief(path)).map(([, , , reason]) => reason)).toEqual(all.map(() => "jam"));
});

test("whoever splits or merges downtimes never takes back what another says of them at the same moment", async () => {
  const path = "acme/line/k";
  const stops = Array.from({ length: 8 }, (_, index) => index * 10);
  await plant.states(
    path,
    ...stops.flatMap(
      (at) =>
        [
          [ms(at), "HELD"],
          [ms(at + 8), "EXECUTE"],
        ] as const,
    ),
  );
  for (const { id } of await list(path)) await classify({ id, category: "UNPLANNED", reason: "jam" });
  for (const { id, from } of await list(path)) {
    const middle = new Date(Date.parse(from) + 4 * MINUTE).toISOString();
    const [said] = await Promise.all([
      classify({ id, category: "PLANNED", reason: "cleaning" }),
      split({ id, at: middle }),
    ]);
    expect(said.userErrors).toEqual([]);
    expect((await list(path)).find((one) => one.id === id)).toMatchObject({ reason: "cleaning" });
  }
});

test("what was said of a downtime that is none any more can still be read", async () => {
  const path = "acme/line/l";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(20), "EXECUTE"]);
  await classify({ id: await idAt(path, 0), category: "UNPLANNED", reason: "jam", comment: "again" });
  await plant.unreport(path, ms(10), ms(11));
  expect(await brief(path)).toEqual([]);
  const said = async (from: string, to: string) =>
    (await plant.ask(
      `{ machine(path: "${path}") { downtimeClassifications(from: "${from}", to: "${to}") { from to reason comment } } }`,
    )) as object;
  const [one, none] = [await said(at(15), at(16)), await said(at(20), at(30))];
  expect(one).toEqual({
    machine: {
      downtimeClassifications: [{ from: at(10), to: at(20), reason: "jam", comment: "again" }],
    },
  });
  expect(none).toEqual({ machine: { downtimeClassifications: [] } });
});

test("an operation that runs while its machine stands still is delayed, and the downtime names it", async () => {
  const path = "acme/other/ordered";
  await plant.states(path, [ms(0), "IDLE"]);
  const input = { number: "PO-1", product: "cola", quantity: 5 };
  await plant.ask("mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { failedCount } }", {
    input: {
      orders: [
        { ...input, operations: [{ sequence: 10, name: "fill", machine: path, countingSource: "OPERATOR" }] },
      ],
    },
  });
  await plant.ask(
    `mutation { releaseOrder(input: { number: "PO-1" }) { userErrors { message } }
       startOperation(input: { order: "PO-1", sequence: 10 }) { userErrors { message } } }`,
  );
  const answer = await plant.ask(
    `query ($from: DateTime!) { downtimes(under: "acme/other", from: $from) { edges { node {
       to category machine { path } operation { sequence order { number } } } } } }`,
    { from: at(0) },
  );
  expect(answer).toEqual({
    downtimes: {
      edges: expect.arrayContaining([
        {
          node: {
            to: null,
            category: "UNCLASSIFIED",
            machine: { path },
            operation: { sequence: 10, order: { number: "PO-1" } },
          },
        },
      ]),
    },
  });
});

test("the reasons of a machine type are a tree", async () => {
  const { machine } = await plant.ask(
    `{ machine(path: "acme/line/a") { machineType { downtimeReasons { code category children { code name category } } } } }`,
  );
  expect(machine).toEqual({
    machineType: {
      downtimeReasons: [
        {
          code: "technical",
          category: "UNPLANNED",
          children: [{ code: "jam", name: "Bottle jam", category: "UNPLANNED" }],
        },
        { code: "cleaning", category: "PLANNED", children: [] },
        { code: "other", category: null, children: [] },
      ],
    },
  });
});

test("bad ranges and paths are refused", async () => {
  const bad = { extensions: { code: "BAD_USER_INPUT" } };
  const range = `from: "${at(0)}", to: "${at(0)}"`;
  await expect(plant.ask(`{ downtimes(${range}) { totalCount } }`)).rejects.toMatchObject(bad);
  const long = 'from: "1990-01-01T00:00:00Z"';
  await expect(plant.ask(`{ downtimes(${long}) { totalCount } }`)).rejects.toMatchObject(bad);
  await expect(plant.ask(`{ downtimes(from: "${at(0)}", under: "x") { totalCount } }`)).rejects.toMatchObject(
    bad,
  );
});
