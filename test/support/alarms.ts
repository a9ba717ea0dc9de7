import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import type { GraphQLAnswer, GraphQLClient } from "./graphql-client.js";
import { waitFor } from "./wait-for.js";

export const LINE = "acme/berlin/line-1";
export const FILLER = `${LINE}/filler-1`;

/** Machines below a line, each with a rule of every kind that the stories need. */
export const PLANT = `
equipment:
  - { path: ${FILLER}, type: filler }
machineTypes:
  - name: filler
    appliesTo: ["${LINE}/*"]
    metrics:
      - { name: temperature, unit: "°C" }
      - { name: pressure }
      - { name: state, type: String, role: STATE }
      - { name: fault, type: String, role: FAULT }
    alarms:
      - code: HOT
        severity: MAJOR
        limit: { metric: temperature, above: 80, hysteresis: 2 }
        opensMaintenance: { title: "{machine} runs hot", priority: 80 }
      - { code: PRESSED, severity: MINOR, limit: { metric: pressure, above: 5 }, delay: 2s }
      - { code: FAULT, severity: CRITICAL, fault: { codes: { 17: "Jam of {machine}" } } }
      - { code: GONE, severity: INFO, offline: true }
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "acme/berlin/{line}/{machine}/connectivity", format: connectivity, online: online, machine: "acme/berlin/{line}/{machine}" }
      - { topic: "acme/berlin/{line}/{machine}/telemetry", format: json, timestamp: ts, machine: "acme/berlin/{line}/{machine}" }
`;

const ALARM = `id code severity message metric value limit active acknowledged raisedAt lastRaisedAt occurrences
  clearedAt acknowledgedBy acknowledgedAt comment shelved machine { path }
  shelf { until reason by } events { kind count by comment }`;

/** An alarm as the API tells it. */
export interface AlarmSeen {
  readonly id: string;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly active: boolean;
  readonly acknowledged: boolean;
  readonly occurrences: number;
  readonly raisedAt: string;
  readonly lastRaisedAt: string;
  readonly clearedAt: string | null;
  readonly acknowledgedBy: string | null;
  readonly comment: string | null;
  readonly shelved: boolean;
  readonly shelf: { readonly reason: string } | null;
  readonly machine: { readonly path: string };
  readonly events: readonly {
    readonly kind: string;
    readonly count: number;
    readonly by: string | null;
    readonly comment: string | null;
  }[];
}

interface Payload {
  readonly alarm: AlarmSeen | null;
  readonly shelf: { readonly code: string; readonly until: string } | null;
  readonly userErrors: readonly { readonly code: string; readonly field: readonly string[] | null }[];
}

const ERRORS = "userErrors { code field message }";

type Server = Pick<GraphQLClient, "ask" | "follow">;

function dataOf({ data, errors }: GraphQLAnswer) {
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** The alarms of a server, as its clients see them. */
export class AlarmDesk {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** @param filter the arguments of the query, such as `active: null`. */
  async list(filter = "active: null"): Promise<AlarmSeen[]> {
    const answer = await this.#server.ask(`{ alarms(${filter}) { edges { node { ${ALARM} } } } }`);
    return dataOf(answer).alarms.edges.map((edge: { node: AlarmSeen }) => edge.node);
  }

  /** The only alarm of a code, once `is` says that it is as it shall be. */
  async one(code: string, is: (alarm: AlarmSeen) => boolean = () => true): Promise<AlarmSeen> {
    return waitFor(async () => {
      const found = await this.list(`active: null, code: "${code}"`);
      if (found.length > 1) throw new Error(`${found.length} alarms ${code}`);
      const [alarm] = found;
      return alarm && is(alarm) ? alarm : null;
    });
  }

  async acknowledge(id: string, more = ""): Promise<Payload> {
    const text = `mutation { acknowledgeAlarm(id: "${id}"${more}) { alarm { ${ALARM} } ${ERRORS} } }`;
    return dataOf(await this.#server.ask(text)).acknowledgeAlarm;
  }

  async acknowledgeAll(ids: readonly string[], more: object = {}): Promise<Payload[]> {
    const text = `mutation($input: AcknowledgeAlarmsInput!) {
      acknowledgeAlarms(input: $input) { results { alarm { ${ALARM} } ${ERRORS} } }
    }`;
    return dataOf(await this.#server.ask(text, { input: { ids, ...more } })).acknowledgeAlarms.results;
  }

  async shelve(input: object): Promise<Payload> {
    const text = `mutation($input: ShelveAlarmInput!) {
      shelveAlarm(input: $input) { alarm { ${ALARM} } shelf { code until } ${ERRORS} }
    }`;
    return dataOf(await this.#server.ask(text, { input })).shelveAlarm;
  }

  async unshelve(input: object): Promise<Payload> {
    const text = `mutation($input: UnshelveAlarmInput!) {
      unshelveAlarm(input: $input) { alarm { ${ALARM} } shelf { code until } ${ERRORS} }
    }`;
    return dataOf(await this.#server.ask(text, { input })).unshelveAlarm;
  }

  async shelves(): Promise<{ code: string; reason: string; by: string; machine: { path: string } }[]> {
    return dataOf(await this.#server.ask("{ alarmShelves { code reason by machine { path } } }"))
      .alarmShelves;
  }

  async maintenanceOrders(): Promise<
    { title: string; kind: string; priority: number; description: string; alarm: { id: string } | null }[]
  > {
    const text = "{ maintenanceOrders { edges { node { title kind priority description alarm { id } } } } }";
    return dataOf(await this.#server.ask(text)).maintenanceOrders.edges.map(
      (edge: { node: object }) => edge.node,
    );
  }

  /** What `alarmChanged` brings, as `<code> <active> <occurrences>`. */
  follow(under = LINE): string[] {
    const seen: string[] = [];
    const text = `subscription { alarmChanged(under: "${under}") { code active occurrences } }`;
    const { events } = this.#server.follow(text);
    const push = events.push.bind(events);
    events.push = (...more) => {
      for (const { data } of more) {
        const { code, active, occurrences } = data.alarmChanged;
        seen.push(`${code} ${active} ${occurrences}`);
      }
      return push(...more);
    };
    return seen;
  }
}

/** Machines that tell what they are told to. */
export class Devices {
  readonly #client: DeviceClient;

  private constructor(client: DeviceClient) {
    this.#client = client;
  }

  static async connect(url: string): Promise<Devices> {
    const client = connectDevice({ url, clientId: "devices" });
    await client.ready();
    return new Devices(client);
  }

  /** @returns the time that it told. */
  async tell(values: object, { machine = "filler-1", ts = Date.now() } = {}): Promise<number> {
    await this.#client.publish(`${LINE}/${machine}/telemetry`, JSON.stringify({ ts, ...values }), { qos: 1 });
    return ts;
  }

  async online(online: boolean, machine = "filler-1"): Promise<void> {
    const body = JSON.stringify({ online });
    await this.#client.publish(`${LINE}/${machine}/connectivity`, body, { qos: 1 });
  }

  end(): Promise<void> {
    return this.#client.end();
  }
}
