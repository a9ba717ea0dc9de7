/** A message, or the head of one, that could not be taken, and why. */
export interface Untaken {
  readonly topic: string;
  /** The first bytes are enough. */
  readonly payload: Buffer;
  readonly reason: string;
}

/** So much of a payload is looked at. */
const HEAD_BYTES = 1_024;
const UNMAPPED = /^(?:no mapping takes|there is no source|the topic makes no machine path)/;
const PACKML_TAG = /(?:^|\/)(?:Status|Admin|Command)\//;
const OPC_UA_MESSAGE = /"MessageType"\s*:\s*"ua-|"DataSetWriter(?:Id|Name)"\s*:/;
const NEURON_MESSAGE = /"(?:values|tags|errors)"\s*:/;

type Rule = (message: Seen) => string | null;

interface Seen {
  readonly topic: string;
  readonly payload: Buffer;
  readonly reason: string;
  /** The head as text, without white space around it. */
  readonly text: string;
  readonly unmapped: boolean;
}

/**
 * What a user may do so that such messages are taken, as a sentence or two.
 * @returns null where nothing can be said that the reason does not say.
 */
export function suggestionFor({ topic, payload, reason }: Untaken): string | null {
  const text = payload
    .subarray(0, HEAD_BYTES)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trim();
  const seen: Seen = { topic, payload, reason, text, unmapped: UNMAPPED.test(reason) };
  for (const rule of RULES) {
    const suggestion = rule(seen);
    if (suggestion !== null) return suggestion;
  }
  return null;
}

/** From what is told by the reason alone to what is guessed from topic and payload. */
const RULES: readonly Rule[] = [byReason, byTopic, byPayload, byWrongFormat, byNewMapping];

const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /and the source does not discover/,
    "Set discovery: auto on the source, or list the machine under equipment and its metrics in its machine type.",
  ],
  [
    /is not a value of type/,
    "Give the metric in the machine type the type of what the device sends, or send what the type says.",
  ],
  [
    /is not a time/,
    "Let timestamp name the field that holds the time: s, ms, us or ns since 1970, or ISO 8601. Without timestamp the time of arrival is taken.",
  ],
  [
    /so it counts no messages/,
    "Let sequence name a whole number that grows by one with each message, or leave sequence out.",
  ],
  [
    /metric name must not|metric name has at most/,
    "Give the value another name with metrics: { from, name } in the mapping, or leave it out with ignore: true.",
  ],
  [
    /is too large to be read/,
    "Let the device send its values in several messages, or one topic for each value.",
  ],
  [
    /cannot be scaled/,
    "Scale only metrics that are numbers: narrow the from of that rule, or leave out scale.",
  ],
  [
    /machines already|the machine has \d+ already/,
    "Something makes ever new names: look at the levels of the topic, or at the names in the payload, that change with each message.",
  ],
];

function byReason({ reason }: Seen): string | null {
  return REASONS.find(([pattern]) => pattern.test(reason))?.[1] ?? null;
}

function byTopic({ topic, reason, unmapped }: Seen): string | null {
  if (/^spBv1\.0\//.test(topic)) {
    return unmapped || /UTF-8|JSON/.test(reason)
      ? "This is Sparkplug B, a binary format: read it with a source that has sparkplug: {} instead of mappings."
      : null;
  }
  if (topic.split("/").includes("") && !topic.startsWith("/") && unmapped) {
    return "The topic has an empty level (two slashes in a row, or one at its end): let the device publish without it.";
  }
  if (!unmapped) return null;
  if (/^umh\/v1\/.*\/_[^/]+/.test(topic)) {
    return 'This looks like the United Manufacturing Hub: { topic: "umh/v1/{location+}", format: umh }.';
  }
  if (/^\/?neuron\/[^/]+/.test(topic)) return neuronMapping(topic);
  return null;
}

function byPayload(seen: Seen): string | null {
  const { payload, text, reason, topic, unmapped } = seen;
  if (payload.length === 0) {
    return "An empty payload clears a retained message and holds no value: nothing needs to be done.";
  }
  if (payload[0] === 0x1f && payload[1] === 0x8b)
    return "The payload is compressed (gzip): switch the publisher's compression off.";
  if (/not UTF-8/.test(reason)) {
    return "The payload is binary: let the device send text or JSON; of binary formats only Sparkplug is read.";
  }
  if (text.startsWith("<"))
    return "The payload looks like XML, which no format reads: let the device send JSON.";
  if (/is not JSON/.test(reason)) return brokenJson(text);
  if (!/^[[{]/.test(text)) return packmlMapping(topic, unmapped);
  if (OPC_UA_MESSAGE.test(text) && mayBeOther(seen, "opcua")) {
    return `This looks like OPC UA PubSub: map it with format opcua, such as { topic: "${exampleTopic(topic, false)}", format: opcua }.`;
  }
  const neuron = /"node"\s*:/.test(text) && /"group"\s*:/.test(text) && NEURON_MESSAGE.test(text);
  if (neuron && mayBeOther(seen, "neuron")) return neuronMapping(topic);
  return packmlMapping(topic, unmapped);
}

/** Whether it was not read by this very format already. */
function mayBeOther({ reason, unmapped }: Seen, format: string): boolean {
  return unmapped || !reason.includes(`format ${format}`);
}

function brokenJson(text: string): string | null {
  if (/^[[{]\s*'/.test(text)) return "JSON wants double quotes around names and texts, not single ones.";
  if (/\b(?:NaN|-?Infinity|None|nan|inf)\b/.test(text)) {
    return "JSON has no NaN, Infinity or None: let the device send null where it has no value.";
  }
  if (/[,{]\s*[A-Za-z_]\w*\s*:/.test(text)) return "JSON wants double quotes around names.";
  if (/,\s*[}\]]/.test(text)) return "JSON has no comma after the last value.";
  if (!/^[[{]/.test(text)) {
    return "The payload is a single value: map this topic with format value, with {metric} or {metric+} in the topic.";
  }
  return "The payload ends or breaks off too early: look at the buffer of the device that writes it.";
}

function packmlMapping(topic: string, unmapped: boolean): string | null {
  if (!unmapped || !PACKML_TAG.test(topic)) return null;
  const before = topic.split("/").findIndex((level) => /^(?:Status|Admin|Command)$/.test(level));
  if (before < 1) return null;
  return 'This looks like PackML tags: { topic: "{machine+}", format: packml }, after the mappings of other topics.';
}

function neuronMapping(topic: string): string {
  const levels = topic.split("/");
  const at = levels.indexOf("neuron");
  const own =
    at < 0 || levels.length !== at + 2
      ? exampleTopic(topic, false)
      : `${levels.slice(0, at + 1).join("/")}/{machine}`;
  return `This looks like EMQX Neuron: { topic: "${own}", format: neuron }.`;
}

/** The topic is mapped, and the payload is of the other of the two plain formats. */
function byWrongFormat({ reason, text, unmapped }: Seen): string | null {
  if (unmapped) return null;
  if (/format value takes a single value/.test(reason) || /wants an object/.test(reason)) {
    return /^[[{]/.test(text)
      ? "Map this topic with format json, in a mapping above the one that takes it now."
      : "Map this topic with format value, with {metric} or {metric+} in the topic, in a mapping above the one that takes it now.";
  }
  return null;
}

function byNewMapping({ topic, text, unmapped }: Seen): string | null {
  if (!unmapped || topic === "" || topic.startsWith("$") || topic.split("/").length < 2) return null;
  const json = /^[[{]/.test(text);
  const mapping = `{ topic: "${exampleTopic(topic, !json)}", format: ${json ? "json" : "value"} }`;
  return `Add a mapping such as ${mapping} to the source, and see with previewMessage what it makes of the message.`;
}

const NAMES = ["enterprise", "site", "area", "line", "machine"];

/** A topic template that takes such topics: all but the last level name the machine, as in ISA-95. */
function exampleTopic(topic: string, metricFromTopic: boolean): string {
  const levels = topic.split("/");
  const rooted = levels[0] === "";
  const named = rooted ? levels.slice(1) : levels;
  const last = named.at(-1) ?? "";
  const above = named.slice(0, Math.min(named.length - 1, NAMES.length)).map((_, index, all) => {
    // The last of them is the machine, however many there are.
    const name = index === all.length - 1 ? "machine" : NAMES[index];
    return `{${name}}`;
  });
  const deeper = named.length - 1 > NAMES.length;
  const literal = /[{}+#]/.test(last) ? "+" : last;
  const end = metricFromTopic || deeper ? "{metric+}" : literal;
  return [...(rooted ? [""] : []), ...above, end].join("/");
}
