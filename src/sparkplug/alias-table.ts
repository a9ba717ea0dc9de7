import { DataType } from "./payload.js";

/** What is to be known of a metric. */
interface AliasedMetric {
  readonly name: string;
  readonly dataType: number;
  readonly control: boolean;
}

/** Aliases stand in a list when it has no more empty places than this for each of them, and these besides. */
const EMPTY_PLACES = 4;
const EMPTY_IN_ANY_CASE = 64;

/**
 * What data messages need of a birth's aliases, in columns: edge nodes mostly count them up, so that a value is found without a
 * search, and all that is read of its metric lies with that of its neighbours.
 */
export class AliasTable {
  readonly #first: number;
  readonly #names: string[] = [];
  readonly #types: Uint8Array;

  constructor(aliases: ReadonlyMap<number | bigint, AliasedMetric | null>) {
    let first = Number.MAX_SAFE_INTEGER;
    let last = -1;
    for (const alias of aliases.keys()) {
      if (typeof alias === "bigint") continue;
      first = Math.min(first, alias);
      last = Math.max(last, alias);
    }
    const length = last - first + 1;
    const most = EMPTY_PLACES * aliases.size + EMPTY_IN_ANY_CASE;
    this.#first = first;
    this.#types = new Uint8Array(length > 0 && length <= most ? length : 0);
    for (let place = 0; place < this.#types.length; place += 1) {
      const definition = aliases.get(first + place);
      this.#names.push(definition?.name ?? "");
      if (definition && isPlain(definition)) this.#types[place] = definition.dataType;
    }
  }

  /** Where the metric of an alias stands; -1 where that is not known here. */
  placeOf(alias: number): number {
    const place = alias - this.#first;
    return place >= 0 && place < this.#types.length ? place : -1;
  }

  nameAt(place: number): string {
    return this.#names[place] as string;
  }

  /** The data type; 0 for what is no plain metric of the plant. */
  typeAt(place: number): number {
    return this.#types[place] as number;
  }
}

/** Whether a metric is one of the plant and has a single value that stands on the wire as it is. */
export function isPlain({ control, dataType }: AliasedMetric): boolean {
  return !control && dataType >= DataType.Int8 && dataType <= DataType.UUID;
}
