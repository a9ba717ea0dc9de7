import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { decodePayload } from "../../src/sparkplug/decode-payload.js";
import { encodePayload } from "../../src/sparkplug/encode-payload.js";
import { stateOf } from "../../src/sparkplug/host-state.js";
import { type MetricValue, metricValueOf } from "../../src/sparkplug/metric-value.js";
import { DataType, type Metric, type Payload } from "../../src/sparkplug/payload.js";
import { bdSeq, metric, payload, REBIRTH } from "./edge-node.js";

/** A metric of an edge node or of a device. */
export interface EdgeMetric {
  readonly name: string;
  readonly dataType: number;
  value: MetricValue;
  /** Left out: it is told by name. */
  readonly alias?: number;
  /** What the birth tells beside, such as properties. */
  readonly more?: Partial<Metric>;
}

/** A command that came. */
export interface EdgeCommand {
  readonly topic: string;
  readonly payload: Payload;
  readonly at: number;
}

export interface EdgeClientOptions {
  readonly url: string;
  readonly group: string;
  readonly edgeNode: string;
  readonly metrics?: readonly EdgeMetric[];
  readonly devices?: Readonly<Record<string, readonly EdgeMetric[]>>;
  /** Seconds. */
  readonly keepaliveS?: number;
  /** It sends only while this host application is online. */
  readonly primaryHost?: string;
}

/** Whose metrics they are: the edge node's for null, or a device's. */
type Device = string | null;

/**
 * An edge node written from the specification (Sparkplug 3.0, chapters 4 to 6) that speaks MQTT: wills with a bdSeq of each
 * connection, numbered messages, births, commands, rebirths. It reports by exception.
 */
export class EdgeClient {
  readonly commands: EdgeCommand[] = [];
  readonly #options: EdgeClientOptions;
  readonly #metrics = new Map<Device, Map<string, EdgeMetric>>();
  #client: DeviceClient | null = null;
  #bdSeq = -1;
  #seq = 0;
  #hostAt = 0;
  #readAt = 0;
  #born = false;
  /** Whether it does what it is asked. */
  obeys = true;

  constructor(options: EdgeClientOptions) {
    this.#options = options;
    this.define(null, options.metrics ?? []);
    for (const [device, metrics] of Object.entries(options.devices ?? {})) this.define(device, metrics);
  }

  get bdSeq(): number {
    return this.#bdSeq;
  }

  /** Its births are out. */
  get born(): boolean {
    return this.#born;
  }

  /** Rebirth requests that came. */
  get rebirthsAsked(): number {
    return this.commands.filter(({ topic, payload: { metrics } }) => {
      return topic.includes("/NCMD/") && metrics.some(({ name }) => name === "Node Control/Rebirth");
    }).length;
  }

  /** What the next birth tells of the edge node, or of a device; there is no such device any more for null. */
  define(device: Device, metrics: readonly EdgeMetric[] | null): void {
    if (metrics === null) this.#metrics.delete(device);
    else this.#metrics.set(device, new Map(metrics.map((one) => [one.name, { ...one }])));
  }

  /** Connects, and resolves when its births are out, or when it waits for its host. */
  async connect(): Promise<void> {
    const { url, group, edgeNode, keepaliveS = 30, primaryHost } = this.#options;
    this.#bdSeq = (this.#bdSeq + 1) % 256;
    const client = connectDevice({
      url,
      clientId: `${group}-${edgeNode}`,
      keepaliveS,
      will: { topic: this.#topic("NDEATH", null), payload: this.#death(), qos: 1, retain: false },
    });
    this.#client = client;
    await client.ready();
    const command = (topic: string, bytes: Buffer) => this.#onCommand(client, topic, bytes);
    await client.subscribe(`spBv1.0/${group}/NCMD/${edgeNode}/#`, 1, command);
    await client.subscribe(`spBv1.0/${group}/DCMD/${edgeNode}/#`, 1, command);
    if (primaryHost === undefined) await this.birth();
    else
      await client.subscribe(`spBv1.0/STATE/${primaryHost}`, 1, (_, bytes) => this.#onState(client, bytes));
  }

  /** All births: that of the edge node first. */
  async birth(): Promise<void> {
    this.#seq = 0;
    const own = [bdSeq(this.#bdSeq), REBIRTH, ...this.#told(null)];
    await this.send("NBIRTH", null, own);
    for (const device of this.#metrics.keys()) if (device !== null) await this.deviceBirth(device);
    this.#born = true;
  }

  async deviceBirth(device: string): Promise<void> {
    await this.send("DBIRTH", device, this.#told(device));
  }

  async deviceDeath(device: string): Promise<void> {
    await this.send("DDEATH", device, []);
  }

  /** Metrics have other values, which it reports. */
  async set(device: Device, values: Readonly<Record<string, MetricValue>>): Promise<void> {
    // No two readings of one millisecond.
    this.#readAt = Math.max(Date.now(), this.#readAt + 1);
    const metrics = Object.entries(values).map(([name, value]) => {
      const one = this.#metric(device, name);
      one.value = value;
      return told(one, { timestamp: this.#readAt });
    });
    await this.send(device === null ? "NDATA" : "DDATA", device, metrics);
  }

  /** Any message, with the next number. */
  async send(
    type: string,
    device: Device,
    metrics: readonly Metric[],
    more: Partial<Payload> = {},
  ): Promise<void> {
    const message = payload(metrics, { timestamp: Date.now(), seq: this.#seq, ...more });
    this.#seq = (this.#seq + 1) % 256;
    await this.publish(type, device, encodePayload(message));
  }

  /** Any bytes, in place of a message. */
  async publish(type: string, device: Device, bytes: Uint8Array): Promise<void> {
    if (!this.#client) throw new Error("not connected");
    await this.#client.publish(this.#topic(type, device), Buffer.from(bytes), { qos: 0 });
  }

  /** So many messages are lost on the way. */
  lose(count = 1): void {
    this.#seq = (this.#seq + count) % 256;
  }

  /** Leaves in good order: its death, then DISCONNECT. */
  async leave(): Promise<void> {
    await this.#client?.publish(this.#topic("NDEATH", null), this.#death(), { qos: 1 });
    await this.#client?.end();
    this.#client = null;
    this.#born = false;
  }

  /** Its power is cut. */
  async die(): Promise<void> {
    await this.#client?.destroy();
    this.#client = null;
    this.#born = false;
  }

  #told(device: Device): Metric[] {
    return [...(this.#metrics.get(device)?.values() ?? [])].map(({ name, dataType, value, alias, more }) =>
      metric(name, dataType, value, {
        ...(alias === undefined ? {} : { alias }),
        timestamp: Date.now(),
        ...more,
      }),
    );
  }

  #metric(device: Device, name: string): EdgeMetric {
    const one = this.#metrics.get(device)?.get(name);
    if (!one) throw new Error(`${device}: no metric ${name}`);
    return one;
  }

  #death(): Buffer {
    return Buffer.from(encodePayload(payload([bdSeq(this.#bdSeq)], { timestamp: Date.now() })));
  }

  #topic(type: string, device: Device): string {
    const { group, edgeNode } = this.#options;
    return `spBv1.0/${group}/${type}/${edgeNode}${device === null ? "" : `/${device}`}`;
  }

  #onCommand(client: DeviceClient, topic: string, bytes: Buffer): void {
    if (client !== this.#client) return;
    const command = decodePayload(bytes);
    if (!command.ok) throw new Error(command.error);
    this.commands.push({ topic, payload: command.value, at: Date.now() });
    if (!this.obeys) return;
    const device = topic.split("/")[4] ?? null;
    const isRebirth = ({ name }: Metric) => name === "Node Control/Rebirth";
    if (command.value.metrics.some(isRebirth)) void this.birth().catch(() => undefined);
    else void this.#follow(device, command.value.metrics).catch(() => undefined);
  }

  async #follow(device: Device, metrics: readonly Metric[]): Promise<void> {
    const own = [...(this.#metrics.get(device)?.values() ?? [])];
    for (const written of metrics) {
      const one = own.find(({ name, alias }) =>
        written.alias === null ? name === written.name : alias === written.alias,
      );
      const value = one && metricValueOf(written, one.dataType);
      if (one && value?.ok) await this.set(device, { [one.name]: value.value });
    }
  }

  #onState(client: DeviceClient, bytes: Buffer): void {
    const said = stateOf(bytes);
    if (client !== this.#client || said === null || said.timestamp < this.#hostAt) return;
    this.#hostAt = said.timestamp;
    if (said.online && !this.#born) void this.birth().catch(() => undefined);
    // It goes, and comes back to wait for its host.
    else if (!said.online && this.#born)
      void this.leave()
        .then(() => this.connect())
        .catch(() => undefined);
  }
}

/** As data messages tell a metric: by alias where it has one, without its type. */
function told({ name, dataType, value, alias }: EdgeMetric, more: Partial<Metric>): Metric {
  const own = alias === undefined ? { name } : { name: null, alias };
  return metric(name, dataType, value, { ...own, dataType: DataType.Unknown, ...more });
}
