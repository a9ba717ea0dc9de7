import { z } from "zod";
import { ok } from "../../kernel/result.js";
import type { Quality } from "../../twin/sample.js";
import { type Decoded, defineFormat, ignored, problem } from "./format.js";
import { Leaves } from "./leaves.js";
import { MetricNames } from "./metric-names.js";
import { type FieldValue, fieldValueOf, statusQuality, timeOfField } from "./opcua-value.js";
import { isObject, type JsonObject, kindOf, readJson, shown } from "./payload.js";
import { withPrefix } from "./prefix.js";

const PREFIXES = ["none", "writer"] as const;
type Prefix = (typeof PREFIXES)[number];

const DATA = "ua-data";
const STATUS = "ua-status";
/** Part 14: PubSubState Operational, as number and as name. */
const OPERATIONAL = /^(?:2|Operational(?:_2)?)$/;
const WORSE: readonly Quality[] = ["GOOD", "UNCERTAIN", "BAD"];

/** OPC UA PubSub (Part 14), JSON messages, with or without their headers. */
export const opcua = defineFormat({
  name: "opcua",
  settings: { prefix: z.enum(PREFIXES).default("none") },
  compile: ({ prefix }) => {
    const names = new MetricNames();
    return ok({ decode: (payload, metric) => withPrefix(decodeOpcUa(payload, { names, prefix }), metric) });
  },
});

/**
 * Format `opcua`: each field of each data set is a metric at its source's time, or its message's, with the quality that
 * its status says. Metadata and other descriptions are ignored; a status message says whether the publisher is there.
 */
export function decodeOpcUa(
  payload: Buffer,
  { names, prefix }: { names: MetricNames; prefix: Prefix },
): Decoded {
  const json = readJson(payload);
  if (!json.ok) return problem(json.error);
  const messages = Array.isArray(json.value) ? json.value : [json.value];
  const [first] = messages;
  if (isObject(first) && messages.length === 1 && isOther(first.MessageType)) return otherMessage(first);
  const sets = new DataSets(names, prefix);
  for (const [index, message] of messages.entries()) {
    const at = Array.isArray(json.value) ? `${index}` : "";
    if (!isObject(message)) {
      if (at === "") return problem(`format opcua wants an object, and the payload is ${kindOf(message)}`);
      sets.refuse(at, `is ${kindOf(message)}, and must be an object`);
    } else if (!isOther(message.MessageType)) sets.message(message, at);
    if (sets.full) break;
  }
  return sets.decoded;
}

/** Whether it is a network message that describes and brings no values. */
function isOther(type: unknown): boolean {
  return (
    typeof type === "string" && /^ua-(?!data$|keyframe$|deltaframe$|event$|condition$|keepalive$)/.test(type)
  );
}

function otherMessage(message: JsonObject): Decoded {
  if (message.MessageType !== STATUS)
    return ignored(`${shown(message.MessageType)} describes what others bring, and brings no values`);
  const { Status } = message;
  if (typeof Status !== "number" && typeof Status !== "string")
    return problem(`Status: is ${shown(Status)}, and must be a PubSubState`);
  const time = timeOfField(message.Timestamp);
  return { kind: "connectivity", online: OPERATIONAL.test(String(Status)), time: time.ms };
}

/** The data sets of one payload as they are found. */
class DataSets {
  readonly #leaves: Leaves;
  readonly #prefix: Prefix;
  /** By whom a field was written: two that write the same one must not be mixed. */
  readonly #writers = new Map<string, string>();
  #signs = 0;

  constructor(names: MetricNames, prefix: Prefix) {
    this.#leaves = new Leaves(names);
    this.#prefix = prefix;
  }

  get full(): boolean {
    return this.#leaves.tooMuch !== null;
  }

  get decoded(): Decoded {
    const { samples, problems } = this.#leaves;
    if (samples.length === 0 && problems.length === 0 && this.#signs > 0)
      return { kind: "samples", samples, problems };
    return this.#leaves.decoded("the payload holds no data set messages with values");
  }

  refuse(field: string, text: string): void {
    this.#leaves.refuse(field, text);
  }

  /** A network message, a data set message without one, or the bare fields of a data set. */
  message(message: JsonObject, at: string): void {
    if (message.MessageType === DATA || Object.hasOwn(message, "Messages")) this.#network(message, at);
    else if (isDataSetMessage(message)) this.#dataSet(message, at);
    else if (Object.hasOwn(message, "NodeId") && Object.hasOwn(message, "Value")) this.#monitored(message);
    else this.#fields(message, { writer: "", time: null, quality: "GOOD" });
  }

  #network(message: JsonObject, at: string): void {
    const { Messages } = message;
    const name = join(at, "Messages");
    if (Array.isArray(Messages)) {
      for (const [index, one] of Messages.entries()) {
        if (this.full) return;
        if (isObject(one)) this.#oneOf(one, join(name, String(index)));
        else this.refuse(join(name, String(index)), `is ${kindOf(one)}, and must be an object`);
      }
    } else if (isObject(Messages)) this.#oneOf(Messages, name);
    else
      this.refuse(
        name,
        Messages === undefined ? "is missing" : `is ${kindOf(Messages)}, and must be an array`,
      );
  }

  #oneOf(message: JsonObject, at: string): void {
    // Without its header, a data set message is its fields.
    if (isDataSetMessage(message)) this.#dataSet(message, at);
    else this.#fields(message, { writer: "", time: null, quality: "GOOD" });
  }

  #dataSet(message: JsonObject, at: string): void {
    const { Payload, MessageType } = message;
    if (Payload === undefined || Payload === null) {
      if (MessageType === undefined || MessageType === "ua-keepalive" || Payload === null) this.#signs += 1;
      else this.refuse(join(at, "Payload"), "is missing");
      return;
    }
    if (!isObject(Payload)) {
      this.refuse(join(at, "Payload"), `is ${kindOf(Payload)}, and must be an object`);
      return;
    }
    const time = timeOfField(message.Timestamp);
    if (time.problem !== null)
      this.refuse(join(at, "Timestamp"), `${shown(message.Timestamp)} is not a time`);
    const quality = statusQuality(message.Status);
    if (quality === null)
      this.refuse(join(at, "Status"), `is ${shown(message.Status)}, and must be a status code`);
    const writer = message.DataSetWriterName ?? message.DataSetWriterId ?? "";
    this.#fields(Payload, {
      writer: typeof writer === "object" ? "" : String(writer),
      time: time.ms,
      quality: quality ?? "UNCERTAIN",
    });
  }

  /** The form that OPC Publisher calls samples: one monitored item. */
  #monitored(message: JsonObject): void {
    const node = message.DisplayName ?? message.NodeId;
    const time = timeOfField(message.Timestamp);
    this.#fields({ [String(node)]: message.Value }, { writer: "", time: time.ms, quality: "GOOD" });
  }

  #fields(fields: JsonObject, set: { writer: string; time: number | null; quality: Quality }): void {
    if (Object.keys(fields).length === 0) this.#signs += 1;
    for (const [key, field] of Object.entries(fields)) {
      const name = this.#nameOf(key, set.writer);
      const other = this.#writers.get(name);
      if (other !== undefined && other !== set.writer) {
        const both = `the writers ${shown(other)} and ${shown(set.writer)} both write it`;
        this.refuse(name, `${both}: set prefix: writer in the mapping`);
      } else {
        this.#writers.set(name, set.writer);
        this.#field(name, fieldValueOf(field), set);
      }
      if (this.full) return;
    }
  }

  #field(name: string, field: FieldValue, set: { time: number | null; quality: Quality }): void {
    if (field.problem !== null) {
      this.refuse(name, field.problem);
      return;
    }
    const quality = worse(field.quality, set.quality);
    this.#leaves.add(name, field.value, { time: field.time ?? set.time, quality });
  }

  #nameOf(key: string, writer: string): string {
    const name = withoutNamespace(key);
    return this.#prefix === "none" || writer === ""
      ? name
      : this.#leaves.below(withoutNamespace(writer), name);
  }
}

function isDataSetMessage(message: JsonObject): boolean {
  if (Object.hasOwn(message, "Payload")) return true;
  return message.MessageType === "ua-keepalive" || Object.hasOwn(message, "DataSetWriterId");
}

function worse(a: Quality, b: Quality): Quality {
  return WORSE.indexOf(a) > WORSE.indexOf(b) ? a : b;
}

function join(at: string, field: string): string {
  return at === "" ? field : `${at}/${field}`;
}

/** A name without the namespace that publishers write before it: `nsu=http://x/;s=Name`, `ns=2;i=7`, `http://x/#Name`. */
function withoutNamespace(name: string): string {
  return name
    .replace(/^(?:svr=\d+;|svu=[^;]*;)?(?:nsu=[^;]*;|ns=\d+;)?(?:[isgb]=)?/, "")
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^#]*#(?:[isgb]=)?/i, "");
}
