import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { grouped } from "../kernel/grouped.js";
import { isUuid } from "../kernel/ids.js";
import type { Sql } from "../kernel/sql.js";
import { textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Equipment } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import {
  type Alarm,
  type AlarmEvent,
  afterAcknowledgement,
  type Shelf,
  type ShownAlarm,
  shelfProblems,
  shelvingProblem,
} from "./alarm.js";
import type { AlarmKey, AlarmStore } from "./alarm.store.js";
import type { AlarmFilter, AlarmPageRequest, AlarmQueryStore } from "./alarm-query.store.js";
import { conditionsOf } from "./condition.js";

/** A machine's list of alarms has no pages: it ends here. */
export const MOST_ALARMS_OF_MACHINE = 200;
/** So many alarms are acknowledged in one call. */
export const MOST_ACKNOWLEDGED = 1_000;
const LONGEST_COMMENT = 10_000;

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

/** Which alarm is shelved: a raised one by its id, or any by machine and code. */
export interface ShelfTarget {
  readonly id: string | null;
  readonly machine: string | null;
  readonly code: string | null;
}

export interface AlarmResult {
  readonly alarm: ShownAlarm | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface ShelfResult extends AlarmResult {
  /** Null when nothing was done, or it was removed. */
  readonly shelf: Shelf | null;
}

/** What is stored for a replay: ids, never rows. */
interface Outcome {
  readonly id: string | null;
  readonly key: AlarmKey | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** What people do with alarms, and what they see of them. */
export class AlarmService {
  readonly #store: AlarmStore;
  readonly #queries: AlarmQueryStore;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: {
    store: AlarmStore;
    queries: AlarmQueryStore;
    db: Database;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#queries = deps.queries;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  async acknowledge(caller: Caller, id: string, comment: string | null): Promise<AlarmResult> {
    const [result] = await this.acknowledgeAll(caller, [id], comment);
    return result ?? refused(userError("NOT_FOUND", `there is no alarm ${id}`, ["id"]));
  }

  /** Acknowledges each that can be; in the order of `ids`. @param ids none stands twice, at most MOST_ACKNOWLEDGED. */
  async acknowledgeAll(
    caller: Caller,
    ids: readonly string[],
    comment: string | null,
  ): Promise<AlarmResult[]> {
    const said = comment?.trim() ? comment : null;
    const problem = said === null ? null : textProblem(said, LONGEST_COMMENT);
    if (problem !== null)
      return ids.map(() => refused(userError("INVALID_INPUT", `comment ${problem}`, ["comment"])));
    const input = { ids, comment: said };
    const done = await this.#once(caller, "acknowledgeAlarms", input, (sql) =>
      this.#acknowledge(sql, caller.principal, ids, said),
    );
    if ("refused" in done) return ids.map(() => refused(done.refused));
    const { payload, replayed } = done;
    const alarms = await this.byIds(payload.flatMap(({ id }) => id ?? []));
    if (!replayed) for (const alarm of alarms.values()) this.#publish(alarm);
    return payload.map(({ id, userErrors }) => ({ alarm: (id && alarms.get(id)) || null, userErrors }));
  }

  /** Hides an alarm until a moment, also when it is raised only later. One that is hidden already is hidden anew. */
  async shelve(
    caller: Caller,
    target: ShelfTarget,
    wanted: { readonly until: Date; readonly reason: string },
  ): Promise<ShelfResult> {
    const now = new Date(this.#clock.now());
    return this.#shelving(caller, "shelve", target, wanted, async (sql, key, alarm) => {
      const problems = shelfProblems(wanted, now);
      if (problems.length > 0) return problems;
      await this.#store.putShelf(sql, { ...key, ...wanted, by: caller.principal, at: now });
      await this.#log(sql, alarm, "SHELVED", caller.principal, wanted.reason, now);
      return [];
    });
  }

  /** Shows an alarm again before its time. */
  async unshelve(caller: Caller, target: ShelfTarget): Promise<ShelfResult> {
    const now = new Date(this.#clock.now());
    return this.#shelving(caller, "unshelve", target, {}, async (sql, key, alarm) => {
      await this.#store.removeShelf(sql, key);
      await this.#log(sql, alarm, "UNSHELVED", caller.principal, null, now);
      return [];
    });
  }

  async byId(id: string): Promise<ShownAlarm | null> {
    return (await this.byIds([id])).get(id) ?? null;
  }

  async byIds(ids: readonly string[]): Promise<ReadonlyMap<string, ShownAlarm>> {
    const known = ids.filter(isUuid);
    if (known.length === 0) return new Map();
    const alarms = await this.#queries.byIds(known, this.#now());
    return new Map(alarms.map((alarm) => [alarm.id, alarm]));
  }

  /** @param filter.under only of machines at or below this path. */
  async page(
    filter: Omit<AlarmFilter, "machineIds"> & { readonly under: string | null },
    request: AlarmPageRequest,
  ): Promise<{ items: ShownAlarm[]; hasMore: boolean; total: () => Promise<number> }> {
    const wanted = { ...filter, machineIds: this.#machineIdsUnder(filter.under) };
    const now = this.#now();
    return {
      ...(await this.#queries.page(wanted, request, now)),
      total: () => this.#queries.count(wanted, now),
    };
  }

  /** The newest alarms of each machine, newest first, in the order of `machineIds`. @param active null: all. */
  async ofMachines(machineIds: readonly string[], active: boolean | null): Promise<ShownAlarm[][]> {
    const alarms = await this.#queries.newestOf(machineIds, active, MOST_ALARMS_OF_MACHINE, this.#now());
    return grouped(machineIds, alarms, ({ machineId }) => machineId);
  }

  /** What happened to each alarm, by time, in the order of `alarmIds`. */
  async eventsOf(alarmIds: readonly string[]): Promise<AlarmEvent[][]> {
    const events = await this.#queries.eventsOf(alarmIds);
    return grouped(alarmIds, events, ({ alarmId }) => alarmId);
  }

  /** Every alarm that is hidden now, raised or not. @param under only of machines at or below this path. */
  shelves(under: string | null): Promise<Shelf[]> {
    return this.#queries.shelves(this.#machineIdsUnder(under), this.#now());
  }

  async #acknowledge(
    sql: Sql,
    principal: string,
    ids: readonly string[],
    comment: string | null,
  ): Promise<Outcome[]> {
    const now = this.#now();
    const found = new Map((await this.#store.lock(sql, ids.filter(isUuid))).map((one) => [one.id, one]));
    const changes: { alarm: Alarm; event: AlarmEvent }[] = [];
    const outcomes = ids.map((id): Outcome => {
      const alarm = found.get(id);
      if (!alarm) return outcome(userError("NOT_FOUND", "there is no such alarm", ["id"]));
      const after = afterAcknowledgement(alarm, principal, comment, now);
      if ("refused" in after) return outcome(after.refused);
      changes.push(after);
      return { id, key: null, userErrors: [] };
    });
    await this.#store.save(
      sql,
      changes.map(({ alarm }) => alarm),
    );
    await this.#store.log(
      sql,
      changes.map(({ event }) => event),
    );
    return outcomes;
  }

  async #shelving(
    caller: Caller,
    step: "shelve" | "unshelve",
    target: ShelfTarget,
    more: object,
    work: (sql: Sql, key: AlarmKey, alarm: Alarm | null) => Promise<readonly UserErrorValue[]>,
  ): Promise<ShelfResult> {
    const done = await this.#once(caller, `${step}Alarm`, { ...target, ...more }, async (sql) => {
      const found = await this.#find(sql, target);
      if ("code" in found) return outcome(found);
      const { key, alarm } = found;
      const now = this.#now();
      const [shelf] = await this.#store.shelves(sql, [key], now);
      const problem = shelvingProblem(step, alarm, shelf ?? null, now);
      const userErrors = problem ? [problem] : await work(sql, key, alarm);
      if (userErrors.length > 0) return { id: null, key: null, userErrors };
      return { id: alarm?.id ?? null, key, userErrors: [] };
    });
    if ("refused" in done) return { ...refused(done.refused), shelf: null };
    const { id, key, userErrors } = done.payload;
    const alarm = id === null ? null : await this.byId(id);
    if (alarm && !done.replayed) this.#publish(alarm);
    const [shelf] = key === null ? [] : await this.#store.shelves(this.#db, [key], this.#now());
    return { alarm, shelf: shelf ?? null, userErrors };
  }

  /** The alarm that is to be shelved, locked where it is raised. */
  async #find(
    sql: Sql,
    { id, machine: path, code }: ShelfTarget,
  ): Promise<{ readonly key: AlarmKey; readonly alarm: Alarm | null } | UserErrorValue> {
    if (id !== null) {
      if (path !== null || code !== null)
        return userError("INVALID_INPUT", "give id, or machine and code, not both", ["id"]);
      const [alarm] = isUuid(id) ? await this.#store.lock(sql, [id]) : [];
      if (!alarm) return userError("NOT_FOUND", "there is no such alarm", ["id"]);
      return { key: { machineId: alarm.machineId, code: alarm.code }, alarm };
    }
    if (path === null || code === null)
      return userError("INVALID_INPUT", "give id, or machine and code", [path === null ? "machine" : "code"]);
    const machine = this.#plant.machine(path);
    if (!machine) return userError("NOT_FOUND", `there is no machine ${path}`, ["machine"]);
    if (textProblem(code, 200) !== null)
      return userError("NOT_FOUND", `machine ${path} has no such alarm`, ["code"]);
    const key = { machineId: machine.id, code };
    const [alarm] = await this.#store.lockOpen(sql, [key]);
    if (!alarm && !canRaise(machine, code))
      return userError("NOT_FOUND", `machine ${path} has no alarm "${code}"`, ["code"]);
    return { key, alarm: alarm ?? null };
  }

  async #log(
    sql: Sql,
    alarm: Alarm | null,
    kind: AlarmEvent["kind"],
    by: string,
    comment: string | null,
    at: Date,
  ): Promise<void> {
    if (alarm) await this.#store.log(sql, [{ alarmId: alarm.id, kind, at, count: 1, by, comment }]);
  }

  #once<Payload>(caller: Caller, operation: string, input: unknown, work: (sql: Sql) => Promise<Payload>) {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    return this.#db.transaction((tx: Tx) => once(tx, call, () => work(sqlWithin(tx))));
  }

  #publish({ id, machineId }: Alarm): void {
    const machine = this.#plant.byId(machineId);
    this.#live.publish("alarmChanged", { id, machines: machine ? [machine] : [] });
  }

  #machineIdsUnder(under: string | null): string[] | null {
    if (under === null) return null;
    const root = this.#plant.byPath(under);
    return root ? [...this.#plant.machines(root)].map((machine) => machine.id) : [];
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function canRaise({ machineType }: Equipment, code: string): boolean {
  return machineType !== null && conditionsOf(machineType).some((condition) => condition.code === code);
}

function refused(error: UserErrorValue): AlarmResult {
  return { alarm: null, userErrors: [error] };
}

function outcome(error: UserErrorValue): Outcome {
  return { id: null, key: null, userErrors: [error] };
}
