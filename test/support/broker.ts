import { randomUUID } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { REFUSAL_OF_VERSION, versionIn } from "../../bench/mqtt-packets.js";
import { connectDevice } from "../../src/mqtt/device-client.js";
import { mosquittoAvailable, startMosquitto } from "./mosquitto.js";
import { Namespace, PacketCutter, type Traces } from "./mqtt-namespace.js";

/** The broker of others that tests talk to; unset for a Mosquitto of each test's own. */
const GIVEN = process.env.TEST_MQTT_URL;
/** Every client is refused MQTT 5, as by a broker that does not speak it. */
const OLD = process.env.TEST_MQTT_VERSION === "3.1.1";

/** Whether the broker speaks MQTT 5, as far as the tests know. */
export const speaksMqtt5: boolean = !OLD;

/** Whether tests can have a broker; where not, `support/mosquitto.ts` says so and they skip. */
export const brokerAvailable: boolean = GIVEN !== undefined || mosquittoAvailable;

/** A broker as a test sees it: empty, nobody else's, and open to all. */
export interface TestBroker {
  readonly url: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Breaks all connections without a goodbye, as by a restart; then takes new ones. */
  interrupt(): Promise<void>;
  /** Ends every session and takes back what was retained. */
  stop(): Promise<void>;
}

/**
 * The broker that TEST_MQTT_URL names, through a relay that keeps the test's client ids and topics apart from all
 * others', else a Mosquitto of the test's own. A test that restarts or configures its broker starts a Mosquitto instead.
 */
export async function startBroker(): Promise<TestBroker> {
  if (GIVEN !== undefined) return partOf(GIVEN);
  const mosquitto = await startMosquitto();
  if (!OLD) {
    const interrupt = async () => {
      await mosquitto.kill();
      await mosquitto.restart();
    };
    return { url: mosquitto.url, port: mosquitto.port, interrupt, stop: () => mosquitto.stop() };
  }
  const relay = await relayTo(mosquitto.url, null, OLD);
  return {
    ...relay,
    async stop() {
      await relay.stop();
      await mosquitto.stop();
    },
  };
}

/** A part of a broker that looks like a whole one: client ids and topics of its own. */
export function partOf(url: string, refusesMqtt5 = OLD): Promise<TestBroker> {
  return relayTo(url, `t-${randomUUID().slice(0, 8)}/`, refusesMqtt5);
}

/** @param prefix of all client ids and topics; null to leave them. */
async function relayTo(target: string, prefix: string | null, refusesMqtt5: boolean): Promise<TestBroker> {
  const sockets = new Set<Socket>();
  const { username, password } = new URL(target);
  const credentials =
    username === ""
      ? null
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const traces: Traces = { sessions: new Set(), retained: new Set() };
  const server = createServer((inner) => {
    const outer = connectTo(new URL(target));
    const end = () => {
      inner.destroy();
      outer.destroy();
    };
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    inner.once("data", (data) => {
      if (refusesMqtt5 && versionIn(data) === 5) inner.end(REFUSAL_OF_VERSION);
      else if (prefix === null) carry(inner, outer, data, (packet) => packet);
      else {
        const namespace = new Namespace(prefix, traces, credentials);
        carry(inner, outer, data, (packet) => namespace.outward(packet));
        carry(outer, inner, Buffer.alloc(0), (packet) => namespace.inward(packet));
      }
    });
    if (prefix === null) outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const interrupt = async () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    port: address.port,
    interrupt,
    async stop() {
      await interrupt();
      await new Promise((resolve) => server.close(resolve));
      await forget(target, traces);
    },
  };
}

function connectTo(url: URL): Socket {
  const { hostname: host, protocol } = url;
  if (protocol === "mqtts:") return connectTls({ host, servername: host, port: Number(url.port || 8883) });
  if (protocol !== "mqtt:") throw new Error("TEST_MQTT_URL must begin with mqtt:// or mqtts://");
  return connect(Number(url.port || 1883), host);
}

/** @param first what was read already. */
function carry(from: Socket, to: Socket, first: Buffer, rewrite: (packet: Buffer) => Buffer): void {
  const cutter = new PacketCutter();
  const take = (data: Buffer) => {
    const packets = cutter.take(data);
    if (packets.length > 0 && !to.write(Buffer.concat(packets.map(rewrite)))) from.pause();
  };
  take(first);
  from.on("data", take);
  to.on("drain", () => from.resume());
}

async function forget(url: string, { sessions, retained }: Traces): Promise<void> {
  for (const clientId of sessions) {
    const again = connectDevice({ url, clientId });
    await again.ready();
    await again.end();
  }
  if (retained.size === 0) return;
  const device = connectDevice({ url, clientId: `t-${randomUUID()}` });
  await device.ready();
  for (const topic of retained) await device.publish(topic, "", { qos: 1, retain: true });
  await device.end();
}
