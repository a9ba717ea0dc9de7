import { Query, Resolver } from "type-graphql";
import type { PlantService } from "../plant/plant.service.js";
import type { HistoryKeeper } from "./keeper.service.js";
import { policyOf } from "./retention.js";
import { sealedBytes, sealedSamples } from "./storage.js";
import type { StorageService } from "./storage.service.js";
import { type KeeperPhase, Storage } from "./storage.types.js";

@Resolver()
export class StorageResolver {
  readonly #storage: StorageService;
  readonly #keeper: HistoryKeeper;
  readonly #plant: PlantService;

  constructor(deps: { storage: StorageService; keeper: HistoryKeeper; plant: PlantService }) {
    this.#storage = deps.storage;
    this.#keeper = deps.keeper;
    this.#plant = deps.plant;
  }

  @Query(() => Storage, {
    description: "What the database takes on disk, and how the history's upkeep goes.",
  })
  async storage(): Promise<Storage> {
    const usage = await this.#storage.usage();
    const { phase, problem } = this.#keeper.status;
    const historyBytes = sealedBytes(usage);
    const samples = sealedSamples(usage);
    const counted = historyBytes + usage.openFrameBytes + usage.closedFrameBytes;
    return {
      measuredAt: usage.measuredAt,
      databaseBytes: usage.databaseBytes,
      openFrameBytes: usage.openFrameBytes,
      closedFrameBytes: usage.closedFrameBytes,
      waitingSegments: usage.waitingSegments,
      historyBytes,
      otherBytes: Math.max(0, usage.databaseBytes - counted),
      samples,
      bytesPerSample: samples === 0 ? null : historyBytes / samples,
      freeBytes: usage.freeBytes,
      keeper: phase.toUpperCase() as KeeperPhase,
      problem,
      retention: usage.policies.map((policy) => {
        const kept = policyOf(this.#plant.retention, policy.retention);
        return {
          retention: policy.retention,
          sampleBytes: policy.bytes.sample_block,
          minuteBytes: policy.bytes.minute_block,
          hourBytes: policy.bytes.hour_rollup,
          dayBytes: policy.bytes.day_rollup,
          samples: policy.samples,
          oldest: policy.oldest,
          keepSamplesMs: kept.samples,
          keepMinutesMs: kept.minutes,
          keepHoursMs: kept.hours,
          keepDaysMs: kept.days,
        };
      }),
    };
  }
}
