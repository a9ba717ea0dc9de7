import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const TABLE = path.resolve(import.meta.dirname, "../../docs/sparkplug.md");
const ROW = /^\| `([a-z0-9-]+)` \| [^|]+ \| ([^|]+) \|$/gm;
const ID = /tck-id-([a-z0-9-]+)/g;

/** The statements of the documentation's table with the test files that it names for them. */
function documented(): Map<string, string[]> {
  const rows = readFileSync(TABLE, "utf8").split("## Conformance")[1]?.matchAll(ROW) ?? [];
  return new Map([...rows].map(([, id = "", where = ""]) => [id, where.match(/[a-z-]+\.test\.ts/g) ?? []]));
}

/** The statements that each test file here names. */
function tested(): Map<string, Set<string>> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".test.ts"));
  return new Map(
    files.map((file) => {
      const source = readFileSync(path.join(import.meta.dirname, file), "utf8");
      return [file, new Set([...source.matchAll(ID)].map(([, id = ""]) => id))];
    }),
  );
}

test("every statement about host applications is documented, once, with a test that names it", () => {
  const statements = documented();
  expect(statements.size).toBe(104);
  const tests = tested();
  for (const [id, files] of statements)
    for (const file of files) expect(tests.get(file), `${file}: ${id}`).toContain(id);
});

test("every statement that a test names is documented", () => {
  const statements = documented();
  for (const [file, ids] of tested())
    for (const id of ids) expect(statements.get(id), `${file}: ${id}`).toContain(file);
});
