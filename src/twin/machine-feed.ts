import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { LiveBus } from "../live/live-bus.js";
import { iterate } from "../live/live-bus.js";
import type { Twin } from "./machine-twin.js";
import type { TwinChange } from "./twin-change.js";
import type { TwinJournal } from "./twin-journal.js";
import type { MetricReading, TwinView } from "./twin-model.js";

const MOST_WAITING = 1_000;

export interface MachineEventValue {
  readonly kind: "SNAPSHOT" | "DELTA";
  readonly revision: number;
  readonly cursor: string;
  readonly machine: TwinView;
  readonly metrics: readonly MetricReading[];
}

/**
 * One subscriber's view of one twin: a SNAPSHOT, then every change as a DELTA in revision order. Who falls more than
 * 1,000 changes behind gets a new SNAPSHOT. With a cursor of this run it goes on after it, where the journal still can.
 */
export function machineFeed(
  deps: { live: LiveBus; journal: TwinJournal; epoch: () => string },
  twin: Twin,
  resumeAfter: string | null,
): AsyncIterableIterator<MachineEventValue> {
  const { live, journal, epoch } = deps;
  const queue = new BoundedQueue<TwinChange | "snapshot">({ max: MOST_WAITING, onFull: "drop-oldest" });
  let sent = -1;

  const from = resumeAfter === null ? null : revisionOf(resumeAfter, epoch());
  const missed = from === null ? null : journal.after(twin.machine, from, twin.revision);
  if (from === null || missed === null || missed.length >= MOST_WAITING) queue.push("snapshot");
  else {
    sent = from;
    for (const change of missed) queue.push(change);
  }
  const unfollow = journal.follow(twin.machine);
  const unlisten = live.listen("twinChanged", (change) => {
    if (change.twin !== twin) return;
    if (change.afresh || queue.size >= MOST_WAITING) {
      queue.clear();
      queue.push("snapshot");
    } else queue.push(change.keep());
  });
  const stop = () => {
    unlisten();
    unfollow();
  };

  return iterate(
    queue,
    (item): MachineEventValue | null => {
      // Revisions that another server made are not here one by one.
      if (item === "snapshot" || item.revision > sent + 1) {
        const view = twin.view;
        sent = view.revision;
        const metrics = twin.readings();
        return { kind: "SNAPSHOT", revision: sent, cursor: cursorOf(epoch(), sent), machine: view, metrics };
      }
      // A snapshot taken since then holds it already.
      if (item.revision <= sent) return null;
      sent = item.revision;
      return {
        kind: "DELTA",
        revision: sent,
        cursor: cursorOf(epoch(), sent),
        machine: item.view,
        metrics: item.metrics,
      };
    },
    stop,
  );
}

function cursorOf(epoch: string, revision: number): string {
  return Buffer.from(`${epoch}.${revision}`).toString("base64url");
}

/** The revision behind a cursor of this epoch; null for any other text. */
function revisionOf(cursor: string, epoch: string): number | null {
  const [from, revision] = Buffer.from(cursor, "base64url").toString("utf8").split(".");
  return from === epoch && revision !== undefined && /^\d+$/.test(revision) ? Number(revision) : null;
}
