import type { EdgeNode } from "../../src/sparkplug/edge-node.js";
import type { MetricValue } from "../../src/sparkplug/metric-value.js";
import type { EdgeMessageType, NodeEvent, NodeMessage, Outcome } from "../../src/sparkplug/node-events.js";
import {
  DataType,
  type Metric,
  type Payload,
  type PropertySet,
  type PropertyValue,
} from "../../src/sparkplug/payload.js";
import { wireValueOf } from "../../src/sparkplug/wire-value.js";

/** When the stories begin, by everybody's clock. */
export const T = 1_764_000_000_000;

const BARE: Metric = {
  name: null,
  alias: null,
  timestamp: null,
  dataType: DataType.Unknown,
  historical: false,
  transient: false,
  isNull: false,
  metadata: null,
  properties: null,
  wire: null,
};

/** A metric with a value of a data type. */
export function metric(
  name: string,
  dataType: number,
  value: MetricValue,
  more: Partial<Metric> = {},
): Metric {
  if (value === null) return { ...BARE, name, dataType, isNull: true, ...more };
  const wire = wireValueOf(value, dataType);
  if (!wire.ok) throw new Error(wire.error);
  return { ...BARE, name, dataType, wire: wire.value, ...more };
}

/** A metric as data messages tell it: by alias, without its type. */
export function aliased(
  alias: number | bigint,
  dataType: number,
  value: MetricValue,
  more: Partial<Metric> = {},
): Metric {
  return metric("", dataType, value, { name: null, alias, dataType: DataType.Unknown, ...more });
}

export function properties(entries: Readonly<Record<string, PropertyValue>>): PropertySet {
  return { keys: Object.keys(entries), values: Object.values(entries) };
}

export function quality(code: number): PropertySet {
  return properties({
    Quality: { dataType: DataType.Int32, isNull: false, wire: { field: "int", value: code } },
  });
}

export const bdSeq = (number: number) => metric("bdSeq", DataType.Int64, number);
export const REBIRTH = metric("Node Control/Rebirth", DataType.Boolean, false);

export function payload(metrics: readonly Metric[], more: Partial<Payload> = {}): Payload {
  return { timestamp: T, metrics, seq: null, uuid: null, body: null, ...more };
}

/** A message that is received a tenth of a second after it was sent. */
export function message(
  type: EdgeMessageType,
  device: string | null,
  told: Payload | null,
  more: Partial<NodeMessage> = {},
): NodeMessage {
  const receivedAt = (told?.timestamp ?? T) + 100;
  return { type, device, payload: told, bytes: 100, receivedAt, retained: false, ...more };
}

/** An edge node written from the specification, as far as what it sends goes. */
export class SparkplugEdge {
  #seq = 0;
  #now: number;
  bdSeq = 0;

  constructor(now = T) {
    this.#now = now;
  }

  get now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** The next number is lost, or on the way. */
  skip(count = 1): void {
    this.#seq = (this.#seq + count) % 256;
  }

  nbirth(metrics: readonly Metric[] = []): NodeMessage {
    this.#seq = 0;
    return this.#send("NBIRTH", null, [bdSeq(this.bdSeq), REBIRTH, ...metrics]);
  }

  dbirth(device: string, metrics: readonly Metric[] = []): NodeMessage {
    return this.#send("DBIRTH", device, metrics);
  }

  ndata(...metrics: readonly Metric[]): NodeMessage {
    return this.#send("NDATA", null, metrics);
  }

  ddata(device: string, ...metrics: readonly Metric[]): NodeMessage {
    return this.#send("DDATA", device, metrics);
  }

  ddeath(device: string): NodeMessage {
    return this.#send("DDEATH", device, []);
  }

  /** The will of the connection with the number. */
  ndeath(number = this.bdSeq): NodeMessage {
    return message("NDEATH", null, payload([bdSeq(number)], { timestamp: this.#now }));
  }

  #send(type: EdgeMessageType, device: string | null, metrics: readonly Metric[]): NodeMessage {
    const sent = payload(metrics, { timestamp: this.#now, seq: this.#seq });
    this.#seq = (this.#seq + 1) % 256;
    return message(type, device, sent);
  }
}

/** All that follows from messages, one after the other. */
export function takeAll(node: EdgeNode, messages: readonly NodeMessage[]): Outcome<NodeMessage> {
  const events: NodeEvent[] = [];
  const settled: NodeMessage[] = [];
  let rebirth: Outcome<NodeMessage>["rebirth"] = null;
  for (const one of messages) {
    const outcome = node.take(one);
    events.push(...outcome.events);
    settled.push(...outcome.settled);
    rebirth ??= outcome.rebirth;
  }
  return { events, settled, rebirth, deadline: node.deadline };
}

/** The values of events, as `device/metric=value`, marked `?` when uncertain, `!` when bad, `~` when historical. */
export function values(events: readonly NodeEvent[]): string[] {
  const marks = { GOOD: "", UNCERTAIN: "?", BAD: "!" };
  return events.flatMap((event) =>
    event.kind === "born" || event.kind === "data"
      ? event.readings.map((reading) => {
          const mark = marks[reading.quality] + (reading.historical ? "~" : "");
          return `${event.device ?? ""}/${reading.metric}=${String(reading.value)}${mark}`;
        })
      : [],
  );
}

/** The events without their values, as one line each. */
export function lines(events: readonly NodeEvent[]): string[] {
  return events.map((event) => {
    const who = "device" in event && event.device !== null ? event.device : "node";
    if (event.kind === "stale")
      return `stale ${event.stale.map(({ device }) => device ?? "node").join(" ")}: ${event.reason}`;
    return event.kind === "ignored" ? `ignored ${event.type}: ${event.reason}` : `${event.kind} ${who}`;
  });
}
