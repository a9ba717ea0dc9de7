import type { MigrationInterface, QueryRunner } from "typeorm";

/** Sources that are made while the server runs, and the sessions at brokers that are to be ended. */
export class SourcesAtRuntime1765000000000 implements MigrationInterface {
  name = "SourcesAtRuntime1765000000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("sources made through GraphQL would be lost: restore a backup instead");
  }
}

const STATEMENTS = [
  // Never the same for two states of a source, also when one is removed and another of its name is made.
  "CREATE SEQUENCE source_change",
  // definition is null for a source of the plant file, of which only the pause stands here. session is the number of
  // its session at the broker: another broker makes another session.
  `CREATE TABLE source_config (
     name text PRIMARY KEY,
     definition jsonb,
     paused boolean NOT NULL DEFAULT false,
     session integer NOT NULL DEFAULT 1,
     version integer NOT NULL DEFAULT 1,
     change bigint NOT NULL DEFAULT nextval('source_change'),
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  // filters: all that the broker may have subscribed in the session. left_at: since when nobody wants the session; it is
  // then ended at the broker that definition names, with drain only after what waits in it was taken.
  `CREATE TABLE source_session (
     client_id text PRIMARY KEY,
     source text NOT NULL,
     filters text[] NOT NULL DEFAULT '{}',
     number integer NOT NULL DEFAULT 1,
     definition jsonb,
     drain boolean NOT NULL DEFAULT false,
     left_at timestamptz
   )`,
];
