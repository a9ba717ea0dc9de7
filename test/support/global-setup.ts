import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { Database } from "../../src/db/database.js";
import { EmbeddedPostgres } from "../../src/db/embedded-postgres.js";
import { entities } from "../../src/entities.js";
import { silentLogger } from "./silent-logger.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which tests may make databases. */
    postgresUrl: string;
    /** A migrated and empty database to clone. */
    templateDatabase: string;
  }
}

/** One PostgreSQL for the whole run: the one that TEST_DATABASE_URL names, or an embedded one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "mes-twin-test-"));
  // As root, PostgreSQL runs as a user of its own, which must be able to reach the folder.
  await chmod(dataDir, 0o755);
  const given = process.env.TEST_DATABASE_URL;
  const embedded = new EmbeddedPostgres({
    dataDir,
    logger: silentLogger,
    settings: ["fsync=off", "max_connections=200"],
  });
  const postgresUrl = given ?? (await embedded.start());
  const template = `template_${process.pid}_${Date.now()}`;
  await run(postgresUrl, `CREATE DATABASE ${template}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${template}`;
  const database = new Database({ url: url.href, entities, logger: silentLogger });
  await database.start();
  await database.stop();
  project.provide("postgresUrl", postgresUrl);
  project.provide("templateDatabase", template);
  return async () => {
    if (given === undefined) await embedded.stop();
    else await run(postgresUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await rm(dataDir, { recursive: true, force: true });
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
