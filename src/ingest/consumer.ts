import type { LinkStatus } from "../mqtt/link-status.js";
import type { BrokerDrops } from "./broker-drops.js";
import type { MappingTable } from "./mapping.js";
import type { Preview } from "./preview-model.js";
import type { SequenceWatch } from "./sequence-watch.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceOwner, SourceSetup } from "./source-setup.js";
import type { SourceStats } from "./source-stats.js";

/** A source as others see it. */
export interface SourceStatus {
  readonly name: string;
  readonly owner: SourceOwner;
  /** Another server consumes it, and this one takes over when that ends. */
  readonly standby: boolean;
  /** Nobody is to consume it. */
  readonly paused: boolean;
  readonly link: LinkStatus;
}

/** What MQTT 5 says beside a message. */
export interface PublishProperties {
  readonly correlationData?: Buffer;
  readonly responseTopic?: string;
  /** Seconds after which the broker drops the message undelivered. */
  readonly messageExpiryIntervalS?: number;
}

/** A session at a broker. */
export interface BrokerSession {
  readonly clientId: string;
  /** Everything is subscribed in it, on a connection that stands. */
  readonly ready: boolean;
}

/** What takes the messages of one source in, of whichever kind the source is. */
export interface Consumer {
  readonly name: string;
  readonly setup: SourceSetup;
  readonly table: MappingTable;
  readonly discovery: boolean;
  readonly stats: SourceStats;
  readonly sequences: SequenceWatch;
  /** Begins anew with another broker. */
  readonly drops: BrokerDrops;
  /** The right to write what it brings; null while this server does not hold the source. */
  readonly lease: SourceLease | null;
  readonly status: SourceStatus;
  readonly session: BrokerSession;
  /** Begins to consume as soon as the source's lock is free. Idempotent. */
  start(): void;
  /**
   * Goes on with other settings of the same source. Only a change of the connection interrupts it; what comes meanwhile
   * waits in the session.
   */
  change(setup: SourceSetup): void;
  /** Takes no more messages for good; acknowledgements of those that came still go out. */
  quiesce(): void;
  /** Commits and acknowledges what has come, ends the connection and gives the lock back. Idempotent. */
  stop(): Promise<void>;
  /** Of a source without mappings, what a message would become; null where its topic is none of the source's. */
  preview?(topic: string, payload: Buffer): Preview | null;
  /** Writes what became of its messages to the log. */
  logStats(): void;
  /** Publishes at QoS 1. @throws when the broker did not take it, or this server does not hold the source. */
  publish(topic: string, payload: Buffer, properties: PublishProperties): Promise<void>;
}
