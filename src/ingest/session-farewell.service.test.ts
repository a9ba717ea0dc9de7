import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IngestDatabase, type Memory } from "../../test/support/ingest.js";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "../../test/support/mosquitto.js";
import { record } from "../../test/support/mqtt-link.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { SessionFarewell } from "./session-farewell.service.js";
import { SourceLeaseStore } from "./source-lease.store.js";
import { SourceSessionStore } from "./source-session.store.js";

const DAY = 86_400_000;

// Without Mosquitto the file says so on stderr, and these skip.
describe.skipIf(!mosquittoAvailable)("a session that nobody wants any more", () => {
  let database: IngestDatabase;
  let server: Memory;
  let broker: Mosquitto;
  let now: number;
  let farewell: SessionFarewell;
  let leases: SourceLeaseStore;

  beforeEach(async () => {
    database = await IngestDatabase.create();
    server = await database.start();
    broker = await startMosquitto({ persistence: true });
    now = Date.now();
    leases = new SourceLeaseStore(server.db);
    farewell = new SessionFarewell({
      sessions: new SourceSessionStore(server.db),
      leases,
      pipeline: {
        receive: () => {
          throw new Error("a source that is gone brings nothing");
        },
      },
      clock: { now: () => now },
      logger: silentLogger,
    });
    await kept();
    const definition = {
      name: "gone",
      url: broker.url,
      mappings: [{ topic: "{machine}/x", format: "json" }],
    };
    const left = { clientId: "session", source: "gone", number: 1, definition, drain: false };
    await server.db.transaction((tx) => new SourceSessionStore(server.db).leave(tx, left));
  });

  afterEach(async () => {
    await broker.stop();
    await database.drop();
  });

  /** Whether the broker still had the session, which it has again then. */
  async function kept(): Promise<boolean> {
    const { link } = record(broker.url, { clientId: "session" });
    link.start();
    const status = await waitFor(() => link.status.phase === "connected" && link.status);
    await link.stop();
    return status.sessionPresent;
  }

  const end = async () => {
    await farewell.end(await farewell.left(), () => undefined, new AbortController().signal);
    return (await farewell.left()).length === 0;
  };

  test("is ended", async () => {
    expect(await end()).toBe(true);
    expect(await kept()).toBe(false);
  });

  test("stays while a server consumes the source", async () => {
    const held = await leases.tryAcquire("gone", () => undefined);
    expect(await end()).toBe(false);
    await held?.release();
    expect(await end()).toBe(true);
    expect(await kept()).toBe(false);
  });

  test("is ended once its broker is there again, which is not asked all the time", async () => {
    await broker.halt();
    expect(await end()).toBe(false);
    await broker.restart();
    expect(await end()).toBe(false);
    now += 10_000;
    expect(await end()).toBe(true);
    expect(await kept()).toBe(false);
  });

  test("is given up when its broker stays away longer than it would keep it", async () => {
    await broker.halt();
    now += 7 * DAY - 60_000;
    expect(await end()).toBe(false);
    now += 120_000;
    expect(await end()).toBe(true);
  });
});
