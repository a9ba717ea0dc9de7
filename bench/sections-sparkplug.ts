import { figure, median, spread } from "./figures.js";
import type { Results } from "./results.js";
import { markdownTable, type Section } from "./sections.js";
import { SPARKPLUG_METRICS, sparkplugRatio } from "./sparkplug.js";
import { bars } from "./svg.js";

export function sparkplugSection({ sparkplug }: Results): Section | null {
  if (!sparkplug) return null;
  const { metrics, kinds } = sparkplug.result;
  return {
    markdown: `## Decoding Sparkplug B

${figure(metrics)} metrics of each kind by each decoder, in ${kinds[0]?.own.length} rounds in turns; medians. A payload is a DDATA of ${SPARKPLUG_METRICS} metrics with their
times: doubles, integers, booleans and texts. The baseline is the decoder that protobufjs generates from the schema. Both decode the
same payloads in the same process, after what they read was found to be equal.

${markdownTable([
  ["metrics/s", "bytes of a payload", "protobufjs", "spread", "own decoder", "spread", "ratio"],
  ...kinds.map((one) => [
    one.kind,
    figure(one.bytes),
    figure(median(one.protobufjs)),
    `${spread(one.protobufjs).toFixed(0)} %`,
    figure(median(one.own)),
    `${spread(one.own).toFixed(0)} %`,
    sparkplugRatio(one).toFixed(2),
  ]),
])}

![metrics decoded per second](sparkplug.svg)
`,
    plots: {
      "sparkplug.svg": bars({
        title: "Metrics decoded",
        unit: "metrics/s",
        names: ["own decoder", "protobufjs"],
        groups: kinds.map(({ kind, own, protobufjs }) => ({
          label: kind,
          values: [median(own), median(protobufjs)],
        })),
      }),
    },
  };
}
