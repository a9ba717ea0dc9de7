import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import type { Clock } from "../kernel/clock.js";
import type { Interval } from "../kernel/intervals.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { DowntimeCategory } from "../plant/downtime-settings.js";
import type { Equipment } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import {
  type Classification,
  classificationProblems,
  type Downtime,
  downtimeId,
  partsOfDowntimeId,
  type Said,
  type Statement,
  saidOfClassified,
  saidOfMerged,
  saidOfSplit,
} from "./downtime.js";
import type { DowntimeStore } from "./downtime.store.js";
import type { TimeModelService } from "./time-model.service.js";

const MOST_MERGED = 1_000;
const LONGEST_MERGED_MS = 400 * 86_400_000;

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

/** Which downtimes; null does not restrict. */
export interface DowntimeFilter {
  readonly minDurationMs: number | null;
  readonly category: readonly DowntimeCategory[] | null;
  /** True: micro-stops only; false: all others. */
  readonly microStops: boolean | null;
}

/** What is stored for a replay: ids, never what they stood for. */
interface Outcome {
  readonly ids: readonly string[];
  readonly userErrors: readonly UserErrorValue[];
}

export interface DowntimeResult {
  /** As they are now, oldest first. */
  readonly downtimes: readonly Downtime[];
  readonly userErrors: readonly UserErrorValue[];
}

/** Time of a machine, as it was when someone decided what to say of it. */
interface Seen {
  readonly machine: Equipment;
  readonly time: Interval;
  /** What was said last of that time. */
  readonly last: string;
}

interface Named extends Seen {
  readonly downtimes: readonly [Downtime, ...Downtime[]];
}

/** What to write, unless somebody says something of the same time first. */
interface Plan extends Seen {
  readonly said: Said;
  /** The downtimes that come of it. */
  readonly ids: readonly string[];
}

/** Downtimes, and what people say of them. */
export class DowntimeService {
  readonly #model: TimeModelService;
  readonly #store: DowntimeStore;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: {
    model: TimeModelService;
    store: DowntimeStore;
    db: Database;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
  }) {
    this.#model = deps.model;
    this.#store = deps.store;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  /** The downtime of a global id; null when there is none any more. */
  async byId(id: string): Promise<Downtime | null> {
    const place = this.#placeOf(id);
    return place && this.#model.downtimeFrom(place.machine, place.from);
  }

  /**
   * The downtimes of each machine that touch a range, whole, oldest first, in the order of `machineIds`.
   * @param range.to null: now.
   */
  async ofMachines(
    machineIds: readonly string[],
    range: { from: number; to: number | null },
  ): Promise<(readonly Downtime[])[]> {
    const machines = machineIds.flatMap((id) => this.#plant.byId(id) ?? []);
    const found = await this.#model.downtimes(machines, this.#bounded(range));
    return machineIds.map((id) => found.get(id) ?? []);
  }

  /** The downtimes of all machines at or below a path that touch a range, oldest first; the whole plant's for null. */
  async under(path: string | null, range: { from: number; to: number | null }): Promise<Downtime[]> {
    const root = path === null ? undefined : this.#plant.byPath(path);
    if (path !== null && !root) return [];
    const found = await this.#model.downtimes([...this.#plant.machines(root)], this.#bounded(range));
    const all = [...found.values()].flat();
    return all.sort((a, b) => a.from - b.from || (a.machineId < b.machineId ? -1 : 1));
  }

  /** What was ever said of the time of each downtime, oldest first, in the order given. */
  async statementsOf(downtimes: readonly Downtime[]): Promise<Statement[][]> {
    if (downtimes.length === 0) return [];
    const now = this.#clock.now();
    const range = {
      from: Math.min(...downtimes.map(({ from }) => from)),
      to: Math.max(...downtimes.map(({ to }) => to ?? now)),
    };
    const said = await this.#store.statements([...new Set(downtimes.map((one) => one.machineId))], range);
    return downtimes.map(({ machineId, from, to }) =>
      (said.get(machineId) ?? []).filter((one) => one.to > from && one.from < (to ?? now)),
    );
  }

  /** What was ever said of each machine's time within a range, oldest first, in the order of `machineIds`. */
  async statementsOfMachines(
    machineIds: readonly string[],
    range: { from: number; to: number | null },
  ): Promise<(readonly Statement[])[]> {
    const said = await this.#store.statements(machineIds, this.#bounded(range));
    return machineIds.map((id) => said.get(id) ?? []);
  }

  /** Says what a downtime was. UNCLASSIFIED takes back what was said of it before. */
  classify(
    caller: Caller,
    input: Classification & { readonly id: string; readonly reason: string },
  ): Promise<DowntimeResult> {
    return this.#run(caller, "classifyDowntime", input, async () => {
      const named = await this.#named([input.id], "id");
      const reasons = named.ok ? (named.value.machine.machineType?.downtimeReasons ?? []) : [];
      const comment = input.comment?.trim() ? input.comment : null;
      const problems = classificationProblems({ ...input, comment }, reasons);
      if (!named.ok) return err([...named.error, ...problems]);
      if (problems.length > 0) return err(problems);
      const reason = input.reason.trim() === "" ? null : input.reason;
      const { downtimes, ...seen } = named.value;
      const said = saidOfClassified(
        downtimes[0],
        { category: input.category, reason, comment },
        seen.time.to,
      );
      return ok({ ...seen, said, ids: [input.id] });
    });
  }

  /** Parts a downtime in two. Both keep its classification until something else is said of them. */
  split(caller: Caller, input: { readonly id: string; readonly at: Date }): Promise<DowntimeResult> {
    return this.#run(caller, "splitDowntime", input, async () => {
      const named = await this.#named([input.id], "id");
      if (!named.ok) return named;
      const { downtimes, ...seen } = named.value;
      const [{ from, to, machineId }] = downtimes;
      const at = input.at.getTime();
      const now = seen.time.to;
      if (!(at > from && at < (to ?? now))) {
        const message = "at must lie within the downtime, after its beginning and before its end";
        return err([userError("INVALID_INPUT", message, ["at"])]);
      }
      return ok({
        ...seen,
        said: saidOfSplit(downtimes[0], at, now),
        ids: [input.id, downtimeId({ machineId, from: at })],
      });
    });
  }

  /**
   * Makes one of downtimes of a machine that follow each other without a gap. It has the classification of the one
   * that is named first among those that have any.
   */
  merge(caller: Caller, input: { readonly ids: readonly string[] }): Promise<DowntimeResult> {
    return this.#run(caller, "mergeDowntimes", input, async () => {
      const ids = [...new Set(input.ids)];
      if (ids.length < 2 || ids.length > MOST_MERGED) {
        const message = `ids must name 2 to ${MOST_MERGED} downtimes`;
        return err([userError("INVALID_INPUT", message, ["ids"])]);
      }
      const named = await this.#named(ids, "ids");
      if (!named.ok) return named;
      const { downtimes, ...seen } = named.value;
      const inOrder = downtimes.toSorted((a, b) => a.from - b.from);
      const gap = inOrder.some(({ from }, index) => index > 0 && inOrder[index - 1]?.to !== from);
      if (gap)
        return err([notMergeable("only downtimes that follow each other without a gap can become one")]);
      const id = downtimeId(inOrder[0] as Downtime);
      return ok({ ...seen, said: saidOfMerged(downtimes, seen.time.to), ids: [id] });
    });
  }

  #placeOf(id: string): { machine: Equipment; from: number } | null {
    const parts = partsOfDowntimeId(id);
    const machine = parts ? this.#plant.byId(parts.machineId) : undefined;
    return parts && machine?.level === "MACHINE" ? { machine, from: parts.from } : null;
  }

  /** The downtimes of some ids, which must be of one machine, in the order given. */
  async #named(ids: readonly string[], field: string): Promise<Result<Named, UserErrorValue[]>> {
    const known = ids.map((id) => this.#placeOf(id));
    const unknown = known.indexOf(null);
    if (unknown >= 0) return err([notFound(ids[unknown] ?? "", field)]);
    const named = known.filter((one) => one !== null);
    const [machine, ...others] = new Set(named.map((one) => one.machine));
    if (!machine || others.length > 0)
      return err([notMergeable("downtimes of several machines cannot become one")]);
    const beginnings = named.map(({ from }) => from);
    const range = { from: Math.min(...beginnings), to: Math.max(...beginnings) + 1 };
    if (range.to - range.from > LONGEST_MERGED_MS)
      return err([notMergeable("downtimes that lie more than 400 days apart cannot become one")]);
    const time = { from: range.from, to: this.#clock.now() };
    // Before they are looked up: what is said meanwhile then counts as new.
    const last = await this.#store.lastSaid(machine.id, time);
    const found = (await this.#model.downtimes([machine], range)).get(machine.id) ?? [];
    const byId = new Map(found.map((one) => [downtimeId(one), one]));
    const [first, ...rest] = ids.map((id) => byId.get(id));
    const missing = ids.find((id) => !byId.has(id));
    if (!first || missing !== undefined) return err([notFound(missing ?? "", field)]);
    return ok({ machine, time, last, downtimes: [first, ...rest.filter((one) => one !== undefined)] });
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    plan: () => Promise<Result<Plan, UserErrorValue[]>>,
  ): Promise<DowntimeResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    for (;;) {
      // Outside of the transaction: the many reads of it, each on a connection, must not wait for those that wait for them.
      const planned = await plan();
      const done = await this.#db
        .transaction((tx) => once(tx, call, () => this.#write(tx, caller, planned)))
        .catch(nullWhenOvertaken);
      if (done === null) continue;
      if ("refused" in done) return { downtimes: [], userErrors: [done.refused] };
      const { ids, userErrors } = done.payload;
      if (planned.ok && !done.replayed) {
        const { machine, time } = planned.value;
        this.#live.publish("downtimeStated", { machines: [machine], from: time.from });
      }
      const found = await Promise.all(ids.map((id) => this.byId(id)));
      return { downtimes: found.filter((one) => one !== null), userErrors };
    }
  }

  /** @throws Overtaken when something was said of the same time after the plan was made. */
  async #write(tx: Tx, caller: Caller, planned: Result<Plan, UserErrorValue[]>): Promise<Outcome> {
    if (!planned.ok) return { ids: [], userErrors: planned.error };
    const { machine, time, last, said, ids } = planned.value;
    await this.#store.hold(tx, machine.id);
    if ((await this.#store.lastSaid(machine.id, time, tx)) !== last) throw new Overtaken();
    await this.#store.add(tx, machine.id, said, caller.principal, new Date(this.#clock.now()));
    return { ids, userErrors: [] };
  }

  /** Nobody has facts from before 1970, and nobody knows the time to come. */
  #bounded({ from, to }: { from: number; to: number | null }): Interval {
    const now = this.#clock.now();
    return { from: Math.max(from, 0), to: Math.min(to ?? now, now) };
  }
}

/** Whether a list that is narrowed so has a downtime. */
export function takes(filter: DowntimeFilter, downtime: Downtime): boolean {
  const { minDurationMs, category, microStops } = filter;
  return (
    (minDurationMs === null || downtime.durationMs >= minDurationMs) &&
    (category === null || category.includes(downtime.category)) &&
    (microStops === null || downtime.microStop === microStops)
  );
}

function notFound(id: string, field: string): UserErrorValue {
  const message = `there is no downtime ${id}: late data or a merge may have put another in its place`;
  return userError("NOT_FOUND", message, [field]);
}

function notMergeable(message: string): UserErrorValue {
  return userError("PRECONDITION_FAILED", message, ["ids"]);
}

/** Someone else was faster to say something of the same time. */
class Overtaken extends Error {}

function nullWhenOvertaken(error: unknown): null {
  if (error instanceof Overtaken) return null;
  throw error;
}
