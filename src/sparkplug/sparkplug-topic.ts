import { err, ok, type Result } from "../kernel/result.js";

/** The first level of every topic of Sparkplug B. */
export const SPARKPLUG_NAMESPACE = "spBv1.0";

/** Whose messages carry no device id. */
export const NODE_MESSAGES = ["NBIRTH", "NDEATH", "NDATA", "NCMD"] as const;
export type NodeMessageType = (typeof NODE_MESSAGES)[number];

/** Whose messages carry a device id. */
export const DEVICE_MESSAGES = ["DBIRTH", "DDEATH", "DDATA", "DCMD"] as const;
export type DeviceMessageType = (typeof DEVICE_MESSAGES)[number];

/** An edge node within its broker. */
export interface EdgeNodeId {
  readonly group: string;
  readonly edgeNode: string;
}

/** What a topic of Sparkplug B says. */
export type SparkplugTopic =
  | { readonly kind: "state"; readonly hostId: string }
  | ({ readonly kind: "node"; readonly type: NodeMessageType } & EdgeNodeId)
  | ({ readonly kind: "device"; readonly type: DeviceMessageType; readonly device: string } & EdgeNodeId);

const FORM = `${SPARKPLUG_NAMESPACE}/<group>/<type>/<edge node>[/<device>]`;
const STATE_FORM = `${SPARKPLUG_NAMESPACE}/STATE/<host id>`;
/** MQTT 3.1.1 and 5, section 4.7: bytes of UTF-8 in a topic. */
const LONGEST_TOPIC = 65_535;
/** Levels a topic has at the most. */
const MOST_LEVELS = 5;

/** Reads a topic; the error is a sentence that says what is wrong with it. */
export function sparkplugTopic(topic: string): Result<SparkplugTopic, string> {
  const levels = topic.split("/", MOST_LEVELS + 1);
  const [namespace, second = "", third = "", edgeNode = "", device = ""] = levels;
  if (namespace !== SPARKPLUG_NAMESPACE)
    return err(`a topic of Sparkplug B begins with ${SPARKPLUG_NAMESPACE}/, not with ${shown(namespace)}`);
  const count = levels.length;
  if (second === "STATE" && count <= 3)
    return third === "" ? err(`no host id: ${STATE_FORM} is needed`) : ok({ kind: "state", hostId: third });
  if (count < 4 || count > MOST_LEVELS) return err(`${FORM} is needed`);
  if (second === "") return err("the group id is empty");
  if (edgeNode === "") return err("the edge node id is empty");
  if (isNodeMessage(third)) {
    if (count !== 4) return err(`${third} is told of the edge node, and its topic names a device`);
    return ok({ kind: "node", type: third, group: second, edgeNode });
  }
  if (!isDeviceMessage(third)) return err(`${shown(third)} is no message type of Sparkplug B`);
  if (device === "") return err(`${third} is told of a device, and its topic names none`);
  return ok({ kind: "device", type: third, group: second, edgeNode, device });
}

/** Where commands to an edge node go. */
export function nodeCommandTopic({ group, edgeNode }: EdgeNodeId): string {
  return `${SPARKPLUG_NAMESPACE}/${group}/NCMD/${edgeNode}`;
}

/** Where commands to a device go. */
export function deviceCommandTopic({ group, edgeNode }: EdgeNodeId, device: string): string {
  return `${SPARKPLUG_NAMESPACE}/${group}/DCMD/${edgeNode}/${device}`;
}

/** Where a host application says whether it is there. */
export function stateTopic(hostId: string): string {
  return `${SPARKPLUG_NAMESPACE}/STATE/${hostId}`;
}

/**
 * What a host subscribes to: its own state and everything of Sparkplug B, or of some groups.
 * @param groups all when empty.
 */
export function hostFilters(hostId: string, groups: readonly string[] = []): string[] {
  const data = groups.map((group) => `${SPARKPLUG_NAMESPACE}/${group}/#`);
  return [stateTopic(hostId), ...(data.length === 0 ? [`${SPARKPLUG_NAMESPACE}/#`] : data)];
}

/**
 * What is wrong with a group, edge node, device or host id, as a sentence; null when nothing is.
 * @param what how the sentence calls it, such as `group id`.
 */
export function idProblem(what: string, id: string): string | null {
  if (id === "") return `the ${what} is empty`;
  if (/[+#/]/.test(id)) return `the ${what} ${shown(id)} contains +, # or /`;
  if (id.includes("\0")) return `the ${what} contains a NUL character`;
  if (/\p{Surrogate}/u.test(id)) return `the ${what} is no valid UTF-8`;
  const room = LONGEST_TOPIC - `${SPARKPLUG_NAMESPACE}/STATE/`.length;
  return Buffer.byteLength(id) > room ? `the ${what} is longer than ${room} bytes` : null;
}

function isNodeMessage(type: string): type is NodeMessageType {
  return type === "NDATA" || type === "NBIRTH" || type === "NDEATH" || type === "NCMD";
}

function isDeviceMessage(type: string): type is DeviceMessageType {
  return type === "DDATA" || type === "DBIRTH" || type === "DDEATH" || type === "DCMD";
}

function shown(text: string | undefined): string {
  return JSON.stringify((text ?? "").slice(0, 60));
}
