import { Entry, type EntryMessage } from "../ingest/batch.js";
import type { IntakeSource, TwinIntake } from "../ingest/twin-intake.service.js";
import type { Result } from "../kernel/result.js";
import type { InboundMessage } from "../mqtt/link.js";
import { checkPath, type Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import type { BirthFact, MetricChange } from "../twin/facts.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { applyUncertainty } from "../twin/twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { MetricDefinition } from "./birth.js";
import { applyBirth, applyDoubt, partsOf } from "./birth-certainty.js";
import type { EdgeNames, EdgePlace } from "./edge-names.js";
import type { MachineWrite } from "./machine-write.js";
import type { MetricWrite } from "./node-command.js";
import type {
  Born,
  Data,
  KnownNode,
  MetricsOf,
  NodeEvent,
  NodeMessage,
  Outcome,
  Remembered,
} from "./node-events.js";
import { dataTypeName } from "./payload.js";
import { samplesOf } from "./plant-metrics.js";
import type { EdgeNodeId } from "./sparkplug-topic.js";

/** A message of an edge node, with the one of MQTT that it came in. */
export interface EdgeMessage extends NodeMessage {
  readonly inbound: InboundMessage;
  /** Why it cannot be decoded; null when it can. */
  readonly problem: string | null;
}

/** What of the node an event is about. */
interface Scene {
  readonly id: EdgeNodeId;
  /** The number of the connection that its last birth told. */
  readonly bdSeq: number | null;
  /** A message that brought it, for dead letters. */
  readonly message: EntryMessage | null;
  readonly undecodable: EdgeMessage | null;
}

/** A machine that an edge node or a device is. */
interface Placed {
  readonly twin: Twin;
  readonly place: EdgePlace;
  /** By arrays and data sets, how many values they had last. */
  readonly parts: Map<string, number>;
  /** The metrics of its birth are called in the plant as they are at the edge. */
  kept: boolean;
}

interface Found {
  readonly placed: Placed;
  /** What had to be made for it. */
  readonly equipment: readonly Equipment[];
}

/** Values as the plant has them. */
interface Taken {
  readonly samples: readonly Sample[];
  readonly problems: string[];
}

/** Makes what edge nodes tell known to the plant and its twins. */
export class EdgeIntake {
  readonly #source: IntakeSource;
  readonly #names: EdgeNames;
  readonly #intake: TwinIntake;
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #places = new Map<string, EdgePlace>();
  /** By the device, null for the node itself. */
  readonly #machines = new WeakMap<EdgeNodeId, Map<string | null, Placed>>();

  constructor(deps: {
    source: IntakeSource;
    names: EdgeNames;
    intake: TwinIntake;
    plant: PlantService;
    twins: TwinService;
  }) {
    this.#source = deps.source;
    this.#names = deps.names;
    this.#intake = deps.intake;
    this.#plant = deps.plant;
    this.#twins = deps.twins;
  }

  /** Where the machine at a path is to be reached; undefined while no birth has told of it. */
  placeOf(path: string): EdgePlace | undefined {
    return this.#places.get(path);
  }

  /** The machine of an edge node or a device; null where there is none. */
  machineOf(place: EdgePlace): Equipment | null {
    return this.#plant.plant.machine(this.#names.pathOf(place)) ?? null;
  }

  /** How a write of a machine's metric is told to the edge. @returns why it cannot be, as a sentence. */
  writeOf(
    definitions: ReadonlyMap<string, MetricDefinition>,
    write: MachineWrite,
  ): Result<MetricWrite, string> {
    return this.#names.writeOf(definitions, write);
  }

  /** The host begins, and knows nothing yet of a node that it remembers. */
  doubt(id: EdgeNodeId, { metrics, devices }: KnownNode, at: number): void {
    const scopes = [
      { device: null, metrics },
      ...devices.map(({ id: device, metrics: own }) => ({ device, metrics: own })),
    ];
    const scene = { id, bdSeq: null, message: null, undecodable: null };
    for (const { device, metrics: own } of scopes)
      this.#stale(scene, { device, metrics: own.map(([name]) => name) }, at);
  }

  /**
   * Takes what followed from messages, or from time that has passed.
   * @param bdSeq the number of the connection that the node's last birth told.
   */
  take(id: EdgeNodeId, { events, settled }: Outcome<EdgeMessage>, bdSeq: number | null): void {
    const [event] = events;
    const [message] = settled;
    const undecodable = settled.find(({ problem }) => problem !== null) ?? null;
    const scene = { id, bdSeq, message: message?.inbound ?? null, undecodable };
    // Nearly all messages are such.
    if (events.length === 1 && settled.length === 1 && event?.kind === "data" && message) {
      if (this.#data(scene, event, message.inbound)) return;
    } else for (const one of events) this.#event(scene, one);
    // Last, so that a message is acknowledged with all that it caused.
    for (const { inbound } of settled)
      this.#intake.add(new Entry(inbound, this.#source.stats, this.#source.lease));
  }

  #event(scene: Scene, event: NodeEvent): void {
    switch (event.kind) {
      case "born":
        this.#born(scene, event);
        return;
      case "data":
        this.#data(scene, event);
        return;
      case "dead":
        for (const scope of event.stale) this.#dead(scene, scope, event.at);
        return;
      case "stale":
        for (const scope of event.stale) this.#stale(scene, scope, event.at);
        return;
      case "ignored":
        if (event.reason === "undecodable")
          this.#letter(scene, `${event.type}: no payload of Sparkplug B: ${scene.undecodable?.problem}`);
        else if (event.reason === "too-many-devices")
          this.#letter(scene, `${event.type}: the edge node has more devices than are taken`);
    }
  }

  #born(scene: Scene, event: Born): void {
    const found = this.#machine(scene, event.device);
    if (found === null) return;
    const { placed, equipment } = found;
    const { twin, place } = placed;
    const { machine } = twin;
    placed.kept = this.#names.areKept(event.metrics);
    const typeName = this.#names.typeOf(place, machine.path);
    const learned = this.#plant.learn(machine, typeName, this.#names.definitions(event.metrics));
    for (const changed of learned?.machines ?? []) this.#twins.of(changed).redefine();
    const taken = this.#taken(placed, { ...event, plain: false });
    const known = this.#called([...event.gone, ...event.metrics.map(({ name }) => name)]);
    const present = new Set(taken.samples.flatMap(({ metric, historical }) => (historical ? [] : [metric])));
    const word = applyBirth(twin, { present, absent: known, at: event.at });
    if (word) this.#intake.publish(word);
    const unread = event.unread.map(({ metric, problem }) => `${metric}: ${problem}`);
    taken.problems.unshift(...event.problems, ...unread);
    const entry = this.#samples(scene, twin, taken, event.at, equipment);
    entry.types = learned ? [learned.type] : [];
    entry.equipment = [...equipment, ...(learned?.machines ?? [])];
    entry.births = [this.#fact(scene, event, machine)];
    this.#intake.add(entry);
  }

  /**
   * @param inbound the message that brought nothing else, to be acknowledged with it.
   * @returns whether it will be.
   */
  #data(scene: Scene, event: Data, inbound: InboundMessage | null = null): boolean {
    const found = this.#machine(scene, event.device);
    if (found === null) return false;
    const { placed, equipment } = found;
    const taken = this.#taken(placed, event);
    for (const { metric, problem } of event.problems) taken.problems.push(`${metric}: ${problem}`);
    this.#intake.add(this.#samples(scene, placed.twin, taken, event.at, equipment, inbound));
    return inbound !== null;
  }

  #dead(scene: Scene, { device }: MetricsOf, at: number): void {
    const twin = this.#twinThere(scene, device);
    if (twin === null) return;
    // Its clock may be ahead, and nobody has died in the future.
    const message = messageAt(scene.message, scene.message?.receivedAt ?? at);
    const told = { message, equipment: NOTHING, part: true };
    this.#intake.add(this.#intake.connectivity(this.#source, twin, { online: false, time: at }, told));
  }

  #stale(scene: Scene, { device, metrics }: MetricsOf, at: number): void {
    const twin = this.#twinThere(scene, device);
    const change = twin && applyDoubt(twin, this.#called(metrics), at);
    if (change) this.#intake.add(this.#intake.changed(change, this.#source.lease));
  }

  #taken({ twin, parts, kept }: Placed, { readings, plain }: Pick<Data, "readings" | "plain">): Taken {
    if (plain && kept) return { samples: readings as readonly Sample[], problems: [] };
    const plant = samplesOf(readings);
    const { samples, problems } = this.#names.samples(plant.samples);
    problems.push(...plant.problems);
    for (const { metric, count } of plant.taken) {
      if (parts.get(metric) === count) continue;
      parts.set(metric, count);
      // An array that was longer has no such elements any more.
      const spared = new Set(samples.map((sample) => sample.metric));
      const change = applyUncertainty(twin, partsOf(twin, this.#called([metric]), spared), null);
      if (change) this.#intake.publish(change);
    }
    return { samples, problems };
  }

  #samples(
    scene: Scene,
    twin: Twin,
    { samples, problems }: Taken,
    at: number,
    equipment: readonly Equipment[],
    inbound: InboundMessage | null = null,
  ): Entry {
    const message = inbound ?? messageAt(scene.message, at);
    const told = { message, mapping: null, problems, equipment, part: inbound === null };
    return this.#intake.samples(this.#source, twin, samples, told);
  }

  /** Metrics by their names in the plant. */
  #called(metrics: readonly string[]): Set<string> {
    return new Set(metrics.flatMap((name) => this.#names.metric(name) ?? []));
  }

  /** The machine of who told something, which is made where there is none. */
  #machine(scene: Scene, device: string | null): Found | null {
    const known = this.#machines.get(scene.id)?.get(device);
    return known ? { placed: known, equipment: NOTHING } : this.#found(scene, device);
  }

  #found(scene: Scene, device: string | null): Found | null {
    const { group, edgeNode } = scene.id;
    const place = { id: scene.id, device };
    const path = this.#names.pathOf(place);
    const checked = checkPath(path);
    if (!checked.ok) {
      this.#letter(scene, `the names make no machine path: ${checked.error}`);
      return null;
    }
    const found = this.#intake.find(this.#source, path);
    if ("problem" in found) {
      this.#letter(scene, found.problem);
      return null;
    }
    this.#places.set(path, place);
    const deviceTopic = `spBv1.0/${group}/${edgeNode}${device === null ? "" : `/${device}`}`;
    found.twin.setRoute(this.#source.name, deviceTopic);
    const placed = { twin: found.twin, place, parts: new Map(), kept: false };
    const machines = this.#machines.get(scene.id);
    if (machines) machines.set(device, placed);
    else this.#machines.set(scene.id, new Map([[device, placed]]));
    return { placed, equipment: found.changed };
  }

  /** The twin of who is gone or in doubt, which makes no machine. */
  #twinThere({ id }: Scene, device: string | null): Twin | null {
    const machine = this.machineOf({ id, device });
    return machine && this.#twins.of(machine);
  }

  #fact({ id, bdSeq }: Scene, event: Born, machine: Equipment): BirthFact {
    const memory = memoryOf(event);
    return {
      source: this.#source.name,
      node: `${id.group}/${id.edgeNode}`,
      device: event.device ?? "",
      memory: event.device === null ? { ...memory, bdSeq } : memory,
      changes: this.#changes(machine, event),
    };
  }

  #changes(machine: Equipment, { changes, metrics, at }: Born): MetricChange[] {
    if (changes === null) return [];
    const types = new Map(metrics.map(({ name, dataType }) => [name, dataTypeName(dataType)]));
    const change = (
      kind: MetricChange["kind"],
      name: string,
      before: string | null,
      after: string | null,
    ) => {
      const metric = this.#names.metric(name);
      return metric === null ? [] : [{ machine, metric, kind, before, after, at }];
    };
    return [
      ...changes.added.flatMap((name) => change("ADDED", name, null, types.get(name) ?? null)),
      ...changes.dropped.flatMap(({ name, type }) => change("DROPPED", name, dataTypeName(type), null)),
      ...changes.retyped.flatMap(({ name, from, to }) =>
        change("RETYPED", name, dataTypeName(from), dataTypeName(to)),
      ),
    ];
  }

  #letter(scene: Scene, reason: string): void {
    const message = scene.undecodable?.inbound ?? scene.message;
    if (message === null) return;
    const entry = new Entry(null, this.#source.stats, this.#source.lease);
    entry.deadLetters = [this.#intake.letter(this.#source, message, null, reason)];
    this.#intake.add(entry);
  }
}

const NOTHING: readonly never[] = [];
const NO_PAYLOAD = Buffer.alloc(0);

/** The message as if it had come when the event happened: one that was kept back came before. */
function messageAt(message: EntryMessage | null, at: number): EntryMessage {
  return {
    topic: message?.topic ?? "",
    payload: message?.payload ?? NO_PAYLOAD,
    qos: 0,
    retain: false,
    receivedAt: at,
    ack: () => undefined,
  };
}

/** Without names that no database can hold, which no machine has either. */
function memoryOf({ metrics, gone }: Born): Remembered {
  const types = metrics.map(({ name, dataType }) => [name, dataType] as const);
  const kept = gone.filter(isStorable);
  return { metrics: types.filter(([name]) => isStorable(name)), ...(kept.length > 0 ? { gone: kept } : {}) };
}

function isStorable(name: string): boolean {
  return !name.includes("\0");
}
