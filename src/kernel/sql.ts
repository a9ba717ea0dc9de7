/** Anything that runs a statement inside the transaction of whoever made it. */
export interface Sql {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}
