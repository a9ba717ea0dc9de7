import { BoundedQueue } from "../kernel/bounded-queue.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import type { TelemetryReceived } from "../live/live-events.js";
import { topicMatches } from "../mqtt/topic.js";

const MOST_WAITING = 10_000;
const MOST_REMEMBERED = 100_000;
/** Node's timers fire at once beyond this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The samples whose canonical topic matches a filter, for one subscriber. Who falls more than 10,000 samples
 * behind loses the oldest.
 * @param maxRateHz at most so many per second of each metric, the latest winning; null for all.
 */
export function telemetryFeed(
  live: LiveBus,
  filter: string,
  maxRateHz: number | null,
): AsyncIterableIterator<TelemetryReceived> {
  const queue = new BoundedQueue<TelemetryReceived>({ max: MOST_WAITING, onFull: "drop-oldest" });
  const matches = remembered((topic) => topicMatches(filter, topic));
  const limit =
    maxRateHz === null
      ? null
      : new RateLimit(Math.min(1_000 / maxRateHz, LONGEST_TIMER_MS), (event) => queue.push(event));
  const stop = live.listen("telemetryReceived", (event) => {
    if (!matches(event.topic)) return;
    if (limit) limit.offer(event);
    else queue.push(event);
  });
  return iterate(
    queue,
    (event) => event,
    () => {
      stop();
      limit?.stop();
    },
  );
}

/** Lets one event per topic and interval through: the first at once, then the latest when the interval is over. */
class RateLimit {
  readonly #intervalMs: number;
  readonly #push: (event: TelemetryReceived) => void;
  readonly #topics = new Map<string, { timer: NodeJS.Timeout; waiting: TelemetryReceived | null }>();

  constructor(intervalMs: number, push: (event: TelemetryReceived) => void) {
    this.#intervalMs = intervalMs;
    this.#push = push;
  }

  offer(event: TelemetryReceived): void {
    const known = this.#topics.get(event.topic);
    if (known) {
      // Late samples must not win over newer ones.
      if (known.waiting === null || event.sourceTime >= known.waiting.sourceTime) known.waiting = event;
      return;
    }
    this.#push(event);
    this.#topics.set(event.topic, { timer: this.#later(event.topic), waiting: null });
  }

  stop(): void {
    for (const { timer } of this.#topics.values()) clearTimeout(timer);
    this.#topics.clear();
  }

  #later(topic: string): NodeJS.Timeout {
    return setTimeout(() => {
      const known = this.#topics.get(topic);
      if (!known) return;
      if (known.waiting === null) {
        this.#topics.delete(topic);
        return;
      }
      this.#push(known.waiting);
      known.waiting = null;
      known.timer = this.#later(topic);
    }, this.#intervalMs);
  }
}

/** Devices repeat few topics, so each is matched once. */
function remembered(test: (topic: string) => boolean): (topic: string) => boolean {
  const known = new Map<string, boolean>();
  return (topic) => {
    let answer = known.get(topic);
    if (answer === undefined) {
      answer = test(topic);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(topic, answer);
    }
    return answer;
  };
}
