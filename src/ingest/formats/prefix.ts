import type { Sample } from "../../twin/sample.js";
import type { Decoded } from "./format.js";
import { metricNameProblem } from "./metric-names.js";

/** Puts what the topic says of the metrics' names before what the payload says; null leaves them as they are. */
export function withPrefix(decoded: Decoded, prefix: string | null): Decoded {
  if (prefix === null || decoded.kind !== "samples") return decoded;
  const samples: Sample[] = [];
  const problems = [...decoded.problems];
  for (const sample of decoded.samples) {
    const metric = `${prefix}/${sample.metric}`;
    const wrong = metricNameProblem(metric);
    if (wrong === null) samples.push({ ...sample, metric });
    else problems.push({ field: sample.metric, problem: wrong });
  }
  return { ...decoded, samples, problems };
}
