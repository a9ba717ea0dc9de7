import { idProblem, stateTopic } from "./sparkplug-topic.js";

/** A message about the host itself. */
export interface StateMessage {
  readonly topic: string;
  /** JSON. */
  readonly payload: string;
  readonly qos: 1;
  readonly retain: true;
}

/** What a message on the host's own STATE topic calls for. */
export type OwnState =
  | { readonly kind: "nothing" }
  /** Somebody, mostly the will of an earlier connection, says that the host is away: publish this at once. */
  | { readonly kind: "republish"; readonly message: StateMessage }
  /** Another host uses the same id, or another process of this one is connected. */
  | { readonly kind: "other-host"; readonly timestamp: number }
  /**
   * Edge nodes that saw this state take the host's own for an older one: a clock was ahead, or is behind now. The
   * message has to be published at once; null when the birth is still to come.
   */
  | { readonly kind: "newer"; readonly timestamp: number; readonly message: StateMessage | null }
  | { readonly kind: "unreadable"; readonly problem: string };

type Phase =
  | { readonly phase: "away" }
  | { readonly phase: "connecting"; readonly timestamp: number }
  | { readonly phase: "online"; readonly timestamp: number };

const NOTHING: OwnState = { kind: "nothing" };

/**
 * What a host application tells one broker about itself. Each broker has its own, because each has its own timestamp.
 * The will, the birth and every repetition of it within one connection carry the timestamp of the CONNECT; edge nodes
 * tell by it whether a death belongs to the birth that they know.
 */
export class HostState {
  readonly topic: string;
  #state: Phase = { phase: "away" };
  #latest = 0;

  /** @throws when the host id cannot be one; ask `hostIdProblem` before. */
  constructor({ hostId }: { hostId: string }) {
    const problem = hostIdProblem(hostId);
    if (problem !== null) throw new Error(problem);
    this.topic = stateTopic(hostId);
  }

  /**
   * A connection is about to be tried.
   * @param now milliseconds since 1970.
   * @returns the will for its CONNECT packet. Each attempt has a will of its own.
   */
  connecting(now: number): StateMessage {
    const timestamp = this.#next(now);
    this.#state = { phase: "connecting", timestamp };
    return this.#message(false, timestamp);
  }

  /** The broker has acknowledged the subscriptions. @returns the first message to publish. */
  birth(): StateMessage {
    if (this.#state.phase === "away") throw new Error("a birth needs the will of its connection");
    this.#state = { phase: "online", timestamp: this.#state.timestamp };
    return this.#message(true, this.#state.timestamp);
  }

  /**
   * The host is about to disconnect of its own will.
   * @param now milliseconds since 1970.
   * @returns the last message to publish; null when it told nobody that it is there.
   */
  death(now: number): StateMessage | null {
    if (this.#state.phase !== "online") return null;
    this.#state = { phase: "away" };
    return this.#message(false, this.#next(now));
  }

  /** The connection is gone, and the broker publishes the will. */
  disconnected(): void {
    this.#state = { phase: "away" };
  }

  /** A message came on the host's own STATE topic. */
  seen(payload: Uint8Array): OwnState {
    if (this.#state.phase === "away") return NOTHING;
    const said = stateOf(payload);
    if (said === null) return { kind: "unreadable", problem: "it is no JSON with online and timestamp" };
    const own = this.#state.timestamp;
    if (said.online)
      return said.timestamp > own ? { kind: "other-host", timestamp: said.timestamp } : NOTHING;
    // What was said before this connection's birth is answered by the birth.
    const message = this.#state.phase === "online" ? this.#message(true, own) : null;
    if (said.timestamp > own) return { kind: "newer", timestamp: said.timestamp, message };
    return message === null ? NOTHING : { kind: "republish", message };
  }

  // A clock that was set back must not make the new state look older than the last one.
  #next(now: number): number {
    this.#latest = Math.max(now, this.#latest);
    return this.#latest;
  }

  #message(online: boolean, timestamp: number): StateMessage {
    return { topic: this.topic, payload: JSON.stringify({ online, timestamp }), qos: 1, retain: true };
  }
}

/** What is wrong with a host id, as a sentence; null when nothing is. It must be unlike that of any other host, which nobody can see. */
export function hostIdProblem(hostId: string): string | null {
  return idProblem("host id", hostId);
}

/** Reads a STATE payload of Sparkplug 3.0; null when it is none, such as the `ONLINE` of Sparkplug 2. */
export function stateOf(payload: Uint8Array): { online: boolean; timestamp: number } | null {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null) return null;
  const { online, timestamp } = said as { online?: unknown; timestamp?: unknown };
  return typeof online === "boolean" && typeof timestamp === "number" ? { online, timestamp } : null;
}
