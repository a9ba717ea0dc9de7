/** How often an edge node may be asked for a rebirth; all in milliseconds. */
export interface RebirthLimits {
  /** Least time between two requests; it doubles while the node does not answer, or needs them again and again. */
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** How often a silent node is asked; one that still sends is asked on. */
  readonly unheardRequests: number;
}

export const DEFAULT_REBIRTH_LIMITS: RebirthLimits = {
  minIntervalMs: 10_000,
  maxIntervalMs: 600_000,
  unheardRequests: 6,
};

/** Decides when an edge node is asked for a rebirth: never twice for one loss, never in a storm, and not once only. */
export class RebirthLimit {
  readonly #limits: RebirthLimits;
  #wanted = false;
  #answered = true;
  /** The caller's clock at the last request; null: there was none. */
  #askedAt: number | null = null;
  #interval = 0;
  #unheard = 0;
  /** No request before this one; 0: none is put off. */
  #notBefore = 0;

  constructor(limits: RebirthLimits = DEFAULT_REBIRTH_LIMITS) {
    this.#limits = limits;
  }

  /** Whether a rebirth is needed and has not come. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** When `due` has to be asked; null: nothing is waited for. */
  get deadline(): number | null {
    if (!this.#wanted) return null;
    if (this.#askedAt === null) return this.#notBefore;
    if (this.#unheard >= this.#limits.unheardRequests) return null;
    return Math.max(this.#askedAt + this.#interval, this.#notBefore);
  }

  /**
   * The node sent what cannot be understood without a birth.
   * @returns whether to ask for it now.
   */
  want(now: number): boolean {
    this.#wanted = true;
    this.#unheard = 0;
    this.#notBefore = 0;
    return this.#ask(now);
  }

  /** A rebirth is needed at a given time, unless a birth comes before. */
  wantAt(at: number): void {
    this.#wanted = true;
    this.#unheard = 0;
    this.#notBefore = at;
  }

  /** The deadline has come. @returns whether to ask now. */
  due(now: number): boolean {
    const deadline = this.deadline;
    return deadline !== null && now >= deadline && this.#ask(now);
  }

  /** A birth came. The least interval is kept all the same, for nodes whose births do not help. */
  answered(): void {
    this.#wanted = false;
    this.#answered = true;
    this.#notBefore = 0;
  }

  /** The node is dead: nobody is there to answer. */
  cancel(): void {
    this.#wanted = false;
    this.#notBefore = 0;
  }

  #ask(now: number): boolean {
    const { minIntervalMs, maxIntervalMs } = this.#limits;
    // A clock that was set back says nothing about the time that passed.
    const passed = this.#askedAt === null || now < this.#askedAt ? null : now - this.#askedAt;
    if (passed !== null && passed < this.#interval) return false;
    const calm = passed === null || (this.#answered && passed >= 2 * this.#interval);
    this.#interval = calm ? minIntervalMs : Math.min(Math.max(this.#interval * 2, 1), maxIntervalMs);
    this.#askedAt = now;
    this.#answered = false;
    this.#unheard += 1;
    this.#notBefore = 0;
    return true;
  }
}
