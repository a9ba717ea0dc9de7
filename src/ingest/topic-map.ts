const MOST_ENTRIES = 200_000;
const MOST_CHARACTERS = 16 * 1_048_576;
/** Longer topics make no machine path and metric name anyway. */
const LONGEST_TOPIC = 1_024;

interface Known<Value> {
  readonly topic: string;
  readonly value: Value;
}

/**
 * What is remembered by topic. Devices use few topics; when a flood of ever new ones fills it, it forgets all and begins
 * anew.
 */
export class TopicMap<Value> {
  readonly #known = new Map<string, Known<Value>>();
  /** By the topic's number; some may have become another topic's. */
  readonly #numbered: (Known<Value> | undefined)[] = [];
  readonly #entries: number;
  readonly #characters: number;
  #used = 0;

  /** @param limits of the topics together; 200,000 entries and 16 Mi characters unless told. */
  constructor(limits: { entries?: number; characters?: number } = {}) {
    this.#entries = limits.entries ?? MOST_ENTRIES;
    this.#characters = limits.characters ?? MOST_CHARACTERS;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @param number of the topic where it has one, see `InboundMessage`: with it the answer comes faster. */
  get(topic: string, number = -1): Value | undefined {
    if (number >= 0) {
      const known = this.#numbered[number];
      if (known !== undefined && known.topic === topic) return known.value;
    }
    const known = this.#known.get(topic);
    if (known === undefined) return undefined;
    if (number >= 0) {
      // Without holes, which would make a slow array of it.
      while (this.#numbered.length < number) this.#numbered.push(undefined);
      this.#numbered[number] = known;
    }
    return known.value;
  }

  /** Remembers what is said of a topic, once; nothing of one longer than 1,024 characters. */
  set(topic: string, value: Value): void {
    if (topic.length > LONGEST_TOPIC || this.#known.has(topic)) return;
    if (this.#known.size >= this.#entries || this.#used + topic.length > this.#characters) this.clear();
    this.#known.set(topic, { topic, value });
    this.#used += topic.length;
  }

  clear(): void {
    this.#known.clear();
    this.#numbered.length = 0;
    this.#used = 0;
  }
}
