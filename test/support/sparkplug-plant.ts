import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectDevice } from "../../src/mqtt/device-client.js";
import { decodePayload } from "../../src/sparkplug/decode-payload.js";
import type { Payload } from "../../src/sparkplug/payload.js";
import { startTestApp, type TestApp } from "./app.js";
import { partOf, speaksMqtt5, type TestBroker } from "./broker.js";
import { EdgeClient, type EdgeClientOptions } from "./edge-client.js";
import { startMosquitto } from "./mosquitto.js";

/** The versions of MQTT that the broker may speak. */
export const MQTT_VERSIONS: readonly string[] = speaksMqtt5 ? ["5", "3.1.1"] : ["3.1.1"];

/** A broker that speaks one version of MQTT only: a part of that of `TEST_MQTT_URL`, or a Mosquitto of the test's own. */
export async function brokerOf(version: string): Promise<TestBroker> {
  const given = process.env.TEST_MQTT_URL;
  if (given !== undefined) return partOf(given, version === "3.1.1");
  const mosquitto = await startMosquitto();
  const part = await partOf(mosquitto.url, version === "3.1.1");
  return {
    ...part,
    async stop() {
      await part.stop();
      await mosquitto.stop();
    },
  };
}

/** A message of Sparkplug as it came by the broker. */
export interface Observed {
  readonly topic: string;
  /** `STATE`, or a type such as `DDATA`. */
  readonly type: string;
  /** Null where it is none of Sparkplug. */
  readonly payload: Payload | null;
  readonly text: string;
  readonly at: number;
}

/** What a plant with Sparkplug consists of; everything ends with it. */
export class SparkplugPlant {
  readonly observed: Observed[] = [];
  readonly #endings: (() => Promise<unknown>)[] = [];

  /** Runs at the end, the last given first. */
  onEnd(ending: () => Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
  }

  async broker(version: string): Promise<TestBroker> {
    const broker = await brokerOf(version);
    this.onEnd(() => broker.stop());
    return broker;
  }

  /** Hears everything of Sparkplug at a broker. */
  async observe(url: string): Promise<void> {
    const client = connectDevice({ url, clientId: "observer" });
    this.onEnd(() => client.end());
    await client.ready();
    await client.subscribe("spBv1.0/#", 1, (topic, bytes) => {
      const levels = topic.split("/");
      const decoded = decodePayload(bytes);
      this.observed.push({
        topic,
        type: (levels[1] === "STATE" ? levels[1] : levels[2]) ?? "",
        payload: decoded.ok ? decoded.value : null,
        text: bytes.toString("utf8"),
        at: Date.now(),
      });
    });
  }

  /** Observed messages of a type. */
  messages(type: string): Observed[] {
    return this.observed.filter((message) => message.type === type);
  }

  /** A plant file with this text. */
  async file(text: string): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), "sparkplug-"));
    this.onEnd(() => rm(folder, { recursive: true, force: true }));
    const file = path.join(folder, "plant.yaml");
    await writeFile(file, text);
    return file;
  }

  /** @param sources the lines below `sources:`. */
  async server(mqttUrl: string, sources: string, rest = ""): Promise<TestApp> {
    const app = await startTestApp({ mqttUrl, plant: `sources:\n${sources}\n${rest}` });
    this.onEnd(() => app.stop());
    return app;
  }

  /** An edge node, connected. */
  async edge(options: EdgeClientOptions): Promise<EdgeClient> {
    const edge = new EdgeClient(options);
    this.onEnd(() => edge.die());
    await edge.connect();
    return edge;
  }
}
