import { figure, median, spread } from "./figures.js";
import { cost } from "./ingest.js";
import type { Outcome } from "./measure.js";
import type { Results } from "./results.js";
import { markdownTable, type Section } from "./sections.js";
import { SPARKPLUG_METRICS, sparkplugRatio } from "./sparkplug.js";
import { valueRates } from "./sparkplug-ingest.js";
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

export function sparkplugIngestSection(results: Results): Section | null {
  const taken = results["sparkplug-ingest"];
  if (!taken) return null;
  const { messages, machines, json, sparkplug } = taken.result;
  const rates = (outcomes: readonly Outcome[]) => valueRates(messages, outcomes);
  const both = (name: string, of: (outcomes: readonly Outcome[]) => number) => [
    name,
    figure(of(json)),
    figure(of(sparkplug)),
    (of(sparkplug) / of(json)).toFixed(2),
  ];
  const costs = ["server", "postgres", "mosquitto", "publisher"].map((part) =>
    both(`CPU s per 1,000 messages of ${part}`, (outcomes) => cost(messages, outcomes, part)),
  );
  return {
    markdown: `## Ingest of Sparkplug B

${json.length} rounds each, in turns, of ${figure(messages)} messages of ${SPARKPLUG_METRICS} doubles at QoS 1 from ${figure(machines)} machines, through one server: JSON with a time
for all, and DDATA by alias with a time for each. Births are committed before. Done when all values are committed; medians.

${markdownTable([
  ["", "JSON", "Sparkplug B", "ratio"],
  both("values/s", (outcomes) => median(rates(outcomes))),
  [
    "spread of the rounds",
    `${spread(rates(json)).toFixed(0)} %`,
    `${spread(rates(sparkplug)).toFixed(0)} %`,
    "",
  ],
  ...costs,
])}

![values per second](sparkplug-ingest.svg)
`,
    plots: {
      "sparkplug-ingest.svg": bars({
        title: "Values, by round",
        unit: "values/s",
        names: ["Sparkplug B", "JSON"],
        groups: sparkplug.map((outcome, index) => ({
          label: `round ${index + 1}`,
          values: [...rates([outcome]), ...rates(json.slice(index, index + 1))],
        })),
      }),
    },
  };
}
