import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Relay } from "../../test/support/database-relay.js";
import { IngestDatabase, type Memory, plantFile } from "../../test/support/ingest.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { T0 } from "../../test/support/twins.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Sql } from "../kernel/sql.js";
import { LiveBus } from "../live/live-bus.js";
import { InboundMessage } from "../mqtt/inbound-message.js";
import type { Facts, FactWriter } from "../twin/facts.js";
import type { Entry } from "./batch.js";
import { BrokerDrops } from "./broker-drops.js";
import { Committer } from "./committer.service.js";
import { DeadLetterStore } from "./dead-letter.store.js";
import { MappingTable } from "./mapping.js";
import { Pipeline, type PipelineSource } from "./pipeline.service.js";
import { SequenceWatch } from "./sequence-watch.js";
import { SourceLease } from "./source-lease.js";
import { SourceLeaseStore } from "./source-lease.store.js";
import { SourceStats } from "./source-stats.js";
import { TwinIntake } from "./twin-intake.service.js";

const PLANT = plantFile(`machineTypes:
  - name: counting
    appliesTo: ["acme/*"]
    metrics: [{ name: good, type: Int64, role: GOOD_COUNT }]
sources:
  - { name: s, url: "mqtt://b", mappings: [{ topic: "{e}/{m}/t", format: json, timestamp: ts }] }
`);

let database: IngestDatabase;
let admin: pg.Client;
let packetId = 0;

beforeEach(async () => {
  database = await IngestDatabase.create();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query("CREATE TABLE fact (good bigint)");
});
afterEach(async () => {
  await admin.end();
  await database.drop();
});

/** Counts what counters moved, in a table of the test's own. */
class Counting implements FactWriter {
  told = 0;
  /** Runs inside the transaction. */
  inside: () => void = () => undefined;
  async write(sql: Sql, facts: Facts): Promise<() => void> {
    for (const { move } of facts.counters)
      if (!move.late)
        await sql.query("INSERT INTO fact (good) VALUES ($1)", [Number(move.to) - Number(move.from)]);
    this.inside();
    return () => {
      this.told += facts.counters.length;
    };
  }
}

/** A server's ingest, from a message to its commit. */
class Ingest {
  readonly counting = new Counting();
  readonly stats = new SourceStats("s");
  readonly committer: Committer;
  readonly #pipeline: Pipeline;
  readonly #source: PipelineSource;
  readonly #tamper: ((entry: Entry) => Entry)[] = [];

  /** @param lease as the server has it that consumes the source. */
  constructor(memory: Memory, lease: SourceLease | null = null) {
    const { db, plants: plant, twins, history } = memory;
    const deadLetters = new DeadLetterStore(db);
    const facts = [this.counting];
    const leases = new SourceLeaseStore(db);
    this.committer = new Committer({
      db,
      plant,
      twins,
      history,
      facts,
      leases,
      deadLetters,
      logger: silentLogger,
    });
    const add = this.committer.add.bind(this.committer);
    this.committer.add = (entry) => add(this.#tamper.shift()?.(entry) ?? entry);
    const config = PLANT.sources[0];
    const table = config && MappingTable.compile(config);
    if (!table?.ok) throw new Error("no table");
    const { stats } = this;
    const sequences = new SequenceWatch({ stats, logger: silentLogger });
    const drops = new BrokerDrops();
    this.#source = { name: "s", table: table.value, discovery: true, stats, sequences, drops, lease };
    this.#pipeline = new Pipeline({
      plant,
      twins,
      intake: new TwinIntake({
        plant,
        twins,
        live: new LiveBus(),
        committer: this.committer,
        logger: silentLogger,
      }),
      committer: this.committer,
      replies: { onReply: async () => null },
      logger: silentLogger,
    });
  }

  /** Takes a message of machine acme/<m>. */
  send(machine: string, body: object): InboundMessage {
    return this.raw(`acme/${machine}/t`, JSON.stringify(body));
  }

  raw(topic: string, payload: string): InboundMessage {
    packetId += 1;
    const message = new InboundMessage(
      {
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        retain: false,
        dup: false,
        packetId,
        properties: null,
      },
      T0 + 3_600_000,
      null,
    );
    this.#pipeline.receive(this.#source, message);
    return message;
  }

  /** Like `send`, with an entry that the database refuses: no rule lets a NUL character come that far. */
  sendPoison(machine: string, body: object): InboundMessage {
    this.#tamper.push((entry) => {
      entry.samples = entry.samples.map((sample) => ({ ...sample, value: "a\u0000" }));
      return entry;
    });
    return this.send(machine, body);
  }
}

async function rows<Row>(text: string): Promise<Row[]> {
  return (await admin.query(text)).rows as Row[];
}

/** Machine, metric and value of every sample, with its milliseconds after T0. */
async function samples(): Promise<string[]> {
  const found = await rows<{ text: string; time: Date }>(
    `SELECT e.path || ' ' || s.metric || ' ' || coalesce(doubles[position]::text, texts[position], 'null') AS text, time
     FROM frame CROSS JOIN unnest(series) WITH ORDINALITY AS one (series_id, position)
     JOIN series s ON s.id = series_id JOIN equipment e ON e.id = s.machine_id`,
  );
  return found.map(({ text, time }) => `${text} ${time.getTime() - T0}`).sort();
}

const letters = () =>
  rows<{ topic: string; reason: string }>("SELECT topic, reason FROM dead_letter ORDER BY id");

/** Cuts every connection of the server's hot path. */
async function cutConnections(): Promise<void> {
  await admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
}

const allAcknowledged = (messages: readonly InboundMessage[]) =>
  waitFor(() => messages.every((message) => message.acknowledged), { what: "all acknowledged" });

describe("a message", () => {
  test("is acknowledged when all that it caused is committed, and not before", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    const inside: boolean[] = [];
    ingest.counting.inside = () => inside.push(message.acknowledged);
    const message = ingest.send("m1", { ts: T0, good: 5, temp: 1.5 });
    expect(message.acknowledged).toBe(false);
    await allAcknowledged([message]);
    expect(inside).toEqual([false]);
    expect(await samples()).toEqual(["acme/m1 good 5 0", "acme/m1 temp 1.5 0"]);
    expect(await rows("SELECT revision::int, state FROM twin")).toEqual([{ revision: 1, state: "UNKNOWN" }]);
  });

  test("that comes again changes nothing, in this run and after a restart", async () => {
    const first = new Ingest(await database.start(PLANT));
    const bodies = [0, 1, 2].map((index) => ({ ts: T0 + index, good: index, temp: index % 2 }));
    const sendAll = (ingest: Ingest) => bodies.map((body) => ingest.send("m1", body));
    await allAcknowledged(sendAll(first));
    const [stored, moves] = [await samples(), await rows("SELECT * FROM fact")];
    await allAcknowledged(sendAll(first));
    const second = new Ingest(await database.start(PLANT));
    await allAcknowledged(sendAll(second));
    expect([await samples(), await rows("SELECT * FROM fact")]).toEqual([stored, moves]);
    expect([stored.length, moves.length, second.stats.repeated]).toEqual([6, 2, 6]);
  });

  test("that cannot be decoded is kept as a dead letter and acknowledged", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    const messages = [
      ingest.raw("acme/m1/t", "{"),
      ingest.raw("elsewhere", "1"),
      ingest.raw("a/b\u0000/t", "{}"),
    ];
    await allAcknowledged(messages);
    expect((await letters()).map((letter) => letter.topic)).toEqual(["acme/m1/t", "elsewhere", "a/b\\0/t"]);
    expect(ingest.stats).toMatchObject({ received: 3, committed: 3, dead: 3, samples: 0 });
  });

  test("of which a thousand values cannot be taken is one dead letter of bounded length", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    const values = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`bad+${index}`, 1]));
    await allAcknowledged([ingest.send("m1", { ts: T0, ...values, ok: 1, good: "x".repeat(100_000) })]);
    const [letter, ...others] = await letters();
    expect(others).toEqual([]);
    expect(letter?.reason).toMatch(/^bad\+0: .*; and 991 more$/);
    expect(await samples()).toEqual(["acme/m1 ok 1 0"]);
    await allAcknowledged([ingest.send("m1", { ts: T0 + 1, good: "x".repeat(100_000) })]);
    expect((await letters())[1]?.reason.length).toBeLessThan(1_100);
  });
});

describe("a message that the database refuses", () => {
  test("becomes a dead letter, and those around it are stored", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    // Every machine and metric is new, so that the poisoned batch makes equipment and series for all of them.
    const messages = Array.from({ length: 21 }, (_, index) =>
      index === 13
        ? ingest.sendPoison("m13", { ts: T0, a: 13 })
        : ingest.send(`m${index}`, { ts: T0, a: index }),
    );
    await allAcknowledged(messages);
    expect(await letters()).toEqual([
      { topic: "acme/m13/t", reason: expect.stringContaining("the database refuses it: ") },
    ]);
    const healthy = [...Array(21).keys()].filter((index) => index !== 13);
    expect(await samples()).toEqual(healthy.map((index) => `acme/m${index} a ${index} 0`).sort());
    expect(ingest.stats).toMatchObject({ received: 21, committed: 21, dead: 1, samples: 20 });
    expect(ingest.committer.problem).toBeNull();
  });

  test("does not spoil its machine and its series for the messages after it", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    await allAcknowledged([ingest.sendPoison("m1", { ts: T0, a: 1 })]);
    await allAcknowledged([ingest.send("m1", { ts: T0 + 1, a: 2 }), ingest.send("m1", { ts: T0 + 2, b: 3 })]);
    expect(await samples()).toEqual(["acme/m1 a 2 1", "acme/m1 b 3 2"]);
    expect(await letters()).toHaveLength(1);
  });

  test("because of half a character in its names is taken without them", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    const message = ingest.raw("acme/m1/t", `{"ts":${T0},"\\ud800":1,"\\ud801":2,"ok":3,"text":"\\udc00"}`);
    await allAcknowledged([message]);
    expect([await samples(), (await letters()).length]).toEqual([["acme/m1 ok 3 0"], 1]);
  });
});

describe("while the database is away", () => {
  test("nothing is acknowledged; then all is stored once, though connections break again and again", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    const messages: InboundMessage[] = [];
    for (let wave = 0; wave < 25; wave += 1) {
      for (let index = 0; index < 20; index += 1) {
        const count = wave * 20 + index;
        messages.push(ingest.send(`m${index}`, { ts: T0 + wave, good: wave, n: count }));
      }
      await cutConnections();
    }
    await allAcknowledged(messages);
    const wanted = messages.flatMap((_, count) => [
      `acme/m${count % 20} n ${count} ${Math.floor(count / 20)}`,
      `acme/m${count % 20} good ${Math.floor(count / 20)} ${Math.floor(count / 20)}`,
    ]);
    expect(await samples()).toEqual(wanted.sort());
    // The first good of each machine is where it begins, each further one a piece more.
    expect(await rows("SELECT count(*)::int AS moves, sum(good)::int AS good FROM fact")).toEqual([
      { moves: 480, good: 480 },
    ]);
    expect(ingest.stats).toMatchObject({ received: 500, committed: 500, samples: 1_000, dead: 0 });
    expect([ingest.committer.problem, ingest.committer.backlog]).toEqual([null, 0]);
  });

  test("it says so, and a stopped server leaves its messages with the broker", async () => {
    const relay = await Relay.to(database.url);
    try {
      const ingest = new Ingest(await database.start(PLANT, relay.url));
      relay.refuse = true;
      relay.cut();
      const message = ingest.send("m1", { ts: T0, a: 1 });
      await waitFor(() => ingest.committer.problem !== null);
      expect(ingest.committer.problem).toContain("the database does not take data");
      await ingest.committer.stop();
      expect([message.acknowledged, await samples()]).toEqual([false, []]);
      expect(ingest.stats).toMatchObject({ received: 1, committed: 0, returned: 1 });
    } finally {
      await relay.close();
    }
  });
});

describe("when another server takes the source over", () => {
  test("what this one had taken in and not written is left to the other, except the equipment", async () => {
    const memory = await database.start(PLANT);
    const leases = new SourceLeaseStore(memory.db);
    const first = await leases.tryAcquire("s", () => undefined);
    if (!first) throw new Error("no lease");
    const ingest = new Ingest(memory, first.lease);
    await allAcknowledged([ingest.send("m1", { ts: T0, a: 1 })]);
    // The lock goes with its connection; this server has not noticed yet.
    const unaware = new SourceLease("s", first.lease.epoch);
    await first.release();
    const second = await leases.tryAcquire("s", () => undefined);
    const late = new Ingest(memory, unaware);
    const message = late.send("m2", { ts: T0, a: 2 });
    await waitFor(() => !unaware.valid);
    await late.committer.stop();
    expect(message.acknowledged).toBe(false);
    expect(late.stats).toMatchObject({ received: 1, committed: 0, returned: 1 });
    expect(await samples()).toEqual(["acme/m1 a 1 0"]);
    expect(await rows("SELECT path FROM equipment WHERE path = 'acme/m2'")).toHaveLength(1);

    // The broker delivers it to the new holder.
    await memory.twins.refresh("s");
    const taken = new Ingest(memory, second?.lease ?? null);
    await allAcknowledged([taken.send("m2", { ts: T0, a: 2 })]);
    expect(await samples()).toEqual(["acme/m1 a 1 0", "acme/m2 a 2 0"]);
    await second?.release();
  });

  test("a server that knows it writes nothing more, and says when that is settled", async () => {
    const relay = await Relay.to(database.url);
    try {
      const memory = await database.start(PLANT, relay.url);
      const lease = new SourceLease("s", "1");
      const ingest = new Ingest(memory, lease);
      relay.refuse = true;
      relay.cut();
      const message = ingest.send("m1", { ts: T0, a: 1 });
      await waitFor(() => ingest.committer.problem !== null);
      lease.end();
      const settled = ingest.committer.settled(new AbortController().signal);
      relay.refuse = false;
      await settled;
      expect([message.acknowledged, await samples()]).toEqual([false, []]);
      await ingest.committer.stop();
    } finally {
      await relay.close();
    }
  });
});

describe("when the connection breaks at COMMIT", () => {
  test("a transaction that was committed is not written a second time", async () => {
    const relay = await Relay.to(database.url);
    try {
      const ingest = new Ingest(await database.start(PLANT, relay.url));
      await allAcknowledged([ingest.send("m1", { ts: T0, good: 1 })]);
      const write = ingest.counting.write.bind(ingest.counting);
      let told = 0;
      ingest.counting.write = async (sql, facts) => {
        const done = await write(sql, facts);
        return () => {
          told += 1;
          done();
        };
      };
      relay.loseAnswersTo = "COMMIT";
      const messages = [ingest.send("m1", { ts: T0 + 1, good: 2 }), ingest.send("m2", { ts: T0, new: 1 })];
      await allAcknowledged(messages);
      expect([relay.lost, told]).toEqual([1, 1]);
      expect(await samples()).toEqual(["acme/m1 good 1 0", "acme/m1 good 2 1", "acme/m2 new 1 0"]);
      expect(await rows("SELECT count(*)::int AS n FROM fact")).toEqual([{ n: 1 }]);
      await allAcknowledged([ingest.send("m2", { ts: T0 + 1, new: 2 })]);
      expect(await samples()).toContain("acme/m2 new 2 1");
      expect(await letters()).toEqual([]);
    } finally {
      await relay.close();
    }
  });

  test("a transaction that was not committed is written again", async () => {
    const ingest = new Ingest(await database.start(PLANT));
    // Sequences keep their step when everything else is rolled back, so only the first commits fail.
    await admin.query(`
      CREATE SEQUENCE tries;
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('tries') <= 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON series DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()`);
    await allAcknowledged([ingest.send("m1", { ts: T0, a: 1 })]);
    expect(await samples()).toEqual(["acme/m1 a 1 0"]);
    expect(await rows("SELECT last_value::int AS n FROM tries")).toEqual([{ n: 3 }]);
  });
});

test("what a subscriber makes of a committed batch does not write it a second time", async () => {
  const ingest = new Ingest(await database.start(PLANT));
  const write = ingest.counting.write.bind(ingest.counting);
  ingest.counting.write = async (sql, facts) => {
    await write(sql, facts);
    return () => {
      throw new Error("a bug in a listener");
    };
  };
  await allAcknowledged([ingest.send("m1", { ts: T0, good: 1 }), ingest.send("m1", { ts: T0 + 1, good: 3 })]);
  await allAcknowledged([ingest.send("m1", { ts: T0 + 2, good: 4 })]);
  expect(await rows("SELECT good::int FROM fact ORDER BY good")).toEqual([{ good: 1 }, { good: 2 }]);
  expect(await samples()).toHaveLength(3);
});
