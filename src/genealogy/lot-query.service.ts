import { type ListPage, listPages } from "../orders/list-pages.js";
import type { GenealogyStore } from "./genealogy.store.js";
import type { Lot, LotDirection, LotMovement, LotTree, MovementKind } from "./lot.js";
import type { LotStore, LotSums, MovementPageRequest } from "./lot.store.js";

/** Reading lots. What takes a list of keys gives one result for each, in their order, and asks once for all. */
export class LotQueryService {
  readonly #store: LotStore;
  readonly #genealogy: GenealogyStore;

  constructor(deps: { store: LotStore; genealogy: GenealogyStore }) {
    this.#store = deps.store;
    this.#genealogy = deps.genealogy;
  }

  /** The lots of a number, of whatever material. */
  byNumber(number: string): Promise<Lot[]> {
    return this.#store.byNumber(number);
  }

  async byIds(ids: readonly string[]): Promise<(Lot | null)[]> {
    const found = new Map((await this.#store.byIds(ids)).map((lot) => [lot.id, lot]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** All lots that each lot came from, or that it became, within so many steps. */
  async trees(lotIds: readonly string[], direction: LotDirection, depth: number): Promise<LotTree[]> {
    const found = await this.#genealogy.trees([...new Set(lotIds)], direction, depth);
    return lotIds.map((id) => found.get(id) ?? { nodes: [], edges: [], truncated: false });
  }

  async sums(lotIds: readonly string[]): Promise<LotSums[]> {
    const found = new Map((await this.#store.sums(lotIds)).map((sums) => [sums.lotId, sums]));
    return lotIds.map((lotId) => found.get(lotId) ?? { lotId, consumed: "0", produced: "0" });
  }

  async movementsByIds(ids: readonly string[]): Promise<(LotMovement | null)[]> {
    const found = new Map((await this.#store.movementsByIds(ids)).map((one) => [one.id, one]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** In the order in which they were booked. */
  async movementsOfOperations(kind: MovementKind, operationIds: readonly string[]): Promise<LotMovement[][]> {
    const found = new Map<string, LotMovement[]>(operationIds.map((id) => [id, []]));
    for (const movement of await this.#store.movementsOfOperations(kind, [...found.keys()])) {
      found.get(movement.operationId)?.push(movement);
    }
    return operationIds.map((id) => found.get(id) ?? []);
  }

  /** Where a thing went in and came out, in the order in which it was booked. */
  movementsOfSerial(serial: string, material: string | null): Promise<LotMovement[]> {
    return this.#store.movementsOfSerial(serial, material);
  }

  /** The same page of the movements of each lot, in the order in which they were booked. */
  async pages(lotIds: readonly string[], request: MovementPageRequest): Promise<ListPage<LotMovement>[]> {
    const rows = await this.#store.page([...new Set(lotIds)], request);
    const count = (id: string) => this.#store.count(id);
    return listPages(lotIds, rows, (movement) => movement.lotId, request, count);
  }
}
