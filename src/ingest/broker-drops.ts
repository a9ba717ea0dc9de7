/**
 * Where brokers publish how many messages they threw away because a client's queue was full: running totals since their
 * start. Mosquitto; each node of EMQX.
 */
export const DROP_FILTERS: readonly string[] = [
  "$SYS/broker/publish/messages/dropped",
  "$SYS/brokers/+/metrics/delivery/dropped/queue_full",
];
const MOST_NODES = 1_000;
/** Growth is news for so long. */
const NEWS_MS = 10 * 60_000;

/** Whether a topic is the broker's own, on which it tells of itself. */
export function isBrokerTopic(topic: string): boolean {
  return topic.startsWith("$SYS/");
}

/** What a source's broker threw away, as far as it tells, whoever it was meant for. */
export class BrokerDrops {
  readonly #totals = new Map<string, number>();
  #dropped = 0;
  #news: { since: number; until: number; count: number } | null = null;

  /** Messages dropped since the broker first told its total to this server. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Takes what the broker says on one of its own topics, whichever it is.
   * @param now milliseconds.
   */
  take(topic: string, payload: Buffer, now: number): void {
    const node = nodeOf(topic);
    if (node === null || payload.length > 16) return;
    const text = payload.toString("latin1").trim();
    if (!/^\d{1,15}$/.test(text)) return;
    const total = Number(text);
    const before = this.#totals.get(node);
    if (before === undefined && this.#totals.size >= MOST_NODES) return;
    this.#totals.set(node, total);
    if (before === undefined) return;
    // A total that fell is that of a broker that was restarted.
    const grown = total < before ? total : total - before;
    if (grown === 0) return;
    this.#dropped += grown;
    if (this.#news === null || now > this.#news.until) this.#news = { since: now, until: now, count: 0 };
    this.#news.count += grown;
    this.#news.until = now + NEWS_MS;
  }

  /** What an operator should know of it now; null while there is nothing. */
  problem(now: number): string | null {
    const news = this.#news;
    if (news === null || now > news.until) return null;
    const messages = news.count === 1 ? "1 message" : `${news.count} messages`;
    const since = new Date(news.since).toISOString();
    return `the broker has dropped ${messages} since ${since}, for this or another client: raise max_queued_messages`;
  }
}

/** What tells the totals of one node from those of others; null on another topic. */
function nodeOf(topic: string): string | null {
  if (topic === DROP_FILTERS[0]) return topic;
  const levels = topic.split("/");
  const wanted = DROP_FILTERS[1]?.split("/") ?? [];
  const fits =
    levels.length === wanted.length && wanted.every((level, at) => level === "+" || level === levels[at]);
  return fits ? topic : null;
}
