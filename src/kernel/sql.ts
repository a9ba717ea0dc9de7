/** Anything that runs a statement inside the transaction of whoever made it. */
export interface Sql {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A row in Postgres' binary format. It is valid during the visit only. */
export interface CopyRow {
  readonly bytes: Buffer;
  /** Where each column begins in `bytes`. */
  readonly starts: Int32Array;
  /** How long each is; -1 for null. */
  readonly lengths: Int32Array;
}

/** The ways for many rows, on one connection of the hot path. */
export interface BulkSql extends Sql {
  /**
   * The rows of a query in the binary format, as they come in: what arrays and bytea want, which the driver can read as
   * text only.
   * @param query without parameters: what stands in it is made of numbers and ids of our own only.
   * @throws what the database says, or what `visit` does.
   */
  copyOut(query: string, visit: (row: CopyRow) => void): Promise<void>;
  /**
   * Sends the data of a `COPY … FROM STDIN (FORMAT binary)`. The data may be changed again once this has resolved.
   * @throws what the database says of the data or the statement.
   */
  copyIn(statement: string, data: Uint8Array): Promise<void>;
}
