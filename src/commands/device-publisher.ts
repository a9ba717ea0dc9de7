import { PublishError } from "../mqtt/problems.js";
import { CommandRefused } from "./command-transport.js";

/** How a command gets to the broker of a source. */
export interface DevicePublisher {
  /**
   * Publishes at QoS 1, not retained, and resolves when the broker has confirmed it. Rejects when the broker did not
   * take it; with a PublishError CONNECTION_LOST it may have.
   */
  publish(
    source: string,
    topic: string,
    payload: Buffer,
    options: { correlationData: Buffer; responseTopic: string; messageExpiryIntervalS: number },
  ): Promise<void>;
}

/** What a failed publish means: surely not sent, perhaps sent, or refused, so that trying again is of no use. */
export type PublishFailure = "NOT_SENT" | "UNKNOWN" | "REFUSED";

// MQTT 5 reason codes of a refusal that may be over later: unspecified, implementation specific, packet identifier in
// use, quota exceeded.
const PASSING = new Set([128, 131, 145, 151]);

export function publishFailure(error: unknown): PublishFailure {
  if (error instanceof CommandRefused) return error.final ? "REFUSED" : "NOT_SENT";
  if (!(error instanceof PublishError)) return "NOT_SENT";
  switch (error.code) {
    case "CONNECTION_LOST":
      return "UNKNOWN";
    case "INVALID_TOPIC":
      return "REFUSED";
    case "REFUSED":
      return error.reasonCode !== undefined && PASSING.has(error.reasonCode) ? "NOT_SENT" : "REFUSED";
    case "NOT_CONNECTED":
    case "TOO_MANY_WAITING":
      return "NOT_SENT";
  }
}
