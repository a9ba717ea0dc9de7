import { previewMetric } from "../ingest/preview-metric.js";
import {
  furtherMetrics,
  MOST_METRIC_STEPS,
  type Preview,
  type PreviewOutcome,
  type PreviewSample,
  type PreviewStage,
  type PreviewStep,
} from "../ingest/preview-model.js";
import { checkPath } from "../plant/equipment.js";
import type { MetricDefinition as PlantMetric } from "../plant/machine-type.js";
import type { Plant } from "../plant/plant.js";
import { type Birth, readBirth } from "./birth.js";
import { readPayload } from "./compressed-payload.js";
import type { EdgeNames } from "./edge-names.js";
import { DEFAULT_EDGE_NODE_LIMITS, type EdgeNode } from "./edge-node.js";
import { bdSeqOf, sessionProblems } from "./node-payload.js";
import type { Metric, Payload } from "./payload.js";
import { samplesOf } from "./plant-metrics.js";
import { readMetrics } from "./readings.js";
import { SPARKPLUG_NAMESPACE, type SparkplugTopic, sparkplugTopic } from "./sparkplug-topic.js";

/** What of a source decides what a message of its edge nodes becomes. */
export interface EdgePreviewSource {
  readonly name: string;
  readonly discovery: boolean;
  /** Groups that are followed; all when empty. */
  readonly groups: readonly string[];
  readonly names: EdgeNames;
  readonly plant: Plant;
  /** What is known of an edge node; undefined where nothing is. */
  nodeOf(id: { group: string; edgeNode: string }): EdgeNode | undefined;
}

type EdgeTopic = Exclude<SparkplugTopic, { kind: "state" }>;

/** What a message would become, if it came next; null where the topic is none of Sparkplug B. Applies nothing. */
export function previewEdge(source: EdgePreviewSource, topic: string, payload: Buffer): Preview | null {
  if (!topic.startsWith(`${SPARKPLUG_NAMESPACE}/`)) return null;
  const read = sparkplugTopic(topic);
  if (read.ok && read.value.kind !== "state") {
    const { group } = read.value;
    if (source.groups.length > 0 && !source.groups.includes(group)) return null;
  }
  const preview = new EdgePreview(source, topic, payload);
  return preview.of(read.ok ? read.value : read.error);
}

class EdgePreview {
  readonly #source: EdgePreviewSource;
  readonly #topic: string;
  readonly #payload: Buffer;
  readonly #steps: PreviewStep[] = [];
  readonly #samples: PreviewSample[] = [];
  readonly #problems: string[] = [];
  #machine: string | null = null;
  #metrics = 0;

  constructor(source: EdgePreviewSource, topic: string, payload: Buffer) {
    this.#source = source;
    this.#topic = topic;
    this.#payload = payload;
  }

  of(topic: SparkplugTopic | string): Preview {
    if (typeof topic === "string") this.#refuse("MAPPING", null, topic);
    else {
      this.#step(
        "MAPPING",
        "TAKEN",
        this.#filter,
        `takes the topic as Sparkplug B, in source ${this.#source.name}`,
      );
      if (topic.kind === "state") this.#nothing(null, "it tells whether a host application is there");
      else if (topic.type === "NCMD" || topic.type === "DCMD")
        this.#nothing(null, "this is a command to an edge node, never telemetry");
      else this.#edge(topic);
    }
    return {
      mapping: typeof topic === "string" ? null : this.#filter,
      machine: this.#machine,
      samples: this.#samples,
      problem: this.#problems.length > 0 ? this.#problems.join("; ") : null,
      steps: [...this.#steps, ...furtherMetrics(this.#metrics)],
    };
  }

  get #filter(): string {
    return `${SPARKPLUG_NAMESPACE}/#`;
  }

  #edge(topic: EdgeTopic): void {
    const { type } = topic;
    const device = topic.kind === "device" ? topic.device : null;
    if (!this.#place(topic, device)) return;
    const read = readPayload(this.#payload);
    if (!read.ok) {
      this.#refuse("DECODING", null, `${type}: no payload of Sparkplug B: ${read.error}`);
      return;
    }
    const { payload } = read.value;
    this.#step("DECODING", "TAKEN", null, describe(type, payload));
    const node = this.#source.nodeOf(topic);
    if (type === "NDEATH" || type === "DDEATH") this.#death(type, payload, node);
    else if (type === "NBIRTH" || type === "DBIRTH") this.#birth(type, payload, node);
    else this.#data(payload, node, device);
  }

  /** @returns whether there is a machine, or would be. */
  #place(id: EdgeTopic, device: string | null): boolean {
    const { names, plant, discovery } = this.#source;
    const path = names.pathOf({ id, device });
    const checked = checkPath(path);
    if (!checked.ok) {
      this.#refuse("MACHINE", path, `the names make no machine path: ${checked.error}`);
      return false;
    }
    this.#machine = path;
    const known = plant.machine(path) !== undefined;
    if (!known && !discovery) {
      this.#refuse("MACHINE", path, `there is no machine ${path}, and the source does not discover`);
      return false;
    }
    const type = this.#type();
    const ofType = type === null ? "without a type" : `of type ${type.name}`;
    this.#step("MACHINE", "TAKEN", path, `${known ? "known" : "new: it would be discovered"}, ${ofType}`);
    return true;
  }

  #type() {
    const { plant } = this.#source;
    const path = this.#machine ?? "";
    return plant.byPath(path)?.machineType ?? plant.typeFor(path) ?? null;
  }

  #death(type: string, payload: Payload, node: EdgeNode | undefined): void {
    const bdSeq = bdSeqOf(payload);
    if (type === "NDEATH" && node?.bdSeq != null && bdSeq !== node.bdSeq)
      this.#nothing(
        null,
        `it belongs to the session ${bdSeq ?? "without a bdSeq"}, and the last birth to ${node.bdSeq}`,
      );
    else
      this.#nothing(
        null,
        type === "NDEATH"
          ? "it says that the edge node and its devices are offline"
          : "it says that the device is offline",
      );
  }

  #birth(type: string, payload: Payload, node: EdgeNode | undefined): void {
    const templates = type === "DBIRTH" ? (node?.scope(null)?.birth?.templates ?? null) : null;
    const birth = readBirth(payload, DEFAULT_EDGE_NODE_LIMITS.metrics, templates);
    const session = type === "NBIRTH" ? sessionProblems(payload) : [];
    for (const problem of [...session, ...birth.problems]) this.#refuse("DECODING", null, problem);
    if (type === "DBIRTH" && node?.presence !== "born")
      this.#ask("no birth of its edge node has been seen: it is read as data, and a rebirth asked for");
    this.#values(payload, birth, true);
  }

  #data(payload: Payload, node: EdgeNode | undefined, device: string | null): void {
    const scope = node?.scope(device);
    const birth = scope?.birth ?? null;
    if (birth === null)
      this.#ask(
        `no birth of ${device === null ? "the edge node" : "the device"} has been seen: what tells no name cannot be taken, and a rebirth is asked for`,
      );
    this.#values(payload, birth, birth !== null && scope?.certain === true);
  }

  #ask(detail: string): void {
    this.#step("DECODING", "IGNORED", null, detail);
    this.#problems.push(detail);
  }

  #values(payload: Payload, birth: Birth | null, certain: boolean): void {
    const { names } = this.#source;
    const told = birth === null ? [] : names.definitions([...birth.definitions.values()]);
    const declared = this.#type()?.metrics ?? [];
    const listed = new Set(declared.map(({ name }) => name));
    const definitions = [...declared, ...told.filter(({ name }) => !listed.has(name))];
    for (const metric of payload.metrics)
      this.#metric(metric, readMetrics({ ...payload, metrics: [metric] }, birth, certain), definitions);
  }

  #metric(
    metric: Metric,
    { readings, problems, unknown, retyped }: ReturnType<typeof readMetrics>,
    definitions: readonly PlantMetric[],
  ): void {
    const subject = metric.name || (metric.alias === null ? null : `alias ${metric.alias}`);
    for (const one of problems) this.#refuseMetric(one.metric, one.problem);
    if (unknown !== null) this.#unknown(unknown, readings.length > 0);
    if (retyped !== null)
      this.#problems.push(`${retyped}: has another type than the birth tells, and a rebirth is asked for`);
    const plant = samplesOf(readings);
    for (const problem of plant.problems) this.#refuseMetric(subject, problem);
    if (readings.length + problems.length === 0 && unknown === null)
      this.#metricStep({ outcome: "IGNORED", subject, detail: "no metric of the plant" });
    const { discovery, names } = this.#source;
    const about = { discovery, topic: this.#topic, payload: this.#payload };
    for (const sample of plant.samples) {
      const mapping = { rules: names.rules, roleOf: () => null };
      const seen = previewMetric(sample, mapping, definitions, about);
      const words = [
        subject === sample.metric ? null : `${subject ?? "it"} is ${sample.metric}`,
        seen.step.detail,
        sample.historical ? "of the past: stored, not shown" : null,
        sample.transient ? "of the moment only: shown, not stored" : null,
      ];
      this.#metricStep({ ...seen.step, subject, detail: words.filter((word) => word !== null).join("; ") });
      if (seen.problem !== null) this.#problems.push(seen.problem);
      if (seen.sample !== null) this.#samples.push(seen.sample);
    }
  }

  #unknown(what: string, taken: boolean): void {
    const reason = taken
      ? `no birth tells of ${what}: it is taken as it says itself, and a rebirth asked for`
      : `no birth tells of ${what}, so nobody knows which metric it is`;
    if (taken) this.#problems.push(reason);
    else this.#refuseMetric(null, reason);
  }

  #refuseMetric(subject: string | null, reason: string): void {
    this.#problems.push(subject === null ? reason : `${subject}: ${reason}`);
    this.#metricStep({ outcome: "REFUSED", subject, detail: reason });
  }

  #metricStep(step: Pick<PreviewStep, "outcome" | "subject" | "detail"> & Partial<PreviewStep>): void {
    this.#metrics += 1;
    if (this.#metrics <= MOST_METRIC_STEPS)
      this.#steps.push({ ...step, stage: "METRIC", suggestion: step.suggestion ?? null });
  }

  #refuse(stage: PreviewStage, subject: string | null, reason: string): void {
    this.#problems.push(reason);
    this.#step(stage, "REFUSED", subject, reason);
  }

  #nothing(subject: string | null, says: string): void {
    this.#problems.push(`no samples: ${says}`);
    this.#step("DECODING", "IGNORED", subject, says);
  }

  #step(stage: PreviewStage, outcome: PreviewOutcome, subject: string | null, detail: string): void {
    this.#steps.push({ stage, outcome, subject, detail, suggestion: null });
  }
}

function describe(type: string, { metrics, seq, timestamp }: Payload): string {
  const count = `${metrics.length} metric${metrics.length === 1 ? "" : "s"}`;
  const sent = timestamp === null ? "without a time" : `sent at ${dateText(timestamp)}`;
  return `${type} of ${count}, ${seq === null ? "without a number" : `number ${seq}`}, ${sent}`;
}

function dateText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
