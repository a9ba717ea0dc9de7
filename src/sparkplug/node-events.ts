import type { BirthChanges, MetricDefinition } from "./birth.js";
import type { Payload } from "./payload.js";
import type { MetricProblem, Reading } from "./readings.js";
import type { DeviceMessageType, NodeMessageType } from "./sparkplug-topic.js";

/** What edge nodes send. */
export type EdgeMessageType = Exclude<NodeMessageType, "NCMD"> | Exclude<DeviceMessageType, "DCMD">;

/** A message of an edge node or one of its devices. */
export interface NodeMessage {
  readonly type: EdgeMessageType;
  /** Null in messages of the node itself. */
  readonly device: string | null;
  /** Null when it cannot be decoded. */
  readonly payload: Payload | null;
  /** Bytes of the payload as it came. */
  readonly bytes: number;
  /** Milliseconds since 1970 by the host's clock. */
  readonly receivedAt: number;
  /** The broker sent it because of a new subscription: nobody knows how old it is. */
  readonly retained: boolean;
}

/** The metrics of the node (`device` null) or of a device, as its last birth told them. */
export interface MetricsOf {
  readonly device: string | null;
  readonly metrics: readonly string[];
}

/** The node (`device` null) or a device is online; its metrics are those told here and no others. */
export interface Born {
  readonly kind: "born";
  readonly device: string | null;
  /** When the birth was received. */
  readonly at: number;
  /** When it was sent, by the node's clock. */
  readonly time: number | null;
  /** Without those for Sparkplug itself and the instances of templates, whose members are told. */
  readonly metrics: readonly MetricDefinition[];
  readonly readings: readonly Reading[];
  /** Against the birth before; null when none is known. */
  readonly changes: BirthChanges | null;
  /** Those of earlier births that it does not tell, as far as they are remembered. */
  readonly gone: readonly string[];
  /** What in the birth is against the specification, as sentences. */
  readonly problems: readonly string[];
  /** Values that do not fit their data type. */
  readonly unread: readonly MetricProblem[];
}

/** Values came. */
export interface Data {
  readonly kind: "data";
  readonly device: string | null;
  readonly at: number;
  readonly readings: readonly Reading[];
  /** It is known that each is a single value of a metric that the last birth tells. */
  readonly plain: boolean;
  /** Values that do not fit their data type. */
  readonly problems: readonly MetricProblem[];
}

/** The node with all its devices (`device` null), or one device, is offline; the metrics told are stale. */
export interface Dead {
  readonly kind: "dead";
  readonly device: string | null;
  /** Of a node, when its death was received; of a device, when it was sent. */
  readonly at: number;
  readonly stale: readonly MetricsOf[];
}

/** Nobody knows whether the values of these are still true; births will tell. */
export interface Stale {
  readonly kind: "stale";
  readonly reason: "host-disconnected" | "node-reborn" | "undecodable-birth";
  readonly at: number;
  readonly stale: readonly MetricsOf[];
}

/** Why a message changed nothing. */
export type IgnoredReason =
  | "retained"
  | "repeated"
  /** Its number, or its time, is of before what has been taken since. */
  | "too-late"
  /** The death belongs to another session than the one that the last birth began. */
  | "other-session"
  | "undecodable"
  /** A death of a device that nobody knows. */
  | "unknown-device"
  | "too-many-devices";

/** A message changed nothing. */
export interface Ignored {
  readonly kind: "ignored";
  readonly type: EdgeMessageType;
  readonly device: string | null;
  readonly at: number;
  readonly reason: IgnoredReason;
}

export type NodeEvent = Born | Data | Dead | Stale | Ignored;

/** What only a birth can put right. */
export type RebirthReason =
  /** The host has (re)connected or started, and births may have been missed. */
  | "host-connected"
  | "data-before-birth"
  | "device-birth-before-node-birth"
  | "unborn-device"
  | "unknown-metric"
  | "other-data-type"
  | "missing-message"
  | "undecodable"
  /** Retained messages show that there is a node, and nothing else. */
  | "retained";

/** The node has to be asked for a rebirth, now. */
export interface RebirthRequest {
  readonly reason: RebirthReason;
  /** The first thing that could not be understood, for people; may be empty. */
  readonly detail: string;
}

/** What follows from a message, or from time that has passed. */
export interface Outcome<M extends NodeMessage> {
  /** In the order in which they happened. */
  readonly events: readonly NodeEvent[];
  /** Messages that are done with; one that is kept back is settled by a later outcome. */
  readonly settled: readonly M[];
  readonly rebirth: RebirthRequest | null;
  /** When `due` has to be called, by the host's clock; null: nothing is waited for. */
  readonly deadline: number | null;
}

/** The metrics of births of a node or a device. */
export interface KnownMetrics {
  /** Those of the last one. */
  readonly metrics: readonly (readonly [name: string, dataType: number])[];
  /** Those of earlier ones; left out: none. */
  readonly gone?: readonly string[];
}

/** What is remembered of a node while the host is away, to tell what the next births change. */
export interface KnownNode extends KnownMetrics {
  readonly bdSeq: number | null;
  readonly devices: readonly (KnownMetrics & { readonly id: string })[];
}

/** What is remembered of a node or a device with its last birth. */
export interface Remembered extends KnownMetrics {
  /** Of nodes. */
  readonly bdSeq?: number | null;
}
