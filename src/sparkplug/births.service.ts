import type { Sql } from "../kernel/sql.js";
import type { Facts, FactWriter } from "../twin/facts.js";
import type { SparkplugStore } from "./sparkplug.store.js";

/** Writes what births told with the samples that they brought. */
export class BirthWriter implements FactWriter {
  readonly #store: SparkplugStore;

  constructor(deps: { store: SparkplugStore }) {
    this.#store = deps.store;
  }

  async write(sql: Sql, { births }: Facts): Promise<() => void> {
    if (births.length > 0) await this.#store.write(sql, births);
    return () => undefined;
  }
}
