import type { IgnoredReason, NodeEvent, NodeMessage, RebirthRequest } from "./node-events.js";

/** An outcome in the making. */
export class Turn<M extends NodeMessage> {
  readonly events: NodeEvent[] = [];
  readonly settled: M[] = [];
  readonly now: number;
  rebirth: RebirthRequest | null = null;

  constructor(now: number) {
    this.now = now;
  }

  ignore({ type, device, receivedAt }: M, reason: IgnoredReason): void {
    this.events.push({ kind: "ignored", type, device, at: receivedAt, reason });
  }
}
