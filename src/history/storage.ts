import type { BlockTable } from "./retention.js";

/** What one retention policy's part of the history takes. Bytes are those on disk, indexes included. */
export interface PolicyUsage {
  readonly retention: string;
  readonly bytes: Readonly<Record<BlockTable, number>>;
  /** About how many samples its blocks hold. */
  readonly samples: number;
  /** The beginning of its oldest samples' partition; null without any. */
  readonly oldest: Date | null;
}

/** What the database takes on disk, in bytes. */
export interface StorageUsage {
  /** The whole database: history and all else. */
  readonly databaseBytes: number;
  /** Frames of the segment that is being written, and of those that wait to be sealed or dropped. */
  readonly openFrameBytes: number;
  readonly closedFrameBytes: number;
  /** Segments that wait to be sealed. */
  readonly waitingSegments: number;
  readonly policies: readonly PolicyUsage[];
  /** Free bytes on the disk of an embedded database; null where the database is elsewhere. */
  readonly freeBytes: number | null;
  readonly measuredAt: Date;
}

/** Bytes of all sealed history: blocks and rollups. */
export function sealedBytes({ policies }: Pick<StorageUsage, "policies">): number {
  return policies.reduce((sum, policy) => sum + policyBytes(policy), 0);
}

export function policyBytes({ bytes }: PolicyUsage): number {
  return Object.values(bytes).reduce((sum, one) => sum + one, 0);
}

export function sealedSamples({ policies }: Pick<StorageUsage, "policies">): number {
  return policies.reduce((sum, { samples }) => sum + samples, 0);
}
