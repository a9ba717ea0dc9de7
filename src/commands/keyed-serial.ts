/** Runs work one after the other where it shares a key, in the order it was asked for, and side by side elsewhere. */
export class KeyedSerial {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` when all that was asked for before under any of `keys` has ended, well or not. */
  run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#tails.get(key) ?? []);
    const done = Promise.all(before).then(work);
    // Those behind wait for the end, not for its outcome, which is the caller's.
    const tail = done.then(nothing, nothing).then(() => {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    for (const key of keys) this.#tails.set(key, tail);
    return done;
  }

  /** Resolves when all that was asked for so far has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

function nothing(): void {}
