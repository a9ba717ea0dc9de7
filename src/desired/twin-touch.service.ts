import { Entry } from "../ingest/batch.js";
import type { Committer } from "../ingest/committer.service.js";
import type { SourceLease } from "../ingest/source-lease.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Twin } from "../twin/machine-twin.js";
import { applyNews } from "../twin/twin.js";

/** Who may write a twin. */
export interface TwinRights {
  /**
   * @param source the one that feeds the twin; null for a machine that was never heard.
   * @returns under which lease this server may write it, null when none is needed; undefined when it may not.
   */
  rightOf(source: string | null): SourceLease | null | undefined;
}

/** Makes a change of what is desired a change of the twin. */
export class TwinTouch {
  readonly #live: LiveBus;
  readonly #committer: Committer;
  readonly #rights: TwinRights;

  constructor(deps: { live: LiveBus; committer: Committer; rights: TwinRights }) {
    this.#live = deps.live;
    this.#committer = deps.committer;
    this.#rights = deps.rights;
  }

  /**
   * Moves the twin on by one revision, which its followers get as a DELTA with these metrics. Only the server that
   * may write the twin does it.
   */
  touch(twin: Twin, metrics: readonly string[]): void {
    const lease = this.#rights.rightOf(twin.route?.source ?? null);
    if (lease === undefined) return;
    const series = metrics.flatMap((name) => twin.series(name) ?? []);
    this.#live.publish("twinChanged", applyNews(twin, series));
    const entry = new Entry(null, null, lease);
    entry.twin = twin;
    entry.revision = twin.revision;
    // No frame of the history tells this revision.
    entry.head = { twin, view: twin.view, route: twin.route, version: twin.headVersion };
    this.#committer.add(entry);
  }
}
