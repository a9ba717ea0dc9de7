import type { Random } from "../../src/demo/random.js";
import { validateTopic } from "../../src/mqtt/topic.js";

/** Brokers close the connection of a client that publishes with more; some take 128 levels, and tests may add one. */
const MOST_TOPIC_SLASHES = 120;
const MACHINES = 50;

/** Keys and texts that break what was not made for them, written as inside a JSON string. */
const ODD_TEXTS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "",
  "/",
  "a/b",
  "a//b",
  "/a",
  "a/",
  "+",
  "#",
  "$share",
  "ts",
  "online",
  "n",
  "0",
  "\\u0000",
  "\\ud800",
  "\\udc00x",
  "\\ud83d\\ude00",
  "\\ufeff",
  "\\u202e",
  "é",
  "🏭",
  "\u007f",
  "x".repeat(256),
  "x".repeat(257),
  "x".repeat(3_000),
  "true",
  "offline",
  "2026-01-05T08:00:00Z",
  "2026-02-30T25:61:00+99:99",
  ...["Value", "Body", "Type", "UaType", "StatusCode", "Payload", "Messages", "MessageType", "ua-data"],
  ...["values", "tags", "errors", "node", "group", "name", "timestamp", "timestamp_ms", "value", "q"],
];

const ODD_NUMBERS = [
  "0",
  "-0",
  "1e400",
  "-1e400",
  "5e-324",
  "1E+2",
  "0123",
  "-",
  "1.",
  "NaN",
  "Infinity",
  "9007199254740993",
  "-9223372036854775808",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  `1${"0".repeat(63)}`,
  "9".repeat(400),
  `0.${"3".repeat(400)}`,
  "1717083000",
  "1717083000000",
  "1717083000000000000",
  "8640000000000001",
];

/** Bytes that are put into payloads. */
const ODD_BYTES = [
  Buffer.from([0]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  // A surrogate, an overlong slash, a lonely continuation: none is UTF-8.
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from([0x80]),
  Buffer.from('"'),
  Buffer.from("\\"),
  Buffer.from("{"),
  Buffer.from("}"),
  Buffer.from(","),
  Buffer.from(':{"__proto__":{"x":1}},'),
  Buffer.from("12345678901234567890"),
];

const ODD_LEVELS = [
  "",
  "cmd",
  "telemetry",
  "lwt",
  "_historian",
  "_analytics",
  "Status",
  "Command",
  "$SYS",
  "é",
  "🏭",
  " ",
  "__proto__",
  "..",
  "x".repeat(300),
];
/** What brokers refuse in topics: control characters, and code points that are no characters. */
const UNPUBLISHABLE = /\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/u;

/** Payloads and topics as broken and hostile devices send them; the same ones for the same random numbers. */
export class Fuzzer {
  readonly #random: Random;
  readonly #base: number;

  /** @param base the time around which sensible messages claim to be measured, in ms. */
  constructor(random: Random, base: number) {
    this.#random = random;
    this.#base = base;
  }

  /** Random bytes, random text, random JSON, or a valid payload, mostly with mutations. */
  payload(): Buffer {
    const kind = this.#random();
    if (kind < 0.05) return this.#bytes(this.#below(200));
    if (kind < 0.1) return Buffer.from(this.#text(this.#below(60)));
    if (kind < 0.3) return Buffer.from(this.#json(0));
    let payload: Buffer = Buffer.from(this.#valid());
    if (kind < 0.4) return payload;
    for (let left = 1 + this.#below(3); left > 0; left -= 1) payload = this.mutated(payload);
    return payload;
  }

  /** One change: bits, bytes, pieces or nesting. */
  mutated(payload: Buffer): Buffer {
    const at = this.#below(payload.length + 1);
    const to = Math.min(payload.length, at + this.#below(20));
    const [before, piece, rest] = [payload.subarray(0, at), payload.subarray(at, to), payload.subarray(at)];
    switch (this.#below(9)) {
      case 0: {
        const flipped = Buffer.from(payload);
        if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << this.#below(8));
        return flipped;
      }
      case 1:
        return before;
      case 2:
        return Buffer.concat([before, piece, rest]);
      case 3:
        return Buffer.concat([before, payload.subarray(to)]);
      case 4:
        return Buffer.concat([before, this.#bytes(1 + this.#below(8)), rest]);
      case 5:
        return Buffer.concat([before, this.#one(ODD_BYTES), rest]);
      case 6:
        return Buffer.concat([before, Buffer.from(this.#json(2)), rest]);
      case 7:
        return this.#nested(payload);
      default:
        return Buffer.concat([payload, payload]);
    }
  }

  /** The topic of a machine below `root`, mostly as devices use it, else changed; perhaps one that no broker takes. */
  topic(root: string): string {
    const machine = `${root}/site/area/line/m-${this.#below(MACHINES)}`;
    const kind = this.#random();
    if (kind < 0.25) return this.#industrialTopic(root);
    if (kind < 0.55) return `${machine}/telemetry`;
    if (kind < 0.75) return `${machine}/${this.#one(["temp", "state", "tank/level", "n"])}`;
    if (kind < 0.85) return `${machine}/lwt`;
    const levels =
      `${machine}/${this.#one(["telemetry", "temp", "cmd/go", "cmd/go/reply", "cmd/reply"])}`.split("/");
    const at = 1 + this.#below(levels.length - 1);
    const odd = this.#random() < 0.5 ? this.#one(ODD_LEVELS) : this.#text(this.#below(12));
    const change = this.#below(6);
    if (change === 0) levels.splice(at, 1);
    else if (change === 1) levels.splice(at, 0, odd);
    else if (change === 2) levels.push(...Array.from({ length: this.#below(190) }, () => "deep"));
    else if (change < 5) levels[at] = odd;
    return levels.join("/");
  }

  /** Beside the root, below a level that names the format; now and then with an odd level at its end. */
  #industrialTopic(root: string): string {
    const machine = `m-${this.#below(MACHINES)}`;
    const topics = [
      `umh/v1/acme/${machine}/${this.#one(["_historian/tank/level", "_historian", "_raw/t", "_analytics/shift/add", "none"])}`,
      `packml/acme/${machine}/${this.#one(["Status/StateCurrent", "Status/UnitModeCurrent", "Status", "Admin/Count/0", "Command/Start"])}`,
      `opcua/${machine}`,
      `readings/${machine}/p`,
      `list/${machine}`,
      `neuron/${machine}`,
    ];
    const topic = `${root}-industry/${this.#one(topics)}`;
    return this.#random() < 0.9 ? topic : `${topic}/${this.#one(ODD_LEVELS)}`;
  }

  /** A topic that every broker takes. */
  publishableTopic(root: string): string {
    for (;;) {
      const topic = this.topic(root);
      const slashes = topic.split("/").length - 1;
      if (validateTopic(topic) === null && !UNPUBLISHABLE.test(topic) && slashes < MOST_TOPIC_SLASHES)
        return topic;
    }
  }

  #valid(): string {
    const time = this.#base + this.#below(100_000);
    const n = this.#below(1_000);
    if (this.#random() < 0.4) return this.#industrial(time, n);
    switch (this.#below(8)) {
      case 0:
        return String(n / 10);
      case 1:
        return this.#one(["true", "false", "online", "offline", "null", '"text"', "EXECUTE"]);
      case 2:
        return JSON.stringify({ online: n % 2 === 0, ts: time });
      case 3:
        return `{"ts":${time}000000,"counter":9223372036854${n},"n":${n}}`;
      case 4:
        return JSON.stringify({ ts: new Date(time).toISOString(), axes: [n, { angle: 90 }], text: "é🏭" });
      default:
        return JSON.stringify({
          ts: time,
          temperature: n / 7,
          spindle: { speed: n, on: true },
          state: "EXECUTE",
        });
    }
  }

  /** A payload of one of the formats that industry has agreed on, or of readings. */
  #industrial(time: number, n: number): string {
    const at = new Date(time).toISOString();
    const value = this.#one<unknown>([
      n,
      n / 7,
      "text",
      true,
      null,
      [n, { x: 1 }],
      "NaN",
      "9223372036854775807",
    ]);
    switch (this.#below(8)) {
      case 0:
        return JSON.stringify({ timestamp_ms: time, value });
      case 1:
        return JSON.stringify({ timestamp_ms: time, level: value, group: { value } });
      case 2:
        return this.#one([String(n % 20), "Execute", "Production", "Held", ""]);
      case 3:
        return JSON.stringify({
          node: "m",
          group: "g",
          timestamp: time,
          values: { a: value },
          errors: { b: n },
        });
      case 4: {
        const tags = [{ name: "a", value }, { name: "b", error: n }, { name: "c" }];
        return JSON.stringify({ node: "m", group: "g", timestamp: time, tags });
      }
      case 5:
        return JSON.stringify(
          this.#one<unknown>([
            { v: value, q: n, t: time },
            [
              { id: "a", v: value, t: at },
              { id: n, v: n },
            ],
          ]),
        );
      default:
        return JSON.stringify(this.#opcUa(value, at, n));
    }
  }

  #opcUa(value: unknown, at: string, n: number): unknown {
    const field = this.#one<unknown>([
      value,
      { Value: value, SourceTimestamp: at, StatusCode: n * 4_294_967 },
      { UaType: n % 30, Value: value, Status: { Code: n } },
      { Type: n % 30, Body: value },
      { Value: { Type: 22, Body: { TypeId: "i=1", Body: { x: value } } } },
    ]);
    const set = {
      DataSetWriterId: n % 3,
      Timestamp: at,
      MessageType: this.#one(["ua-keyframe", "ua-keepalive", "ua-event"]),
      Payload: { F: field, "ns=2;s=G": field },
    };
    return this.#one<unknown>([
      { MessageType: "ua-data", PublisherId: "p", Messages: [set, { ...set, DataSetWriterId: 5 }] },
      { MessageType: "ua-data", Messages: set },
      [set, { F: field }],
      set,
      { F: field },
      { MessageType: this.#one(["ua-metadata", "ua-status"]), Status: n % 5, Timestamp: at },
      { NodeId: "ns=2;s=N", Value: field },
    ]);
  }

  /** JSON, or nearly. */
  #json(depth: number): string {
    const items = () => Array.from({ length: this.#below(5) }, () => this.#json(depth + 1));
    switch (this.#below(depth > 4 ? 5 : 8)) {
      case 0:
        return this.#one(ODD_NUMBERS);
      case 1:
        return String((this.#random() - 0.5) * 10 ** (this.#below(40) - 20));
      case 2:
        return this.#one(["true", "false", "null"]);
      case 3:
        return `"${this.#one(ODD_TEXTS)}"`;
      case 4:
        return JSON.stringify(this.#text(this.#below(20)));
      case 5:
        return `[${items().join(",")}]`;
      default:
        return `{${items()
          .map((item) => `"${this.#one(ODD_TEXTS)}":${item}`)
          .join(",")}}`;
    }
  }

  #nested(payload: Buffer): Buffer {
    const levels = this.#one([1, 15, 16, 17, 100, 100, 3_000]);
    const [open, close] = this.#one([
      ["[", "]"],
      ['{"a":', "}"],
      ['{"ts":', "}"],
      ['{"online":[', "]}"],
    ]) as [string, string];
    return Buffer.concat([Buffer.from(open.repeat(levels)), payload, Buffer.from(close.repeat(levels))]);
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  /** Characters of all planes and kinds. */
  #text(length: number): string {
    const highest = [0x7f, 0x2ff, 0xffff, 0x10ffff];
    return Array.from({ length }, () => String.fromCodePoint(this.#below(this.#one(highest) + 1))).join("");
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }
}
