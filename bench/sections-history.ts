import { figure } from "./figures.js";
import type { Results } from "./results.js";
import { markdownTable, type Section } from "./sections.js";
import { bars } from "./svg.js";

export function readsSection({ reads }: Results): Section | null {
  if (!reads) return null;
  const { samples, loadSeconds, bytesCommitted, bytesSealed, sealSeconds, bareBytesPerSample, questions } =
    reads.result;
  return {
    markdown: `## Reading the history

${figure(samples)} samples at 1 Hz came over MQTT in ${figure(loadSeconds)} s (${figure(samples / loadSeconds)} a second): 100 metrics of one machine, one message a second, and
one metric of another. Then the questions over HTTP and GraphQL, when all is sealed, which took ${figure(sealSeconds)} s for what the server had not sealed while it loaded.
The baseline is the same question in SQL to a table of the same samples in the same PostgreSQL, a row per value, with a B-tree over series and
time. The first answer, then median and 95th percentile of 20 after three more.

${markdownTable([
  ["ms", "points", "server: first", "median", "p95", "plain SQL: first", "median", "p95", "ratio"],
  ...questions.map(({ name, points, server, bare }) => [
    name,
    figure(points),
    figure(server.first),
    figure(server.median),
    figure(server.p95),
    figure(bare.first),
    figure(bare.median),
    figure(bare.p95),
    (server.median / bare.median).toFixed(2),
  ]),
])}

![time of a read](reads.svg)

### Size

${markdownTable([
  ["bytes per sample", ""],
  ["server: the whole database when all is committed", figure(bytesCommitted)],
  ["server: the whole database, sealed", figure(bytesSealed)],
  ["plain table with its index", figure(bareBytesPerSample)],
])}
`,
    plots: {
      "reads.svg": bars({
        title: "Time of a read, median",
        unit: "ms",
        names: ["server, over GraphQL", "plain SQL"],
        groups: questions.map(({ name, server, bare }) => ({
          label: name,
          values: [server.median, bare.median],
        })),
      }),
    },
  };
}

export function storageSection({ storage }: Results): Section | null {
  if (!storage) return null;
  const { machines, messages, layouts } = storage.result;
  const named = layouts.map((one) => ({ ...one, name: `${one.layout}, ${one.index}` }));
  return {
    markdown: `## Table layouts

What PostgreSQL itself does with ways of keeping samples, without the server: ${figure(messages)} messages of 7 values from ${figure(machines)} machines in
an hour, in transactions of 5,000 messages from one client. Reads are one hour of one metric, and of seven metrics in 300 buckets.

${markdownTable([
  [
    "layout",
    "values/s",
    "PostgreSQL: CPU ms per 1,000 messages",
    "client: CPU ms",
    "bytes per value",
    "of these the index",
    "bytes of WAL",
    "1 h, ms",
    "buckets, ms",
  ],
  ...named.map((one) => [
    one.name,
    figure(one.valuesPerS),
    figure(one.postgresCpu * 1000),
    figure(one.clientCpu * 1000),
    figure(one.bytesPerValue),
    figure(one.indexBytesPerValue),
    figure(one.walBytesPerValue),
    figure(one.readOneMs),
    figure(one.readBucketsMs),
  ]),
])}

![values per second by layout](storage.svg)
`,
    plots: {
      "storage.svg": bars({
        title: "Writing, by layout",
        unit: "values/s",
        names: ["B-tree", "BRIN"],
        groups: [...new Set(layouts.map(({ layout }) => layout))].map((layout) => ({
          label: layout,
          values: layouts.filter((one) => one.layout === layout).map((one) => one.valuesPerS),
        })),
      }),
    },
  };
}
