import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const TABLE = path.resolve(import.meta.dirname, "../../docs/sparkplug.md");
const ROW = /^\| `([a-z0-9-]+)` \| [^|]+ \| ([^|]+) \|$/gm;
const ID = /tck-id-([a-z0-9-]+)/g;

/** The statements of the documentation's table with the test files that it names for them. */
function documented(): Map<string, string[]> {
  const rows = readFileSync(TABLE, "utf8").split("## Conformance")[1]?.matchAll(ROW) ?? [];
  return new Map(
    Array.from(rows, ([, id = "", where = ""]) => {
      const files = where.match(/[a-z-]+\.test\.ts/g) ?? [];
      if (files.length === 0 && !where.startsWith("does not apply")) throw new Error(`${id} has no test`);
      return [id, files];
    }),
  );
}

/** The statements that each test file names: those here, and those of the running server. */
function tested(): Map<string, Set<string>> {
  const folders = [import.meta.dirname, path.resolve(import.meta.dirname, "../../test")];
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => path.join(folder, file)));
  return new Map(
    files
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => {
        const ids = readFileSync(file, "utf8").matchAll(ID);
        return [path.basename(file), new Set(Array.from(ids, ([, id = ""]) => id))];
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
