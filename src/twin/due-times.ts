const FIRST_PLACES = 16;

/** When each of many things is to be looked at next. They lie together, so that asking all of them is cheap. */
export class DueTimes {
  #times = new Float64Array(FIRST_PLACES);
  #size = 0;

  /** @returns the place of one more thing, which is due at once. */
  add(): number {
    if (this.#size === this.#times.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#times[this.#size] = Number.NEGATIVE_INFINITY;
    this.#size += 1;
    return this.#size - 1;
  }

  /** Milliseconds. */
  set(place: number, time: number): void {
    this.#times[place] = time;
  }

  /** Not later than `time`, in milliseconds. */
  sooner(place: number, time: number): void {
    if (time < (this.#times[place] as number)) this.#times[place] = time;
  }

  /** The places that are due at `now`. */
  passed(now: number): number[] {
    const places: number[] = [];
    for (let place = 0; place < this.#size; place += 1)
      if ((this.#times[place] as number) <= now) places.push(place);
    return places;
  }
}
