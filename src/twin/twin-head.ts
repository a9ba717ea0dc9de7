import type { TwinHead } from "./twin-model.js";

/** A machine that says nothing new may have been seen so much later than the table of the twins says. */
const SEEN_MS = 60_000;

/** Those heads of which more changed than what the frames of the history tell. */
export function headsToStore(heads: readonly TwinHead[]): TwinHead[] {
  // In one order, as whoever else writes several at once: else two of them could wait for each other.
  return heads.filter(isNews).sort((a, b) => (a.twin.machine.id < b.twin.machine.id ? -1 : 1));
}

/** @returns marks the head as committed, with what it is now. */
export function stored({ twin, view }: TwinHead): () => void {
  const committed = { view, route: twin.route };
  return () => {
    twin.committed = committed;
  };
}

function isNews({ twin, view, framed }: TwinHead): boolean {
  const { committed } = twin;
  if (committed === null) return true;
  const before = committed.view;
  if (before === view && committed.route === twin.route) return false;
  const [was, is] = [before.connectivity, view.connectivity];
  return (
    committed.route !== twin.route ||
    was.status !== is.status ||
    was.since?.getTime() !== is.since?.getTime() ||
    (!framed && (is.lastSeen?.getTime() ?? 0) - (was.lastSeen?.getTime() ?? 0) >= SEEN_MS) ||
    before.state !== view.state ||
    before.stateSince?.getTime() !== view.stateSince?.getTime() ||
    before.mode !== view.mode
  );
}
