import type { Database } from "../db/database.js";
import type { Lot, LotDirection, LotEdge, LotNode, LotTree } from "./lot.js";

/** So many steps from lot to lot are followed for one statement; what is beyond them is told as missing. */
const MOST_STEPS = 20_000;

interface Row {
  readonly root: string;
  readonly nodes: readonly { readonly depth: number; readonly lot: Lot & { readonly createdAt: string } }[];
  readonly edges: readonly LotEdge[] | null;
  /** Of all trees together. */
  readonly steps: number;
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
    const rows = await this.#db.query<Row>(treeSql(direction), [lotIds, depth, MOST_STEPS]);
    return new Map(rows.map((row) => [row.root, treeOf(row)]));
  }
}

function treeOf({ nodes, edges, steps }: Row): LotTree {
  const truncated = steps > MOST_STEPS;
  const told = new Set(nodes.map(({ lot }) => lot.id));
  // Where steps were left out, some lead to lots that are not told.
  const kept = (edges ?? []).filter(({ from, to }) => !truncated || (told.has(from) && told.has(to)));
  return { nodes: nodes.map(nodeOf), edges: kept, truncated };
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
    limited AS MATERIALIZED (SELECT * FROM walk LIMIT $3 + 1),
    reached AS MATERIALIZED (SELECT root, lot_id, min(depth) AS depth FROM limited GROUP BY root, lot_id),
    stepped AS MATERIALIZED (
      SELECT r.root, r.depth, s.* FROM (SELECT * FROM reached WHERE depth < $2 ORDER BY depth) r
      CROSS JOIN LATERAL (${steps(direction, "r.lot_id")}) s LIMIT $3 + 1
    ),
    nodes AS (
      SELECT r.root, json_agg(json_build_object('depth', r.depth, 'lot', json_build_object(
               'id', l.id, 'number', l.number, 'material', l.material, 'unit', l.unit, 'createdAt', l.created_at))
               ORDER BY r.depth, l.number, l.material) AS nodes
      FROM reached r JOIN material_lot l ON l.id = r.lot_id GROUP BY r.root
    ),
    edges AS (
      SELECT s.root, json_agg(json_build_object('from', s.from_lot, 'to', s.to_lot, 'kind', s.kind,
               'operationId', s.operation_id, 'quantity', s.quantity::text) ORDER BY s.depth) AS edges
      FROM stepped s GROUP BY s.root
    )
    SELECT nodes.root, nodes.nodes, edges.edges, greatest((SELECT count(*)::int FROM limited), (SELECT count(*)::int FROM stepped)) AS steps
    FROM nodes LEFT JOIN edges USING (root)`;
}
