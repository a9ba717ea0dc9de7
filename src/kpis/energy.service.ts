import type { RangeService } from "../history/range.service.js";
import type { Interval } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
import type { TwinService } from "../twin/twin.service.js";
import { type CounterEnergy, energyOf } from "./energy.js";

const DAY_MS = 86_400_000;
/** How old the last reading before a range may be. */
const REACH_MS = DAY_MS;
const POINTS = 10_000;

/** How much energy machines took, by the history of their metrics with the role ENERGY. */
export class EnergyService {
  readonly #ranges: RangeService;
  readonly #twins: TwinService;

  constructor(deps: { ranges: RangeService; twins: TwinService }) {
    this.#ranges = deps.ranges;
    this.#twins = deps.twins;
  }

  /** Of every energy counter of the machines; in long ranges by rollups. */
  async energy(machines: readonly Equipment[], { from, to }: Interval): Promise<CounterEnergy[]> {
    const metered = machines.filter((machine) => countersOf(machine).length > 0);
    if (metered.length === 0) return [];
    const twins = metered.map((machine) => this.#twins.of(machine));
    const metrics = [...new Set(metered.flatMap((machine) => countersOf(machine).map(({ name }) => name)))];
    const start = new Date(from);
    const [before, during] = await Promise.all([
      this.#ranges.ranges(twins, { metrics, from: new Date(from - REACH_MS), to: start, points: 1 }),
      this.#ranges.ranges(twins, { metrics, from: start, to: new Date(to), points: POINTS }),
    ]);
    return metered.flatMap((machine, index) => {
      const pointsOf = (found: typeof during, name: string) =>
        found[index]?.find(({ metric }) => metric === name)?.points ?? [];
      return countersOf(machine).map(({ name, unit }) => {
        const last = pointsOf(before, name).at(-1)?.value;
        const base = typeof last === "number" || typeof last === "bigint" ? Number(last) : null;
        return { machineId: machine.id, unit, amount: energyOf(base, pointsOf(during, name)) };
      });
    });
  }
}

function countersOf({ machineType }: Equipment) {
  return (machineType?.metrics ?? []).filter(({ role }) => role === "ENERGY");
}
