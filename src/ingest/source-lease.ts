/**
 * The right to write what a source brings. It ends when the server loses the source's lock; the epoch in the database
 * tells so also to a server that does not know it yet.
 */
export class SourceLease {
  readonly source: string;
  readonly epoch: string;
  #valid = true;

  /** @param epoch as the database gave it when the source was taken over. */
  constructor(source: string, epoch: string) {
    this.source = source;
    this.epoch = epoch;
  }

  /** False for ever once it has ended. */
  get valid(): boolean {
    return this.#valid;
  }

  end(): void {
    this.#valid = false;
  }
}
