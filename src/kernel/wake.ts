/** Wakes work that waits until something has changed. */
export class Wake {
  #next = new AbortController();

  /** Aborted with the next `nudge`. */
  get signal(): AbortSignal {
    return this.#next.signal;
  }

  nudge(): void {
    const before = this.#next;
    // First, so that whoever is woken and asks again waits for the one after.
    this.#next = new AbortController();
    before.abort();
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
