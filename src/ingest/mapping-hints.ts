import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import type { MetricHints } from "../twin/twin-model.js";

/** What is said of metrics that are known already may have changed, with the mapping, since they were first heard of. */
export function refreshHints(twin: Twin, samples: readonly Sample[], hints: MetricHints): void {
  for (const { metric } of samples) {
    const series = twin.series(metric);
    if (series === undefined) continue;
    const hint = hints.hintOf(metric);
    if (series.hint !== hint) series.hint = hint;
  }
}
