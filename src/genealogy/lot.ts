/** So much of one material from one delivery or making, by the number that tells it from others of that material. */
export interface Lot {
  readonly id: string;
  readonly number: string;
  readonly material: string;
  readonly unit: string;
  readonly createdAt: Date;
}

export const MOVEMENT_KINDS = ["CONSUMED", "PRODUCED"] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** So much of a lot that went into an operation or came out of it; one that was booked wrongly is taken back by another. */
export interface LotMovement {
  readonly id: string;
  readonly lotId: string;
  readonly operationId: string;
  readonly machineId: string | null;
  readonly kind: MovementKind;
  /** Decimal; below 0 where it takes another one back. */
  readonly quantity: string;
  /** Of what was produced: it came from the lots that were named with it only. */
  readonly exact: boolean;
  readonly serials: readonly string[];
  /** When it happened. */
  readonly at: Date;
  /** When it became known. */
  readonly recordedAt: Date;
  readonly principal: string;
  readonly system: string | null;
  /** Why it takes another one back. */
  readonly reason: string | null;
  /** The movement that this one takes back. */
  readonly reverses: string | null;
  /** Whether it was taken back, or takes one back: it links no lots. */
  readonly reversed: boolean;
}

export const LINK_KINDS = ["OPERATION", "SPLIT", "MERGE"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** How much of a lot has become part of another. */
export interface LotLink {
  readonly id: string;
  readonly fromLot: string;
  readonly toLot: string;
  readonly kind: LinkKind;
  /** What was produced, where that names its lots exactly. */
  readonly movementId: string | null;
  /** Decimal; null where it is not told. */
  readonly quantity: string | null;
  readonly at: Date;
  readonly recordedAt: Date;
  readonly principal: string;
  readonly system: string | null;
}

/** A lot that another came from, or became, and over how many steps at least. */
export interface LotNode {
  readonly lot: Lot;
  readonly depth: number;
}

/** One lot has become part of another. */
export interface LotEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: LinkKind;
  readonly operationId: string | null;
  /** Decimal; null where it is not told. */
  readonly quantity: string | null;
}

/** All lots that one came from, or all that it became. */
export interface LotTree {
  /** The lot itself first, at depth 0, then by depth; each once. */
  readonly nodes: readonly LotNode[];
  readonly edges: readonly LotEdge[];
  /** There are more of them than one answer tells. */
  readonly truncated: boolean;
}

export type LotDirection = "ancestors" | "descendants";
