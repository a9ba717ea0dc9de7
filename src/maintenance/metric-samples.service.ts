import type { HistoryPointValue, RangeService } from "../history/range.service.js";
import type { TwinService } from "../twin/twin.service.js";
import type { MetricSample } from "./usage-trigger.js";

/** Samples of one metric from a moment on. */
export interface WantedSamples {
  readonly key: string;
  readonly machineId: string;
  readonly metric: string;
  /** In ms, included. */
  readonly from: number;
}

const DAY_MS = 86_400_000;
const RECENT_MS = 60_000;
/** A device's clock may run ahead. */
const AHEAD_MS = 10 * 60_000;
const MOST_SAMPLES = 200_000;
/** Within less, what does not come as samples is not kept as samples any more. */
const SHORTEST_MS = 60_000;

/** Reads stored samples one by one, however many there are. */
export class MetricSamples {
  readonly #ranges: RangeService;
  readonly #twins: TwinService;

  constructor(deps: { ranges: RangeService; twins: TwinService }) {
    this.#ranges = deps.ranges;
    this.#twins = deps.twins;
  }

  /**
   * What is stored of each, by time, by key; metrics that never reported are left out. All that is wanted of the last minute
   * is read at once.
   * @param now in ms.
   */
  async read(
    wanted: readonly WantedSamples[],
    now: number,
  ): Promise<ReadonlyMap<string, readonly MetricSample[]>> {
    const found = new Map<string, readonly MetricSample[]>();
    const recent = wanted.filter(({ from }) => from >= now - RECENT_MS);
    const to = now + AHEAD_MS;
    await this.#readRecent(recent, to, found);
    for (const one of wanted) if (!recent.includes(one)) found.set(one.key, await this.#readLong(one, to));
    return found;
  }

  async #readRecent(
    wanted: readonly WantedSamples[],
    to: number,
    found: Map<string, readonly MetricSample[]>,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const machines = [...new Set(wanted.map(({ machineId }) => machineId))];
    const twins = machines.flatMap((id) => this.#twins.byId(id) ?? []);
    const metrics = [...new Set(wanted.map(({ metric }) => metric))];
    const from = Math.min(...wanted.map((one) => one.from));
    const request = { metrics, from: new Date(from), to: new Date(to), points: MOST_SAMPLES };
    const series = await this.#ranges.ranges(twins, request);
    for (const one of wanted) {
      const place = twins.findIndex((twin) => twin.machine.id === one.machineId);
      const points = series[place]?.find(({ metric }) => metric === one.metric)?.points ?? [];
      found.set(
        one.key,
        points.map(sampleOf).filter(({ time }) => time >= one.from),
      );
    }
  }

  async #readLong({ machineId, metric, from }: WantedSamples, to: number): Promise<MetricSample[]> {
    const samples: MetricSample[] = [];
    for (let begin = from; begin < to; begin += DAY_MS) {
      samples.push(...(await this.#readPart(machineId, metric, begin, Math.min(begin + DAY_MS, to))));
    }
    return samples;
  }

  async #readPart(machineId: string, metric: string, from: number, to: number): Promise<MetricSample[]> {
    const twin = this.#twins.byId(machineId);
    if (!twin) return [];
    const request = { metrics: [metric], from: new Date(from), to: new Date(to), points: MOST_SAMPLES };
    const points = (await this.#ranges.ranges([twin], request))[0]?.[0]?.points ?? [];
    if (points.every(({ count }) => count === 1)) return points.map(sampleOf);
    const middle = Math.floor((from + to) / 2);
    if (middle - from < SHORTEST_MS) return points.filter(({ count }) => count === 1).map(sampleOf);
    return [
      ...(await this.#readPart(machineId, metric, from, middle)),
      ...(await this.#readPart(machineId, metric, middle, to)),
    ];
  }
}

function sampleOf({ time, value, quality }: HistoryPointValue): MetricSample {
  return { time: time.getTime(), value, quality };
}
