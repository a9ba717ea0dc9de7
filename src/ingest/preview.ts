import { topicMatches } from "../mqtt/topic.js";
import type { MachineType } from "../plant/machine-type.js";
import type { Plant } from "../plant/plant.js";
import type { Decoded } from "./formats/format.js";
import type { MappingTable, Routed } from "./mapping.js";
import { previewMetric } from "./preview-metric.js";
import {
  furtherMetrics,
  MOST_METRIC_STEPS,
  type Preview,
  type PreviewOutcome,
  type PreviewSample,
  type PreviewStage,
  type PreviewStep,
} from "./preview-model.js";
import { mismatchOf } from "./preview-topic.js";
import { suggestionFor } from "./suggestion.js";

/** What of a source decides what a message becomes. */
export interface PreviewSource {
  readonly name: string;
  readonly table: MappingTable;
  readonly discovery: boolean;
  /** What a message becomes of a source that has no mappings; null where its topic is none of the source's. */
  preview?(topic: string, payload: Buffer): Preview | null;
}

const OVERLAP =
  "Filters of several mappings bring this topic, and some brokers deliver it once for each: begin their topics with different levels.";

/** What a message on a topic would become, by the first source that takes the topic. Applies nothing. */
export function preview(
  sources: readonly PreviewSource[],
  plant: Plant,
  topic: string,
  payload: Buffer,
): Preview {
  for (const source of sources) {
    const seen = source.preview?.(topic, payload);
    if (seen) return seen;
  }
  const trail = new Trail(topic, payload);
  let problem = sources.length === 0 ? "there is no source" : "no mapping takes this topic";
  for (const source of sources) {
    const routed = source.table.route(topic);
    switch (routed.kind) {
      case "command":
        return trail.nothing("this is a topic of commands to devices, never telemetry");
      case "reply":
        return trail.nothing("this is a topic of devices' answers to commands, never telemetry");
      case "broker":
        return trail.nothing("on this topic the broker tells of itself, never telemetry");
      case "unmapped":
        trail.mappings(source, null, routed.reason);
        problem = routed.reason;
        continue;
      case "machine":
        trail.mappings(source, routed, "");
        return previewMachine(source, plant, routed, trail);
    }
  }
  return trail.nothing(problem);
}

function previewMachine(
  source: PreviewSource,
  plant: Plant,
  routed: Routed & { kind: "machine" },
  trail: Trail,
): Preview {
  const { mapping, path: machine } = routed;
  const base = { mapping: mapping.name, machine, samples: [] };
  const known = plant.machine(machine);
  if (!source.discovery && !known) {
    const problem = `there is no machine ${machine}, and the source does not discover`;
    trail.refuse("MACHINE", machine, problem);
    return { ...base, problem, steps: trail.steps };
  }
  const type = plant.byPath(machine)?.machineType ?? plant.typeFor(machine) ?? null;
  trail.take("MACHINE", machine, `${known ? "known" : "new: it would be discovered"}, ${ofType(type)}`);
  const decoded = mapping.read(trail.payload, routed.metric);
  if (decoded.kind !== "samples")
    return { ...base, problem: trail.decoding(mapping.format, decoded), steps: trail.steps };
  const count = decoded.samples.length;
  const refused = decoded.problems.length;
  const detail = `format ${mapping.format}: ${count} value${count === 1 ? "" : "s"}${count + refused === 0 ? ", only a sign of life" : ""}`;
  trail.take("DECODING", null, detail);
  const problems = decoded.problems.map((one) => `${one.field}: ${one.problem}`);
  for (const one of decoded.problems) trail.refuse("DECODING", one.field, one.problem);
  const samples: PreviewSample[] = [];
  const { topic, payload } = trail;
  for (const sample of decoded.samples) {
    const seen = previewMetric(sample, mapping, type?.metrics ?? [], {
      discovery: source.discovery,
      topic,
      payload,
    });
    trail.metric(seen.step);
    if (seen.problem !== null) problems.push(seen.problem);
    if (seen.sample !== null) samples.push(seen.sample);
  }
  return { ...base, samples, problem: problems.length > 0 ? problems.join("; ") : null, steps: trail.steps };
}

function ofType(type: MachineType | null): string {
  return type === null ? "without a type" : `of type ${type.name}`;
}

/** The decisions as they are made. */
class Trail {
  readonly topic: string;
  readonly payload: Buffer;
  readonly #steps: PreviewStep[] = [];
  #metrics = 0;

  constructor(topic: string, payload: Buffer) {
    this.topic = topic;
    this.payload = payload;
  }

  get steps(): readonly PreviewStep[] {
    return [...this.#steps, ...furtherMetrics(this.#metrics)];
  }

  /** Why each mapping before the one that takes the topic does not, and which one does. */
  mappings(source: PreviewSource, taken: (Routed & { kind: "machine" }) | null, reason: string): void {
    for (const mapping of source.table.mappings) {
      if (mapping === taken?.mapping) {
        const filters = source.table.filters.filter(({ filter }) => topicMatches(filter, this.topic));
        const detail = `takes the topic, in source ${source.name}`;
        this.#add("MAPPING", "TAKEN", mapping.name, detail, filters.length > 1 ? OVERLAP : null);
        return;
      }
      const mismatch = mismatchOf(mapping, this.topic);
      if (mismatch === null) {
        this.refuse("MAPPING", mapping.name, reason);
        return;
      }
      this.#add("MAPPING", "PASSED_OVER", mapping.name, mismatch, null);
    }
  }

  take(stage: PreviewStage, subject: string | null, detail: string): void {
    this.#add(stage, "TAKEN", subject, detail, null);
  }

  refuse(stage: PreviewStage, subject: string | null, reason: string): void {
    const suggestion = suggestionFor({ topic: this.topic, payload: this.payload, reason });
    this.#add(stage, "REFUSED", subject, reason, suggestion);
  }

  metric(step: PreviewStep): void {
    this.#metrics += 1;
    if (this.#metrics <= MOST_METRIC_STEPS) this.#steps.push(step);
  }

  /** @returns why there are no samples. */
  decoding(format: string, decoded: Exclude<Decoded, { kind: "samples" }>): string {
    switch (decoded.kind) {
      case "problem":
        this.refuse("DECODING", null, decoded.problem);
        return decoded.problem;
      case "ignored":
        this.#add("DECODING", "IGNORED", null, `format ${format}: ${decoded.reason}`, null);
        return `no samples: ${decoded.reason}`;
      case "connectivity": {
        const says = `it says that the machine is ${decoded.online ? "online" : "offline"}`;
        this.take("DECODING", null, `format ${format}: ${says}`);
        return `no samples: ${says}`;
      }
    }
  }

  nothing(problem: string): Preview {
    const last = this.#steps.at(-1);
    if (last?.outcome !== "REFUSED") this.refuse("MAPPING", null, problem);
    return { mapping: null, machine: null, samples: [], problem, steps: this.#steps };
  }

  #add(
    stage: PreviewStage,
    outcome: PreviewOutcome,
    subject: string | null,
    detail: string,
    suggestion: string | null,
  ): void {
    this.#steps.push({ stage, outcome, subject, detail, suggestion });
  }
}
