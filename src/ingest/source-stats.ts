/** What became of a source's messages since the server started. Every message received ends in one of the others. */
export class SourceStats {
  readonly source: string;
  received = 0;
  committed = 0;
  /** Samples that were there already. */
  repeated = 0;
  /** Samples older than the present reading. */
  late = 0;
  /** Messages, or parts of one, that could not be taken. */
  dead = 0;
  /** QoS 0 messages thrown away because the database did not keep up. */
  dropped = 0;
  /** Messages left with the broker because another server took the source over, or this one stopped: they come again. */
  returned = 0;
  /** Messages lost on the way, by the numbers that devices give them. */
  missed = 0;
  /** Samples committed. */
  samples = 0;
  /** When the first message came, in milliseconds. */
  firstReceivedAt: number | null = null;
  /** When the newest committed message came, in milliseconds. */
  committedUpTo: number | null = null;

  constructor(source: string) {
    this.source = source;
  }
}
