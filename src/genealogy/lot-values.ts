import { globalId } from "../kernel/ids.js";
import type { Lot, LotEdge, LotMovement, LotTree } from "./lot.js";

/** A lot as the API shows it: `id` is the global id, `key` the row's. */
export interface LotValue extends Lot {
  readonly __typename: "Lot";
  readonly key: string;
}

export function lotValue(lot: Lot): LotValue {
  return { ...lot, __typename: "Lot", key: lot.id, id: globalId("Lot", lot.id) };
}

/** A movement as the API shows it. */
export interface MovementValue extends Omit<LotMovement, "quantity" | "reverses" | "principal"> {
  readonly __typename: "LotMovement";
  readonly quantity: number;
  readonly reversesId: string | null;
  readonly by: string;
}

export function movementValue({ reverses, principal, ...movement }: LotMovement): MovementValue {
  return {
    ...movement,
    __typename: "LotMovement",
    id: globalId("LotMovement", movement.id),
    quantity: Number(movement.quantity),
    reversesId: reverses,
    by: principal,
  };
}

/** A step between lots as the API shows it. */
export interface EdgeValue extends Omit<LotEdge, "quantity"> {
  readonly quantity: number | null;
}

export function treeValue({ nodes, edges, truncated }: LotTree): object {
  return {
    nodes: nodes.map(({ depth, lot }) => ({ depth, lot: lotValue(lot) })),
    edges: edges.map(
      (edge): EdgeValue => ({
        ...edge,
        from: globalId("Lot", edge.from),
        to: globalId("Lot", edge.to),
        quantity: edge.quantity === null ? null : Number(edge.quantity),
      }),
    ),
    truncated,
  };
}
