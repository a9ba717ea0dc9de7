import { setTimeout as sleep } from "node:timers/promises";
import { between, type Random } from "../src/demo/random.js";
import type { TortureMosquitto, TorturePostgres, TortureServer } from "./torture-parts.js";
import type { TortureRelay } from "./torture-relay.js";

/** Longest that a connection hangs: over the lock's heartbeat, so that some hangs lose the source and some do not. */
const LONGEST_HANG_MS = 12_000;
const LONGEST_PAUSE_MS = 3_000;
const LONGEST_DELAY_MS = 500;
const PATIENCE_MS = 5_000;

/** What the faults befall. */
export interface Victims {
  readonly server: TortureServer;
  readonly postgres: TorturePostgres;
  /** Null where the broker is somebody else's. */
  readonly mosquitto: TortureMosquitto | null;
  /** Between server and broker, server and PostgreSQL, publishers and broker. */
  readonly brokerLink: TortureRelay;
  readonly databaseLink: TortureRelay;
  readonly publisherLink: TortureRelay;
}

/** @param random numbers of this fault alone. */
type Fault = (victims: Victims, random: Random) => Promise<void>;

const pause = (random: Random) => sleep(between(random, 0, LONGEST_PAUSE_MS));
const someBytes = (random: Random) => Math.floor(between(random, 1, 30_000));

async function hang(relay: TortureRelay, random: Random): Promise<void> {
  relay.hang();
  await sleep(between(random, 1_000, LONGEST_HANG_MS));
  relay.resume();
}

const FAULTS = {
  "server killed": async ({ server }, random) => {
    await server.end("SIGKILL");
    await pause(random);
    server.start();
  },
  // What it wrote is stored, and the broker does not know.
  "server killed at COMMIT": async ({ server, databaseLink }, random) => {
    await databaseLink.cutAtRequest("COMMIT", true, PATIENCE_MS);
    await server.end("SIGKILL");
    await pause(random);
    server.start();
  },
  "server stopped": async ({ server }, random) => {
    await server.end("SIGTERM");
    await pause(random);
    server.start();
  },
  "PostgreSQL restarted": async ({ postgres, databaseLink }, random) => {
    await postgres.stop();
    await pause(random);
    await postgres.start();
    databaseLink.target = postgres.target;
  },
  "PostgreSQL killed": async ({ postgres }, random) => {
    postgres.kill();
    await pause(random);
    await postgres.revive();
  },
  "Mosquitto restarted": async ({ mosquitto }, random) => {
    await mosquitto?.stop();
    await pause(random);
    await mosquitto?.start();
  },
  "broker connection cut": ({ brokerLink }, random) => brokerLink.cutAfter(someBytes(random), PATIENCE_MS),
  "database connections cut": ({ databaseLink }, random) =>
    databaseLink.cutAfter(someBytes(random), PATIENCE_MS),
  "COMMIT lost": ({ databaseLink }) => databaseLink.cutAtRequest("COMMIT", false, PATIENCE_MS),
  "answer to COMMIT lost": ({ databaseLink }) => databaseLink.cutAtRequest("COMMIT", true, PATIENCE_MS),
  "lock's connection cut": async ({ databaseLink }) => databaseLink.cutMarked(),
  "lock's connection hung": async ({ databaseLink }, random) => {
    databaseLink.hangMarked();
    await sleep(between(random, LONGEST_HANG_MS / 2, LONGEST_HANG_MS));
    databaseLink.resume();
  },
  "publishers cut": ({ publisherLink }, random) => publisherLink.cutAfter(someBytes(random), PATIENCE_MS),
  "broker connection hung": ({ brokerLink }, random) => hang(brokerLink, random),
  "database connections hung": ({ databaseLink }, random) => hang(databaseLink, random),
} satisfies Record<string, Fault>;

export type FaultKind = keyof typeof FAULTS;

/** @param ownBroker whether the broker is the run's own, to be restarted. */
export function faultKinds(ownBroker: boolean): FaultKind[] {
  const all = Object.keys(FAULTS) as FaultKind[];
  return all.filter((kind) => ownBroker || kind !== "Mosquitto restarted");
}

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Happens when so many messages have been sent, and `delayMs` later. */
  readonly after: number;
  readonly delayMs: number;
  readonly random: Random;
}

/** Each kind comes once before any comes again; the points lie anywhere in equal parts of the run. */
export function planFaults(
  kinds: readonly FaultKind[],
  count: number,
  messages: number,
  random: Random,
  randomOf: (index: number) => Random,
): PlannedFault[] {
  const part = messages / (count + 1);
  let deck: FaultKind[] = [];
  return Array.from({ length: count }, (_, index) => {
    if (deck.length === 0) deck = shuffled(kinds, random);
    return {
      kind: deck.pop() ?? "server killed",
      after: Math.floor(part * (index + between(random, 0.25, 0.95))),
      delayMs: between(random, 0, LONGEST_DELAY_MS),
      random: randomOf(index),
    };
  });
}

export function inflict(fault: PlannedFault, victims: Victims): Promise<void> {
  return FAULTS[fault.kind](victims, fault.random);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
