import { messageOf } from "../kernel/result.js";

const NETWORK: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name cannot be resolved now",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was reset",
};

const REASONS: Record<number, string> = {
  1: "the broker does not speak this MQTT version",
  3: "the broker says it is unavailable",
  128: "the broker refuses, without a reason",
  129: "the broker calls our packet malformed",
  130: "the broker reports a protocol error",
  131: "the broker refuses for a reason of its own",
  132: "the broker does not speak this MQTT version",
  136: "the broker says it is unavailable",
  137: "the broker is busy",
  138: "the broker has banned this client",
  139: "the broker is shutting down",
  141: "the broker heard nothing within the keepalive time",
  143: "the broker calls the topic filter invalid",
  144: "the broker calls the topic name invalid",
  145: "the packet identifier is in use",
  147: "more messages were in flight than the broker takes",
  149: "the packet is larger than the broker takes",
  150: "the message rate is higher than the broker takes",
  151: "a quota of the broker is exceeded",
  152: "the broker closed the connection for administration",
  153: "the broker calls the payload format invalid",
  154: "the broker does not keep retained messages",
  155: "the broker does not support this QoS",
  158: "the broker does not support shared subscriptions",
  159: "the broker limits how often one may connect",
  162: "the broker does not support wildcard subscriptions",
};

/** A sentence for an MQTT reason or return code of 1 and above. */
export function describeReason(code: number, clientId: string): string {
  if (code === 2 || code === 133) return `the broker refuses the client id "${clientId}"`;
  if (code === 4 || code === 134) return "the broker refuses the user name or password";
  if (code === 5 || code === 135) return "the broker does not authorize this client";
  if (code === 142) return `another client uses the client id "${clientId}"`;
  return REASONS[code] ?? `the broker gave reason code 0x${code.toString(16)}`;
}

/** A sentence for an error of the transport; `label` is `host:port`. */
export function describeNetworkError(error: unknown, label: string): string {
  const code = errorCode(error);
  const text =
    typeof code === "string" ? (NETWORK[code] ?? `${messageOf(error)} (${code})`) : messageOf(error);
  return `cannot reach ${label}: ${text}`;
}

/** The code of an MQTT refusal (a number) or of a system error (a name), if the error has one. */
export function errorCode(error: unknown): number | string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const code = error.code;
  return typeof code === "number" || typeof code === "string" ? code : undefined;
}

/** A message could not be handed to the broker, or it is unknown whether the broker has it. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: "NOT_CONNECTED" | "CONNECTION_LOST" | "REFUSED" | "TOO_MANY_WAITING" | "INVALID_TOPIC";
  /** The broker's MQTT 5 reason code when it refused. */
  readonly reasonCode: number | undefined;

  constructor(code: PublishError["code"], message: string, reasonCode?: number) {
    super(message);
    this.code = code;
    this.reasonCode = reasonCode;
  }
}
