import { figure } from "./figures.js";
import type { Results } from "./results.js";
import { markdownTable, type Section } from "./sections.js";
import { bars } from "./svg.js";

export function kpisSection({ kpis }: Results): Section | null {
  if (!kpis) return null;
  const { machines, days, samples, states, minutes, loadSeconds, databaseBytes, questions } = kpis.result;
  return {
    markdown: `## KPIs

${figure(machines)} machines of one line, ${figure(days)} days of three metrics at 1 Hz: ${figure(samples)} samples, ${figure(states)} changes of state, ${figure(minutes)} minutes of counts, an
order per machine and day, three shifts with breaks. The orders came over GraphQL; samples and facts were written through the server's own stores in
${figure(loadSeconds)} s, because over MQTT they would take hours. The database has ${figure(databaseBytes / 1e6)} MB. The ranges begin and end within a minute. The baseline is SQL that adds up
the same changes of state and hours of counts in the same PostgreSQL, without calendar, downtimes and orders; its production time is the same. The first
answer, then median and 95th percentile of 20 after three more.

${markdownTable([
  ["ms", "server: first", "median", "p95", "plain SQL: first", "median", "p95", "ratio"],
  ...questions.map(({ name, server, bare }) => [
    name,
    ...[server, bare].flatMap((one) => [figure(one.first), figure(one.median), figure(one.p95)]),
    (server.median / bare.median).toFixed(2),
  ]),
])}

![time of a report](kpis.svg)
`,
    plots: {
      "kpis.svg": bars({
        title: "Time of a report, median",
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
