import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { Lot } from "./lot.js";
import type { LotName } from "./lot-input.js";

/** The lots that one request is about, by their names. */
export class LotBook {
  readonly #lots = new Map<string, Lot>();

  constructor(lots: Iterable<Lot>) {
    for (const lot of lots) this.#lots.set(keyOf(lot), lot);
  }

  get(name: LotName): Lot | undefined {
    return this.#lots.get(keyOf(name));
  }

  /** @throws when the lot is not among them. */
  idOf(name: LotName): string {
    const lot = this.get(name);
    if (!lot) throw new Error(`lot ${name.number} of ${name.material} was not read`);
    return lot.id;
  }

  /** @throws when the lot is not among them. */
  unitOf(name: LotName | undefined): string {
    const lot = name && this.get(name);
    if (!lot) throw new Error(`lot ${name?.number} of ${name?.material} was not read`);
    return lot.unit;
  }

  missing(name: LotName, field: readonly string[]): UserErrorValue | null {
    if (this.get(name)) return null;
    return userError("NOT_FOUND", `there is no lot ${name.number} of ${name.material}`, field);
  }

  /** Why a unit cannot be that of a lot: another one was given when the lot became known. */
  unitProblem(name: LotName, unit: string, field: readonly string[]): UserErrorValue | null {
    const lot = this.get(name);
    if (!lot || lot.unit === unit) return null;
    const message = `lot ${lot.number} of ${lot.material} is counted in ${lot.unit}, not in ${unit}`;
    return userError("INVALID_INPUT", message, field);
  }
}

/** Each lot that is named once, for those that are not there yet. */
export function newLots(
  names: readonly (LotName & { readonly unit: string })[],
  newId: () => string,
  now: number,
): Lot[] {
  const lots = new Map<string, Lot>();
  for (const { number, material, unit } of names) {
    const key = keyOf({ number, material });
    if (!lots.has(key)) lots.set(key, { id: newId(), number, material, unit, createdAt: new Date(now) });
  }
  return [...lots.values()];
}

function keyOf({ number, material }: LotName): string {
  return JSON.stringify([number, material]);
}
