import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IngestDatabase, type Memory, plantFile } from "../../test/support/ingest.js";

const TEXT = `equipment:
  - { path: acme, name: ACME }
  - { path: acme/berlin/line/m1, name: M1, type: filler }
  - { path: acme/berlin/line/m2, level: MACHINE }
machineTypes:
  - name: filler
    appliesTo: ["acme/*/line/*"]
    staleAfter: 5s
    metrics: [{ name: speed, min: 0, max: 600, staleAfter: 30s }, { name: state, type: String, role: STATE }]
    commands:
      - name: start
        parameters: { type: object, required: [b, a], properties: { b: { type: number }, a: { type: string } } }
`;

let database: IngestDatabase;

beforeEach(async () => {
  database = await IngestDatabase.create();
});
afterEach(() => database?.drop());

/** The tree as anybody would see it. */
function treeOf({ plants }: Memory): unknown[] {
  return plants.plant.roots.flatMap((root) =>
    [...plants.plant.below(root)].map((node) => ({
      id: node.id,
      path: node.path,
      name: node.name,
      level: node.level,
      parent: node.parent?.path ?? null,
      type: node.machineType?.name ?? null,
      discovered: node.discovered,
    })),
  );
}

async function rowsOf(memory: Memory): Promise<unknown> {
  return [
    await memory.db.query("SELECT *, xmin FROM equipment ORDER BY path"),
    await memory.db.query("SELECT *, xmin FROM machine_type ORDER BY name"),
  ];
}

test("a plant file makes what it names, and types for what they apply to", async () => {
  const server = await database.start(plantFile(TEXT));
  expect(treeOf(server)).toMatchObject([
    { path: "acme", name: "ACME", level: "ENTERPRISE", discovered: false },
    { path: "acme/berlin", name: "berlin", level: "SITE", discovered: true },
    { path: "acme/berlin/line", level: "AREA" },
    { path: "acme/berlin/line/m1", name: "M1", level: "MACHINE", type: "filler", discovered: false },
    { path: "acme/berlin/line/m2", name: "m2", level: "MACHINE", type: "filler" },
  ]);
});

test("applied again it writes nothing, in the same run and in the next", async () => {
  const server = await database.start(plantFile(TEXT));
  const rows = await rowsOf(server);
  await server.plants.apply(plantFile(TEXT));
  expect(await rowsOf(server)).toEqual(rows);
  const next = await database.start(plantFile(TEXT));
  expect(await rowsOf(next)).toEqual(rows);
  expect(next.plants.plant.type("filler")?.version).toBe(1);
});

test("loaded again the tree and its types are the same", async () => {
  const server = await database.start(plantFile(TEXT));
  const { changed } = server.plants.plant.discover("acme/munich/line/m3");
  await server.db.withConnection((sql) => server.plants.save(sql, changed));
  const again = await database.start();
  expect(treeOf(again)).toEqual(treeOf(server));
  expect(again.plants.plant.types).toEqual(server.plants.plant.types);
  expect([
    again.plants.plant.machineCount,
    again.plants.plant.byPath("acme/munich/line/m3")?.machineType?.name,
  ]).toEqual([3, "filler"]);
});

describe("a changed file", () => {
  test("changes what it names and leaves the rest", async () => {
    const before = treeOf(await database.start(plantFile(TEXT)));
    const server = await database.start(
      plantFile("equipment: [{ path: acme/berlin/line/m2, name: Second }]"),
    );
    expect(treeOf(server)).toEqual(
      before.map((node) =>
        (node as { path: string }).path === "acme/berlin/line/m2"
          ? { ...(node as object), name: "Second" }
          : node,
      ),
    );
    expect(treeOf(await database.start())).toEqual(treeOf(server));
  });

  test("of a type makes a new version, which its machines have at once", async () => {
    await database.start(plantFile(TEXT));
    const changed = plantFile(TEXT.replace("max: 600", "max: 500"));
    const server = await database.start(changed);
    const type = server.plants.plant.machine("acme/berlin/line/m1")?.machineType;
    expect([type?.version, type?.metrics[0]?.max]).toEqual([2, 500]);
    expect((await database.start(changed)).plants.plant.type("filler")).toEqual(type);
  });

  test("gives machines that were discovered before the type that takes them now", async () => {
    const first = await database.start();
    const { changed } = first.plants.plant.discover("acme/x/line/m9");
    await first.db.withConnection((sql) => first.plants.save(sql, changed));
    await database.start(plantFile(TEXT));
    const third = await database.start();
    expect(third.plants.plant.machine("acme/x/line/m9")?.machineType?.name).toBe("filler");
  });
});

test("a path that another server stored first keeps that server's id, and children find their parent", async () => {
  const [one, other] = [await database.start(), await database.start()];
  const first = one.plants.plant.discover("acme/m1");
  const second = other.plants.plant.discover("acme/m1");
  await one.db.withConnection((sql) => one.plants.save(sql, first.changed));
  await other.db.withConnection((sql) => other.plants.save(sql, second.changed));
  const below = other.plants.plant.discover("acme/m1/part");
  await other.db.withConnection((sql) => other.plants.save(sql, below.changed));
  expect(second.machine.id).toBe(first.machine.id);
  expect(other.plants.plant.byId(first.machine.id)).toBe(second.machine);
  expect(treeOf(await database.start())).toEqual(treeOf(other));
});

test("the installation has one id", async () => {
  const [one, other] = [await database.start(), await database.start()];
  expect(await one.plants.installationId()).toBe(await other.plants.installationId());
});
