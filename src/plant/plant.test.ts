import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newId } from "../kernel/ids.js";
import type { MachineType } from "./machine-type.js";
import { Plant } from "./plant.js";

function typeNamed(name: string, appliesTo: string[] = []): MachineType {
  return {
    id: newId(),
    name,
    version: 1,
    appliesTo,
    staleAfterMs: 1,
    offlineAfterMs: null,
    metrics: [],
    commands: [],
  };
}

const pathsOf = (nodes: Iterable<{ path: string }>) => [...nodes].map((node) => node.path);

describe("discovery", () => {
  test("makes the machine and the parents it lacks, parents first", () => {
    const plant = new Plant();
    const { machine, changed } = plant.discover("acme/berlin/pack/line-3/filler-1");
    expect(changed.map((node) => [node.path, node.level, node.discovered])).toEqual([
      ["acme", "ENTERPRISE", true],
      ["acme/berlin", "SITE", true],
      ["acme/berlin/pack", "AREA", true],
      ["acme/berlin/pack/line-3", "LINE", true],
      ["acme/berlin/pack/line-3/filler-1", "MACHINE", true],
    ]);
    expect(machine.parent?.path).toBe("acme/berlin/pack/line-3");
    expect(pathsOf(plant.discover("acme/berlin/pack/line-3/capper-1").changed)).toEqual([
      "acme/berlin/pack/line-3/capper-1",
    ]);
    expect(plant.machineCount).toBe(2);
  });

  test("changes nothing the second time", () => {
    const plant = new Plant();
    const first = plant.discover("a/m");
    expect(plant.discover("a/m")).toEqual({ machine: first.machine, changed: [] });
    expect(plant.machineCount).toBe(1);
  });

  test("gives the machine the type that takes its path", () => {
    const plant = new Plant();
    plant.setType(typeNamed("filler", ["a/filler-*"]));
    expect(plant.discover("a/filler-1").machine.machineType?.name).toBe("filler");
    expect(plant.discover("a/other").machine.machineType).toBeNull();
  });

  test("turns a group that reports into a machine and keeps its id and children", () => {
    const plant = new Plant();
    plant.discover("a/cell/m");
    const cell = plant.byPath("a/cell");
    const { machine, changed } = plant.discover("a/cell");
    expect(changed).toEqual([cell]);
    expect([machine.level, pathsOf(machine.children), plant.machineCount]).toEqual([
      "MACHINE",
      ["a/cell/m"],
      2,
    ]);
  });
});

describe("declare", () => {
  test("makes a node with name and level, and its parents", () => {
    const plant = new Plant();
    plant.setType(typeNamed("filler"));
    const changed = plant.declare({ path: "a/b/m", name: "M", type: "filler" });
    expect(changed.map((node) => [node.path, node.name, node.level, node.discovered])).toEqual([
      ["a", "a", "ENTERPRISE", true],
      ["a/b", "b", "SITE", true],
      ["a/b/m", "M", "MACHINE", false],
    ]);
    expect(plant.machine("a/b/m")?.machineType?.name).toBe("filler");
  });

  test("changes nothing the second time", () => {
    const plant = new Plant();
    plant.setType(typeNamed("filler"));
    const wanted = { path: "a/m", name: "M", type: "filler" };
    plant.declare(wanted);
    expect(plant.declare(wanted)).toEqual([]);
  });

  test("takes over what was discovered, which stays a machine", () => {
    const plant = new Plant();
    plant.discover("a/m");
    expect(plant.declare({ path: "a/m", name: "M" })).toHaveLength(1);
    expect(plant.machine("a/m")).toMatchObject({ name: "M", level: "MACHINE", discovered: false });
    expect(plant.machineCount).toBe(1);
  });

  test("counts a group that becomes a machine, and no longer a machine that becomes a group", () => {
    const plant = new Plant();
    plant.declare({ path: "a/m" });
    expect(plant.machineCount).toBe(0);
    plant.declare({ path: "a/m", level: "MACHINE" });
    expect(plant.machineCount).toBe(1);
    plant.declare({ path: "a/m", level: "LINE" });
    expect([plant.machineCount, plant.machine("a/m")]).toEqual([0, undefined]);
  });
});

test("siblings stand in the order of their paths, in whatever order they come", () => {
  const levels = fc.array(fc.stringMatching(/^[a-c]{1,2}$/), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(levels, { maxLength: 20 }), (given) => {
      const plant = new Plant();
      const paths = given.map((path) => path.join("/"));
      for (const path of paths) plant.discover(path);
      expect(pathsOf(plant.machines()).sort()).toEqual([...new Set(paths)].sort());
      expect(plant.machineCount).toBe(new Set(paths).size);
      for (const root of plant.roots) {
        for (const node of plant.below(root)) {
          const children = pathsOf(node.children);
          expect(children).toEqual([...children].sort());
          for (const child of node.children) expect(child.parent).toBe(node);
        }
      }
    }),
  );
});

test("machines below a node are those of its branch only", () => {
  const plant = new Plant();
  for (const path of ["a/b/1", "a/b/2", "a/bb/3", "c/4"]) plant.discover(path);
  const under = plant.byPath("a/b");
  expect(under && pathsOf(plant.machines(under))).toEqual(["a/b/1", "a/b/2"]);
});

test("a node whose id another server chose is found by that id only", () => {
  const plant = new Plant();
  const { machine } = plant.discover("m");
  const [old, adopted] = [machine.id, newId()];
  plant.adoptId(machine, adopted);
  expect([plant.byId(old), plant.byId(adopted), machine.id]).toEqual([undefined, machine, adopted]);
});
