import { setTimeout as sleep } from "node:timers/promises";

/** What /metrics told at one moment. */
export class ServerMetrics {
  readonly #values: ReadonlyMap<string, number>;

  constructor(values: ReadonlyMap<string, number>) {
    this.#values = values;
  }

  /** A figure by its name without labels, summed over them. @throws when the server does not know it. */
  get(name: string): number {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`/metrics has no ${name}`);
    return value;
  }

  /** Messages whose effects are all stored. */
  get committed(): number {
    return this.get("mes_twin_messages_committed_total");
  }

  get samples(): number {
    return this.get("mes_twin_samples_committed_total");
  }
}

export async function serverMetrics(url: string): Promise<ServerMetrics> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const name = line.slice(0, line.search(/[{ ]/));
    values.set(name, (values.get(name) ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1)));
  }
  return new ServerMetrics(values);
}

/**
 * Resolves when the server has committed so many messages. Asks seldom while many are missing, because an answer takes
 * the server's time, and often at the end. @throws when it makes no progress for `stuckMs`.
 */
export async function untilCommitted(url: string, messages: number, stuckMs = 120_000): Promise<void> {
  const started = performance.now();
  const first = (await serverMetrics(url)).committed;
  let committed = first;
  let moved = started;
  while (committed < messages) {
    const perMs = (committed - first) / (performance.now() - started);
    const halfWay = perMs > 0 ? (messages - committed) / perMs / 2 : 250;
    await sleep(Math.min(250, Math.max(20, halfWay)));
    const now = (await serverMetrics(url)).committed;
    if (now > committed) moved = performance.now();
    committed = now;
    if (performance.now() - moved > stuckMs)
      throw new Error(
        `${committed} of ${messages} messages are committed, and no more for ${stuckMs / 1000} s`,
      );
  }
}
