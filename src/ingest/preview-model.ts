import type { Quality, Scalar } from "../twin/sample.js";

export const PREVIEW_STAGES = ["MAPPING", "MACHINE", "DECODING", "METRIC"] as const;
export type PreviewStage = (typeof PREVIEW_STAGES)[number];

export const PREVIEW_OUTCOMES = ["TAKEN", "PASSED_OVER", "IGNORED", "REFUSED"] as const;
export type PreviewOutcome = (typeof PREVIEW_OUTCOMES)[number];

/** One decision on the way of a message. */
export interface PreviewStep {
  readonly stage: PreviewStage;
  readonly outcome: PreviewOutcome;
  /** What it is about: a mapping's topic, a machine's path, a metric. */
  readonly subject: string | null;
  readonly detail: string;
  /** What may be done about it. */
  readonly suggestion: string | null;
}

/** A sample that a message would become. */
export interface PreviewSample {
  readonly metric: string;
  readonly value: Scalar;
  /** Null when the receive time would be taken. */
  readonly sourceTime: Date | null;
  readonly quality: Quality;
}

/** Metrics of one message that get a step of their own. */
export const MOST_METRIC_STEPS = 200;

/** The step that stands for the metrics beyond those; none where there are no more. */
export function furtherMetrics(metrics: number): PreviewStep[] {
  const more = metrics - MOST_METRIC_STEPS;
  if (more <= 0) return [];
  const detail = `and ${more} more`;
  return [{ stage: "METRIC", outcome: "TAKEN", subject: null, detail, suggestion: null }];
}

/** What a message would become. */
export interface Preview {
  readonly mapping: string | null;
  readonly machine: string | null;
  readonly samples: readonly PreviewSample[];
  /** Why it, or a part of it, would become nothing. */
  readonly problem: string | null;
  /** How it comes to that, in the order of the decisions. */
  readonly steps: readonly PreviewStep[];
}
