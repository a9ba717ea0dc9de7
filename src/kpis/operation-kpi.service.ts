import type { Clock } from "../kernel/clock.js";
import type { Interval } from "../kernel/intervals.js";
import type { Operation } from "../orders/operation.js";
import type { OrderStatus } from "../orders/order.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import { sumOf } from "../production/decimal.js";
import { type CounterEnergy, energyUse } from "./energy.js";
import { addUp, type KpiSums, producedQuantity } from "./kpi.js";
import { MOST_DAYS } from "./kpi-range.js";
import { figuresOf, isFinal, type KpiReport } from "./kpi-report.js";
import { LossTree } from "./losses.js";
import { type MachinePart, partSums } from "./machine-part.js";
import { type MachineTime, withoutOverlaps } from "./machine-time.js";
import { once } from "./once.js";
import type { PartReader } from "./part-reader.service.js";

const DAY_MS = 86_400_000;
/** Clocks of devices and of the server differ: what is counted for an operation may lie just beside its time. */
const BESIDE_MS = DAY_MS;
/** Operations whose times together are not longer than this are read at once. */
const MOST_AT_ONCE_MS = 35 * DAY_MS;

/** What must be known of an operation. */
export type WorkStep = Pick<Operation, "id" | "sequence" | "status" | "machineId" | "startedAt" | "endedAt">;

/** Reads how much energy machines took. */
export interface EnergyReader {
  /** Of every energy counter of each time's machine, in the order of the times. */
  ofEach(times: readonly MachineTime[]): Promise<CounterEnergy[][]>;
}

/** An operation that has started, and when it was at work. */
interface Started {
  readonly operation: WorkStep;
  readonly machine: Equipment;
  readonly range: Interval;
}

/** What one report is about. */
interface Work {
  readonly operations: readonly WorkStep[];
  /** More may come of it. */
  readonly open: boolean;
}

/** KPIs of operations and orders, computed from facts like those of equipment. */
export class OperationKpiService {
  readonly #reader: PartReader;
  readonly #energy: EnergyReader;
  readonly #plants: PlantService;
  readonly #clock: Clock;

  constructor(deps: { reader: PartReader; energy: EnergyReader; plants: PlantService; clock: Clock }) {
    this.#reader = deps.reader;
    this.#energy = deps.energy;
    this.#plants = deps.plants;
    this.#clock = deps.clock;
  }

  /** Of each operation from its start to its end or now, the time in which it ran; null before its start. */
  ofOperations(operations: readonly WorkStep[]): Promise<(KpiReport | null)[]> {
    return this.#reports(
      operations.map((one) => ({
        operations: [one],
        open: one.status === "RUNNING" || one.status === "HELD",
      })),
    );
  }

  /** Of the operations of each order together; null before the first has started. */
  ofOrders(
    orders: readonly { readonly status: OrderStatus; readonly operations: readonly WorkStep[] }[],
  ): Promise<(KpiReport | null)[]> {
    return this.#reports(orders.map(({ status, operations }) => ({ operations, open: isOpen(status) })));
  }

  async #reports(works: readonly Work[]): Promise<(KpiReport | null)[]> {
    const started = works.map(({ operations }) => operations.flatMap((one) => this.#started(one) ?? []));
    const parts = await this.#partsOf(started.flat());
    // What all reports of a request ask for is read at once.
    const energy = once(() => this.#energyOf(started));
    return works.map((work, index) => {
      const own = started[index] ?? [];
      const counters = async () => (await energy())[index] ?? [];
      return own.length === 0 ? null : this.#report(work, own, { parts, counters });
    });
  }

  /** Of each list of operations; what several of a list have in common counts once. */
  async #energyOf(all: readonly (readonly Started[])[]): Promise<CounterEnergy[][]> {
    const times = all.flatMap((own, index) => withoutOverlaps(own).map((time) => ({ ...time, index })));
    const found = await this.#energy.ofEach(times);
    const energy = all.map((): CounterEnergy[] => []);
    for (const [place, { index }] of times.entries()) energy[index]?.push(...(found[place] ?? []));
    return energy;
  }

  #started(operation: WorkStep): Started | null {
    const { startedAt, endedAt, machineId } = operation;
    const machine = machineId === null ? undefined : this.#plants.plant.byId(machineId);
    if (startedAt === null || !machine) return null;
    const to = (endedAt ?? new Date(this.#clock.now())).getTime();
    const from = Math.max(startedAt.getTime(), to - MOST_DAYS * DAY_MS);
    return { operation, machine, range: { from: Math.min(from, to), to } };
  }

  /** What belongs to each operation, by its id. */
  async #partsOf(started: readonly Started[]): Promise<Map<string, MachinePart>> {
    const parts = new Map<string, MachinePart>();
    for (const some of atOnce(started)) {
      const hull = {
        from: Math.min(...some.map(({ range }) => range.from)) - BESIDE_MS,
        to: Math.min(Math.max(...some.map(({ range }) => range.to)) + BESIDE_MS, this.#clock.now()),
      };
      const machines = [...new Set(some.map(({ machine }) => machine))];
      for await (const { part } of this.#reader.read(machines, [hull]))
        for (const { operation, machine, range } of some) {
          if (machine !== part.machine) continue;
          const tiles = part.tiles.filter(
            ({ from, to, value }) =>
              value.run?.operationId === operation.id && from < range.to && to > range.from,
          );
          const counts = part.counts.filter(({ operationId }) => operationId === operation.id);
          parts.set(operation.id, { machine, tiles, counts });
        }
    }
    return parts;
  }

  #report(
    { operations, open }: Work,
    started: readonly Started[],
    facts: {
      readonly parts: ReadonlyMap<string, MachinePart>;
      readonly counters: () => Promise<readonly CounterEnergy[]>;
    },
  ): KpiReport {
    const own = started.flatMap((one) => {
      const part = facts.parts.get(one.operation.id);
      return part ? [{ ...one, part, sums: partSums(part) }] : [];
    });
    const range = {
      from: Math.min(...started.map((one) => one.range.from)),
      to: open ? this.#clock.now() : Math.max(...started.map((one) => one.range.to)),
    };
    const sums: KpiSums = {
      ...addUp(own.map((one) => one.sums)),
      // Here the order execution time counts from start to end, waiting included.
      executionMs: range.to - range.from,
    };
    const last = operations.toSorted((a, b) => a.sequence - b.sequence).at(-1);
    const delivered = own.find(({ operation }) => operation.id === last?.id)?.sums;
    return {
      ...figuresOf(range, sums, own, delivered ? producedQuantity(delivered) : "0"),
      finality: async () => {
        const { lateDataMs } = this.#plants;
        return isFinal(range, { now: this.#clock.now(), lateDataMs, open }) ? "FINAL" : "PROVISIONAL";
      },
      losses: async (options) => {
        const tree = new LossTree(options);
        for (const { sums: made } of own) tree.addProduction(made);
        for (const machine of new Set(own.map((one) => one.machine))) {
          const tiles = own.flatMap((one) => (one.machine === machine ? one.part.tiles : []));
          tree.addTime(tiles.sort((a, b) => a.from - b.from));
        }
        return tree.list(options);
      },
      energy: async () => {
        const goodOf = new Map<string, string>();
        for (const { machine, sums: made } of own)
          goodOf.set(machine.id, sumOf([goodOf.get(machine.id) ?? "0", made.good]));
        return energyUse(await facts.counters(), goodOf);
      },
    };
  }
}

function isOpen(status: OrderStatus): boolean {
  return status === "CREATED" || status === "RELEASED" || status === "RUNNING" || status === "HELD";
}

/** Operations that lie near each other in time. */
function atOnce(started: readonly Started[]): Started[][] {
  const groups: Started[][] = [];
  let begin = Number.NEGATIVE_INFINITY;
  for (const one of started.toSorted((a, b) => a.range.from - b.range.from)) {
    const group = groups.at(-1);
    if (group && one.range.to - begin <= MOST_AT_ONCE_MS) group.push(one);
    else {
      groups.push([one]);
      begin = one.range.from;
    }
  }
  return groups;
}
