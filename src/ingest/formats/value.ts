import { err, ok } from "../../kernel/result.js";
import type { Scalar } from "../../twin/sample.js";
import { type Decoded, defineFormat, problem } from "./format.js";
import { parseJson, textOf } from "./json-text.js";
import { metricNameProblem } from "./metric-names.js";

const JSON_SCALAR = /^(?:-?\d|true$|false$|null$|")/;

/** The payload is the value, and the topic names the metric. */
export const value = defineFormat({
  name: "value",
  settings: {},
  compile: (_settings, names) =>
    names.includes("metric")
      ? ok({
          decode: (payload, metric) =>
            metric === null ? problem("the topic names no metric") : decodeValue(payload, metric),
        })
      : err("format value needs {metric} or {metric+} in the topic, which names the metric"),
});

/**
 * Format `value`: the payload is the value: a number, `true`, `false`, `null`, or text, quoted or not. It
 * carries no time, so the receive time is the sample's.
 */
export function decodeValue(payload: Buffer, metric: string): Decoded {
  const text = textOf(payload);
  if (!text.ok) return problem(text.error);
  const trimmed = text.value.trim();
  if (trimmed === "") return problem("the payload is empty");
  const wrong = metricNameProblem(metric);
  if (wrong !== null) return problem(wrong);
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    return problem(
      "format value takes a single value, and the payload looks like JSON: map this topic with format json",
    );
  }
  return {
    kind: "samples",
    samples: [{ metric, value: scalarFrom(trimmed), time: null, quality: "GOOD" }],
    problems: [],
  };
}

/** The value that a text without white space around it stands for. */
export function scalarFrom(text: string): Scalar {
  if (!JSON_SCALAR.test(text)) return text;
  const parsed = parseJson(text);
  // Texts such as 12:30 or 10.0.0.1 begin like a number and are none.
  return parsed.ok ? (parsed.value as Scalar) : text;
}
