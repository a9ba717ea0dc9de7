// Fails when schema/schema.graphql is not what the code emits, when the generated operation types are stale, or when
// the schema breaks clients of the version before it. A break that is meant is let through by its line (as printed
// here) in schema/accepted-breaking-changes.txt.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const SCHEMA = "schema/schema.graphql";
const ACCEPTED = "schema/accepted-breaking-changes.txt";
const EMIT = "dist/src/graphql/emit-schema.main.js";

process.chdir(dirname(import.meta.dirname));

/** @returns {string[]} */
function staleSchema() {
  const folder = mkdtempSync(join(tmpdir(), "mes-twin-schema-"));
  try {
    const emitted = join(folder, "schema.graphql");
    execFileSync(process.execPath, [EMIT, emitted], { stdio: ["ignore", "ignore", "inherit"] });
    if (!existsSync(emitted)) return [`${EMIT} did not write to the path it was given.`];
    if (existsSync(SCHEMA) && readFileSync(emitted, "utf8") === readFileSync(SCHEMA, "utf8")) return [];
    return [`${SCHEMA} is not what the code emits: run \`npm run schema\`.`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {string[]} */
function staleOperationTypes() {
  const check = spawnSync("node_modules/.bin/graphql-codegen", ["--check", "--errors-only"], {
    encoding: "utf8",
  });
  if (check.status === 0) return [];
  return [
    `The operation types in test/generated are stale, or an operation does not fit the schema: run \`npm run codegen\`.\n${check.stdout}${check.stderr}`,
  ];
}

/** @param {string[]} args */
function git(...args) {
  const run = spawnSync("git", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return run.status === 0 ? run.stdout : null;
}

/**
 * The schema that clients know: where this branch left origin/main, else the newest committed one that differs.
 * @param {string} current
 */
function publishedSchema(current) {
  const forked = git("merge-base", "HEAD", "origin/main")?.trim();
  const history = git("log", "--format=%H", "--", SCHEMA)?.split("\n") ?? [];
  for (const commit of [forked, ...history]) {
    if (!commit) continue;
    const sdl = git("show", `${commit}:${SCHEMA}`);
    if (sdl !== null && sdl !== current) return { commit, sdl };
  }
  return null;
}

/** @returns {Promise<string[]>} */
async function breakingChanges() {
  if (!existsSync(SCHEMA)) return [];
  const current = readFileSync(SCHEMA, "utf8");
  const published = publishedSchema(current);
  if (published === null) return [];
  const accepted = new Set(
    existsSync(ACCEPTED)
      ? readFileSync(ACCEPTED, "utf8")
          .split("\n")
          .map((line) => line.trim())
      : [],
  );
  const changes = await diff(buildSchema(published.sdl), buildSchema(current));
  const refused = changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .map((change) => `${change.type} ${change.path ?? ""}: ${change.message}`)
    .filter((line) => !accepted.has(line));
  if (refused.length === 0) return [];
  const heading = `Changes that break clients of ${published.commit.slice(0, 10)}; if one is meant, add its line to ${ACCEPTED}:`;
  return [[heading, ...refused].join("\n")];
}

const problems = [...staleSchema(), ...staleOperationTypes(), ...(await breakingChanges())];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length === 0)
  process.stdout.write("schema and operation types are current, and break no client\n");
process.exitCode = problems.length === 0 ? 0 : 1;
