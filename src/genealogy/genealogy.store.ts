import type { Database } from "../db/database.js";
import type { Lot, LotDirection, LotEdge, LotNode, LotTree } from "./lot.js";

/** So many steps from lot to lot are followed for one statement; what is beyond them is told as missing. */
const MOST_STEPS = 20_000;

interface Row {
  readonly root: string;
  readonly nodes: readonly { readonly depth: number; readonly lot: Lot & { readonly createdAt: string } }[];
  readonly edges: readonly LotEdge[];
}

/** Follows lots to what they came from and what they became. */
export class GenealogyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * The trees of lots up to a depth. One statement, however many lots and levels there are; lots that came from each
   * other are told once like all others.
   */
  async trees(
    lotIds: readonly string[],
    direction: LotDirection,
    depth: number,
  ): Promise<ReadonlyMap<string, LotTree>> {
    const rows = await this.#db.query<Row & { steps: number }>(treeSql(direction), [
      lotIds,
      depth,
      MOST_STEPS,
    ]);
    return new Map(
      rows.map(({ root, nodes, edges, steps }) => [
        root,
        { nodes: nodes.map(nodeOf), edges: edges ?? [], truncated: steps >= MOST_STEPS },
      ]),
    );
  }
}

function nodeOf({ depth, lot }: Row["nodes"][number]): LotNode {
  return { depth, lot: { ...lot, createdAt: new Date(lot.createdAt) } };
}

/**
 * The steps of one lot, whose id stands in `id`: into the lots that the same operation produced, but for those that
 * name exactly what they were made from, and along what is named so, split or merged.
 */
function steps(direction: LotDirection, id: string): string {
  const [mine, link] = direction === "descendants" ? ["c", "from_lot"] : ["p", "to_lot"];
  return `
    SELECT c.lot_id AS from_lot, p.lot_id AS to_lot, c.operation_id, 'OPERATION' AS kind, NULL::numeric AS quantity
    FROM lot_movement c JOIN lot_movement p ON p.operation_id = c.operation_id
    WHERE ${mine}.lot_id = ${id} AND c.kind = 'CONSUMED' AND NOT c.reversed
      AND p.kind = 'PRODUCED' AND NOT p.reversed AND NOT p.exact AND p.lot_id <> c.lot_id
    UNION
    SELECT l.from_lot, l.to_lot, m.operation_id, l.kind, l.quantity
    FROM lot_link l LEFT JOIN lot_movement m ON m.id = l.movement_id
    WHERE l.${link} = ${id} AND m.reversed IS NOT TRUE AND l.from_lot <> l.to_lot`;
}

function treeSql(direction: LotDirection): string {
  const next = direction === "descendants" ? "to_lot" : "from_lot";
  // Nothing but the depth ends a cycle, and UNION keeps each lot once per level: a level never has more rows than lots.
  return `
    WITH RECURSIVE walk (root, lot_id, depth) AS (
      SELECT id, id, 0 FROM unnest($1::uuid[]) AS roots (id)
      UNION
      SELECT w.root, s.${next}, w.depth + 1
      FROM walk w CROSS JOIN LATERAL (${steps(direction, "w.lot_id")}) s
      WHERE w.depth < $2
    ),
    limited AS MATERIALIZED (SELECT * FROM walk LIMIT $3),
    reached AS MATERIALIZED (SELECT root, lot_id, min(depth) AS depth FROM limited GROUP BY root, lot_id),
    nodes AS (
      SELECT r.root, jsonb_agg(jsonb_build_object('depth', r.depth, 'lot', jsonb_build_object(
               'id', l.id, 'number', l.number, 'material', l.material, 'unit', l.unit, 'createdAt', l.created_at))
               ORDER BY r.depth, l.number, l.material) AS nodes
      FROM reached r JOIN material_lot l ON l.id = r.lot_id GROUP BY r.root
    ),
    edges AS (
      SELECT r.root, jsonb_agg(jsonb_build_object('from', s.from_lot, 'to', s.to_lot, 'kind', s.kind,
               'operationId', s.operation_id, 'quantity', s.quantity::text) ORDER BY r.depth) AS edges
      FROM reached r CROSS JOIN LATERAL (${steps(direction, "r.lot_id")}) s
      JOIN reached other ON other.root = r.root AND other.lot_id = s.${next}
      WHERE r.depth < $2 GROUP BY r.root
    )
    SELECT nodes.root, nodes.nodes, edges.edges, (SELECT count(*)::int FROM limited) AS steps
    FROM nodes LEFT JOIN edges USING (root)`;
}
