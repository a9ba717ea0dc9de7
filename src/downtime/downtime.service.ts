import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import type { Clock } from "../kernel/clock.js";
import type { Interval } from "../kernel/intervals.js";
import { storable } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { DowntimeCategory } from "../plant/downtime-settings.js";
import type { Equipment } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import {
  adjacencyProblem,
  type Classification,
  classificationProblems,
  type Downtime,
  downtimeId,
  mergedClassification,
  partsOfDowntimeId,
  type Statement,
  statedStretch,
} from "./downtime.js";
import type { DowntimeStore } from "./downtime.store.js";
import type { TimeModelService } from "./time-model.service.js";

/** Machines whose time is in memory at once while a long list is made. */
const MACHINES_AT_ONCE = 50;
const MOST_MERGED = 1_000;

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

interface Found {
  readonly machine: Equipment;
  readonly downtime: Downtime;
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
    return (await this.#find(id))?.downtime ?? null;
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
    const machines = [...this.#plant.machines(root)];
    const bounded = this.#bounded(range);
    const all: Downtime[] = [];
    for (let at = 0; at < machines.length; at += MACHINES_AT_ONCE) {
      const found = await this.#model.downtimes(machines.slice(at, at + MACHINES_AT_ONCE), bounded);
      for (const downtimes of found.values()) all.push(...downtimes);
    }
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
      said.filter((one) => one.machineId === machineId && one.to > from && one.from < (to ?? now)),
    );
  }

  /** Says what a downtime was. UNCLASSIFIED takes back what was said of it before. */
  classify(
    caller: Caller,
    input: Classification & { readonly id: string; readonly reason: string },
  ): Promise<DowntimeResult> {
    return this.#run(caller, "classifyDowntime", input, async (tx) => {
      const comment = input.comment?.trim() ? input.comment : null;
      const found = await this.#find(input.id);
      const reasons = found?.machine.machineType?.downtimeReasons ?? [];
      const userErrors = classificationProblems({ ...input, comment }, reasons);
      if (!found) userErrors.unshift(notFound(input.id, "id"));
      if (!found || userErrors.length > 0) return { ids: [], userErrors };
      const { category } = input;
      const reason = category === "UNCLASSIFIED" && input.reason.trim() === "" ? null : input.reason;
      await this.#state(tx, caller, found.downtime, { category, reason, comment });
      return { ids: [input.id], userErrors: [] };
    });
  }

  /** Parts a downtime in two. Both keep its classification until something else is said of them. */
  split(caller: Caller, input: { readonly id: string; readonly at: Date }): Promise<DowntimeResult> {
    return this.#run(caller, "splitDowntime", input, async (tx) => {
      const found = await this.#find(input.id);
      if (!found) return refused(notFound(input.id, "id"));
      const { downtime, machine } = found;
      const at = input.at.getTime();
      const now = this.#clock.now();
      if (!storable(input.at) || at <= downtime.from || at >= (downtime.to ?? now)) {
        const message = "at must lie within the downtime, after its beginning and before its end";
        return refused(userError("INVALID_INPUT", message, ["at"]));
      }
      // Else the part that nothing was said of would lose what holds for it only because it was one with the other.
      if (downtime.classifiedBy === "OPERATOR") await this.#state(tx, caller, downtime, downtime);
      await this.#store.addCut(tx, {
        ...{ machineId: machine.id, kind: "CUT", from: at, to: at },
        madeBy: caller.principal,
        madeAt: new Date(now),
      });
      return { ids: [input.id, downtimeId(machine.id, at)], userErrors: [] };
    });
  }

  /**
   * Makes one of downtimes of a machine that follow each other without a gap. It has the classification of the one
   * that is named first among those that have any.
   */
  merge(caller: Caller, input: { readonly ids: readonly string[] }): Promise<DowntimeResult> {
    return this.#run(caller, "mergeDowntimes", input, async (tx) => {
      const ids = [...new Set(input.ids)];
      if (ids.length < 2 || ids.length > MOST_MERGED) {
        const message = `ids must name 2 to ${MOST_MERGED} downtimes`;
        return refused(userError("INVALID_INPUT", message, ["ids"]));
      }
      const named: Downtime[] = [];
      for (const id of ids) {
        const found = await this.#find(id);
        if (!found) return refused(notFound(id, "ids"));
        named.push(found.downtime);
      }
      const inOrder = named.toSorted((a, b) => a.from - b.from);
      const problem = adjacencyProblem(inOrder);
      if (problem !== null) return refused(userError("PRECONDITION_FAILED", problem, ["ids"]));
      const [first, last] = [inOrder[0] as Downtime, inOrder.at(-1) as Downtime];
      const now = this.#clock.now();
      const { machineId, from } = first;
      const { to } = statedStretch(last, now);
      await this.#store.addCut(tx, {
        ...{ machineId, kind: "JOIN", from, to },
        madeBy: caller.principal,
        madeAt: new Date(now),
      });
      const classification = mergedClassification(named);
      if (classification) await this.#state(tx, caller, { ...last, from }, classification);
      return { ids: [first.id], userErrors: [] };
    });
  }

  #state(tx: Tx, caller: Caller, downtime: Downtime, said: Classification): Promise<void> {
    const now = this.#clock.now();
    const { category, reason, comment } = said;
    return this.#store.addStatement(tx, {
      ...{ machineId: downtime.machineId, ...statedStretch(downtime, now), category, reason, comment },
      statedBy: caller.principal,
      statedAt: new Date(now),
    });
  }

  async #find(id: string): Promise<Found | null> {
    const parts = partsOfDowntimeId(id);
    const machine = parts && this.#plant.byId(parts.machineId);
    if (!parts || machine?.level !== "MACHINE") return null;
    const downtime = await this.#model.downtimeFrom(machine, parts.from);
    return downtime && { machine, downtime };
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx) => Promise<Outcome>,
  ): Promise<DowntimeResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const done = await this.#db.transaction((tx) => once(tx, call, () => work(tx)));
    if ("refused" in done) return { downtimes: [], userErrors: [done.refused] };
    const { ids, userErrors } = done.payload;
    const found = (await Promise.all(ids.map((id) => this.#find(id)))).filter((one) => one !== null);
    const [first] = found;
    if (first && !done.replayed)
      this.#live.publish("downtimeStated", { machines: [first.machine], from: first.downtime.from });
    return { downtimes: found.map(({ downtime }) => downtime), userErrors };
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

function refused(error: UserErrorValue): Outcome {
  return { ids: [], userErrors: [error] };
}
