import type { Database } from "../db/database.js";
import { type IdempotentCall, once } from "../db/idempotency.js";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import {
  type CheckedWish,
  checkWishes,
  type Desired,
  type DesiredMachine,
  type DesiredWish,
} from "./desired.js";
import type { DesiredStore, LockedMachine } from "./desired.store.js";
import { DesiredBook, type MachineDesires } from "./desired-book.js";
import { DesiredDelivery, type DeviceConnections, type WriteLockouts } from "./desired-delivery.service.js";
import { DesiredRecords } from "./desired-records.service.js";
import { DesiredSync } from "./desired-sync.service.js";
import type { DesiredWatchStore } from "./desired-watch.store.js";
import type { WriterOf } from "./desired-writer.js";
import type { TwinTouch } from "./twin-touch.service.js";

/** How far a subscriber may fall behind before it loses its oldest events. */
const MAX_BEHIND = 1_000;

/** A wish to set or clear what is desired of a machine. */
export interface SetDesired {
  readonly machine: string;
  readonly metrics: readonly DesiredWish[];
  /** Of the twin; null for any. */
  readonly expectedRevision: number | null;
  /** Of what is desired; null for any. */
  readonly expectedVersion: number | null;
  readonly idempotencyKey: string | null;
}

export interface DesiredOutcome {
  /** Null when it was refused. */
  readonly twin: Twin | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** What an idempotency key brings back. */
interface StoredOutcome {
  readonly userErrors: readonly UserErrorValue[];
}

interface Wanted {
  readonly twin: Twin;
  readonly wishes: readonly CheckedWish[];
}

/** What metrics of machines shall be: set, brought to the device in the background, and compared with its reports. */
export class DesiredService {
  readonly #db: Database;
  readonly #store: DesiredStore;
  readonly #book = new DesiredBook();
  readonly #records: DesiredRecords;
  readonly #sync: DesiredSync;
  readonly #delivery: DesiredDelivery;
  readonly #twins: TwinService;
  readonly #lockouts: WriteLockouts;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: {
    db: Database;
    store: DesiredStore;
    watch: DesiredWatchStore;
    twins: TwinService;
    touch: TwinTouch;
    live: LiveBus;
    connections: DeviceConnections;
    lockouts: WriteLockouts;
    writerOf: WriterOf;
    clock: Clock;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#store = deps.store;
    this.#twins = deps.twins;
    this.#lockouts = deps.lockouts;
    this.#live = deps.live;
    this.#clock = deps.clock;
    const book = this.#book;
    this.#records = new DesiredRecords({ ...deps, book });
    const records = this.#records;
    this.#sync = new DesiredSync({ ...deps, book, records });
    this.#delivery = new DesiredDelivery({ ...deps, book, records });
  }

  /** Takes up what a run before left: what machines do not follow is sent again once they are reached. */
  async start(): Promise<void> {
    await this.#sync.start();
    this.#delivery.start();
  }

  /** Stops sending and leaves everything as it is. */
  async stop(): Promise<void> {
    await Promise.all([this.#delivery.stop(), this.#sync.stop()]);
  }

  /** What is desired of a machine, as far as this server knows; undefined when nothing ever was. */
  of(machineId: string): MachineDesires | undefined {
    return this.#book.get(machineId);
  }

  /** Sets and clears; all of it is stored when this resolves, or none. The device gets it in the background. */
  async set(input: SetDesired, principal: string): Promise<DesiredOutcome> {
    // Before the transaction, so that none waits for another connection while it holds one.
    const checked = await this.#check(input);
    const { idempotencyKey: key, ...rest } = input;
    const call: IdempotentCall = { principal, key, operation: "setDesired", input: rest };
    let stored: DesiredMachine | null = null;
    const done = await this.#db.transaction((tx) =>
      once<StoredOutcome>(tx, call, async () => {
        if (!checked.ok) return { userErrors: checked.error };
        const { twin, wishes } = checked.value;
        const now = new Date(this.#clock.now());
        const locked = await this.#store.lock(tx, twin.machine.id, now);
        const problem = lockedProblem(locked, input, twin);
        if (locked === null || problem !== null) return { userErrors: problem === null ? [] : [problem] };
        const change = changeOf(locked, twin.machine.id, wishes, { principal, now });
        if (change) stored = await this.#store.change(tx, change);
        return { userErrors: [] };
      }),
    );
    if ("refused" in done) return { twin: null, userErrors: [done.refused] };
    if (stored !== null) this.#records.take(stored);
    const { userErrors } = done.payload;
    const twin = userErrors.length === 0 ? this.#twins.byPath(input.machine) : undefined;
    return { twin: twin ?? null, userErrors };
  }

  /** Each value that is set, cleared or steps on, of all machines or of one. */
  changes(machine: string | null): AsyncIterableIterator<Desired> {
    const queue = new BoundedQueue<Desired>({ max: MAX_BEHIND, onFull: "drop-oldest" });
    const stop = this.#live.listen("desiredChanged", ({ machines, changed }) => {
      if (machine !== null && !machines.some(({ path }) => path === machine)) return;
      for (const desired of changed) queue.push(desired);
    });
    return iterate(queue, (desired) => desired, stop);
  }

  /** What must hold for a wish, in the order in which it is told. */
  async #check(input: SetDesired): Promise<Result<Wanted, readonly UserErrorValue[]>> {
    const twin = this.#twins.byPath(input.machine);
    if (!twin) {
      const message = `there is no machine ${JSON.stringify(input.machine)}`;
      return err([userError("NOT_FOUND", message, ["machine"])]);
    }
    const wishes = checkWishes(twin.machine.machineType, input.metrics);
    if (!wishes.ok) return wishes;
    const { revision } = twin;
    if (input.expectedRevision !== null && input.expectedRevision !== revision) {
      const message = `the twin is at revision ${revision}, not at ${input.expectedRevision}`;
      return err([userError("PRECONDITION_FAILED", message, ["expectedRevision"])]);
    }
    // Taking a wish back is never dangerous.
    const sets = wishes.value.some(({ value }) => value !== null);
    const lockout = sets ? await this.#lockouts.lockoutOf(twin.machine.id) : null;
    if (lockout) {
      const message = `the maintenance order ${lockout.number} locks ${twin.machine.path} out`;
      return err([userError("MACHINE_LOCKED_OUT", message, ["machine"])]);
    }
    return ok({ twin, wishes: wishes.value });
  }
}

function lockedProblem(locked: LockedMachine | null, input: SetDesired, twin: Twin): UserErrorValue | null {
  if (locked === null) {
    const message = `${twin.machine.path} was discovered just now and is not stored yet: try again`;
    return userError("PRECONDITION_FAILED", message, ["machine"]);
  }
  const { expectedVersion } = input;
  if (expectedVersion === null || expectedVersion === locked.version) return null;
  const message = `what is desired is at version ${locked.version}, not at ${expectedVersion}`;
  return userError("VERSION_CONFLICT", message, ["expectedVersion"]);
}

/** The next version; null when the wishes only clear what is not desired. */
function changeOf(
  locked: LockedMachine,
  machineId: string,
  wishes: readonly CheckedWish[],
  by: { readonly principal: string; readonly now: Date },
) {
  const version = locked.version + 1;
  const set: Desired[] = [];
  const cleared: Desired[] = [];
  for (const { metric, value, dataType } of wishes) {
    if (value === null) cleared.push(...locked.metrics.filter((known) => known.metric === metric));
    else {
      const times = { requestedAt: by.now, since: by.now, sentAt: null, followBy: null };
      const requestedBy = by.principal;
      set.push({
        machineId,
        metric,
        value,
        dataType,
        version,
        status: "PENDING",
        reason: null,
        requestedBy,
        ...times,
      });
    }
  }
  if (set.length === 0 && cleared.length === 0) return null;
  // What was never sent, or is followed already, the device need not be told to forget.
  const told = cleared.some(({ sentAt, status }) => sentAt !== null && status !== "SETTLED");
  return {
    machineId,
    version,
    at: by.now,
    set,
    cleared: cleared.map(({ metric }) => metric),
    withdrawn: locked.withdrawn || told,
  };
}
