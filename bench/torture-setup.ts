import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { redactUrl } from "../src/mqtt/broker-url.js";
import { connectDevice } from "../src/mqtt/device-client.js";
import { freePort, query, until } from "./parts.js";
import type { Victims } from "./torture-faults.js";
import { COUNTER_MAX, countingMachines } from "./torture-made.js";
import { TortureMosquitto, TorturePostgres, TortureServer } from "./torture-parts.js";
import { pathOf } from "./torture-publisher.js";
import { type Target, TortureRelay } from "./torture-relay.js";

export const TORTURE_HELP = `npm run torture -- [--messages N] [--rate R] [--faults F] [--machines M] [--seed S]
                   [--broker URL] [--mqtt 5|3.1.1] [--outage SECONDS]

Sends N numbered messages at QoS 1 (1000000), R a second (2000), from M machines (200), while F faults (30) befall the
server, PostgreSQL, Mosquitto and the connections between them. Then looks whether every number that was acknowledged is
in the history, once, and in its twin; and, of the fifth of the machines that count pieces and report states, whether
operations, KPIs and downtimes are what the messages imply. The seed decides what happens when. Exit code 1 when anything is
wrong.

--broker   mqtt://user:password@host:port of a broker to use, else TEST_MQTT_URL, else a Mosquitto of its own. Another's
           broker is not restarted, and does not tell what it dropped: see that it keeps as many messages as may wait.
--mqtt     5, or 3.1.1: then the server is refused MQTT 5 and has to go back by itself. TEST_MQTT_VERSION
--outage   no faults but one: PostgreSQL is away for so many seconds. Nothing may be acknowledged, the memory must stay
           bounded, /readyz must say why, and all goes on by itself. N is what machines send meanwhile, unless told.
`;

const SOURCE = "shopfloor";
/** How long machines go on sending before and after an outage, together. */
const AROUND_OUTAGE_S = 20;

export interface Settings {
  readonly messages: number;
  readonly rate: number;
  readonly faults: number;
  readonly machines: number;
  readonly seed: number;
  /** Null for a Mosquitto of the run's own. */
  readonly broker: string | null;
  readonly mqtt: "5" | "3.1.1";
  /** Seconds; null for faults. */
  readonly outage: number | null;
}

/** Cleanups, the last first. */
export type Cleanups = (() => Promise<unknown> | unknown)[];

/** Reads the command line; null, with what is wrong written to stdout, when it cannot be. */
export function settingsFrom(args: readonly string[], env: NodeJS.ProcessEnv): Settings | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        messages: { type: "string" },
        rate: { type: "string", default: "2000" },
        faults: { type: "string", default: "30" },
        machines: { type: "string", default: "200" },
        seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
        broker: { type: "string", default: env.TEST_MQTT_URL ?? "" },
        mqtt: { type: "string", default: env.TEST_MQTT_VERSION ?? "5" },
        outage: { type: "string" },
      },
    });
    const number = (text: string, least: number) => {
      const value = Number(text);
      if (!Number.isInteger(value) || value < least) throw new Error(`not a number from ${least}: ${text}`);
      return value;
    };
    const { mqtt, broker } = values;
    if (mqtt !== "5" && mqtt !== "3.1.1") throw new Error(`--mqtt must be 5 or 3.1.1: ${mqtt}`);
    if (broker !== "" && !broker.startsWith("mqtt://")) throw new Error("--broker must begin with mqtt://");
    const rate = number(values.rate, 1);
    const outage = values.outage === undefined ? null : number(values.outage, 1);
    const usual = outage === null ? 1_000_000 : rate * (outage + AROUND_OUTAGE_S);
    return {
      messages: values.messages === undefined ? usual : number(values.messages, 1),
      rate,
      faults: number(values.faults, 0),
      machines: number(values.machines, 1),
      seed: number(values.seed, 0),
      broker: broker === "" ? null : broker,
      mqtt,
      outage,
    };
  } catch (error) {
    if (!args.includes("--help")) process.stdout.write(`${String(error)}\n\n`);
    return null;
  }
}

/** The command that does the same again; without a broker's password, for it stands in logs. */
export function againWith(settings: Settings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== null);
  return [
    "npm run torture --",
    ...given.map(([name, value]) => `--${name} ${redactUrl(String(value))}`),
  ].join(" ");
}

/**
 * Starts all but the publishers.
 * @param root the first level of all topics.
 */
export async function startParts(
  settings: Settings,
  root: string,
  folder: string,
  cleanups: Cleanups,
): Promise<{ victims: Victims; publishersUrl: string }> {
  const postgres = new TorturePostgres(path.join(folder, "database"));
  // Its user, where this runs as root, must be able to pass.
  await chmod(folder, 0o755);
  cleanups.push(() => postgres.retire());
  await postgres.start();
  const mosquitto = settings.broker === null ? await ownBroker(folder, cleanups) : null;
  const relay = async (target: Target) => {
    const made = await TortureRelay.to(target);
    cleanups.push(() => made.close());
    return made;
  };
  const databaseLink = await relay(postgres.target);
  // What a server asks on the connection that holds a source's lock.
  databaseLink.mark = "pg_try_advisory_lock";
  const brokerUrl = new URL(settings.broker ?? `mqtt://127.0.0.1:${mosquitto?.port}`);
  const broker = { host: brokerUrl.hostname, port: Number(brokerUrl.port || 1883) };
  const through = (link: TortureRelay) => {
    const url = new URL(brokerUrl);
    url.hostname = "127.0.0.1";
    url.port = String(link.port);
    return url.href;
  };
  const brokerLink = await relay(broker);
  const publisherLink = await relay(broker);
  for (const link of [brokerLink, publisherLink]) link.refusesMqtt5 = settings.mqtt === "3.1.1";
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(databaseLink.port);
  const dataDir = path.join(folder, "server");
  await mkdir(dataDir);
  const plantFile = path.join(folder, "plant.yaml");
  await writeFile(plantFile, plantOf(root, settings));
  const server = new TortureServer(
    {
      HTTP_PORT: String(await freePort()),
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl.href,
      MQTT_URL: through(brokerLink),
      PLANT_FILE: plantFile,
    },
    path.join(folder, "server.log"),
  );
  if (settings.broker !== null) {
    const url = settings.broker;
    cleanups.push(() => forgetSession(url, postgres.url));
  }
  cleanups.push(() => server.retire());
  server.start();
  // From here on the broker keeps messages for it.
  await until(() => server.ready(), "the server is ready");
  const victims = { server, postgres, mosquitto, brokerLink, databaseLink, publisherLink };
  return { victims, publishersUrl: through(publisherLink) };
}

async function ownBroker(folder: string, cleanups: Cleanups): Promise<TortureMosquitto> {
  const mosquitto = await TortureMosquitto.make(path.join(folder, "mosquitto"));
  cleanups.push(() => mosquitto.retire());
  await mosquitto.start();
  cleanups.push(await mosquitto.watch());
  return mosquitto;
}

/** The machines that count are known from the beginning, so that orders can name them; the others are discovered. */
function plantOf(root: string, settings: Settings): string {
  const machine = `${root}/{site}/{area}/{line}/{machine}`;
  const presses = countingMachines(settings).map((one) => `  - { path: ${pathOf(root, one)}, type: press }`);
  // A machine's turn comes every so many milliseconds of its own time: more than a few pieces since are not believed.
  return `machineTypes:
  - name: press
    idealCycleTime: ${settings.machines}ms
    metrics:
      - { name: state, type: Int64, role: STATE }
      - { name: good, type: Int64, role: GOOD_COUNT, counterMax: ${COUNTER_MAX} }
      - { name: scrap, type: Int64, role: REJECT_COUNT }
equipment:
${presses.join("\n")}
sources:
  - name: ${SOURCE}
    url: \${MQTT_URL}
    mappings:
      - { topic: "${machine}/telemetry", machine: "${machine}", format: json, timestamp: ts }
`;
}

/** A broker of others would keep messages for a server that never comes back. */
async function forgetSession(url: string, databaseUrl: string): Promise<void> {
  const [row] = await query<{ id: string }>(databaseUrl, "SELECT id FROM installation");
  const device = connectDevice({ url, clientId: `mes-twin-${row?.id.slice(0, 8)}-${SOURCE}` });
  await device.ready();
  await device.end();
}
