const PINGREQ: Buffer = Buffer.from([0xc0, 0]);
const BEGINNING: Buffer = PINGREQ.subarray(0, 1);
const END: Buffer = PINGREQ.subarray(1);
/** A broker that has not answered this many has other work, and would not send sooner. */
const MOST_UNANSWERED = 4;

/**
 * Gives TCP something to send, so that what came is acknowledged at once. A broker that leaves Nagle's algorithm on
 * holds small packets back until those before are acknowledged, and a system that has nothing to send delays that for up
 * to 40 ms. What is sent are PINGREQs, one of their two bytes at a time: a whole one would be answered each time, and
 * that answer would hold back the next message as well.
 */
export class AckCarrier {
  /** Who waits for the next PINGRESPs, in order: true where it is the carrier. */
  readonly #waiting: boolean[] = [];
  #unanswered = 0;
  #begun = false;

  /** @returns what to send now, between two packets; null when it would not help. */
  next(): Buffer | null {
    if (this.#begun) return this.#unanswered > MOST_UNANSWERED ? null : this.end();
    this.#begun = true;
    this.#unanswered += 1;
    this.#waiting.push(true);
    return BEGINNING;
  }

  /** @returns what must be sent before any other packet, or null. */
  end(): Buffer | null {
    if (!this.#begun) return null;
    this.#begun = false;
    return END;
  }

  /** Somebody else sends a PINGREQ. */
  pinged(): void {
    this.#waiting.push(false);
  }

  /** A PINGRESP has come. @returns whether it answers the carrier, and is nobody else's business. */
  answered(): boolean {
    const own = this.#waiting.shift() ?? false;
    if (own) this.#unanswered -= 1;
    return own;
  }
}
