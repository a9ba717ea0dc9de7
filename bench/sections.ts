import { figure, median, spread } from "./figures.js";
import { cost, rates } from "./ingest.js";
import { boundBy, busy, type Outcome } from "./measure.js";
import { bytesPerMachine } from "./memory.js";
import { METRICS } from "./payloads.js";
import { delayAt, SHARES, SHOWN } from "./receivers.js";
import type { Results } from "./results.js";
import { mostIn } from "./soak.js";
import { bars, lines } from "./svg.js";

/** A part of the report. */
export interface Section {
  readonly markdown: string;
  /** By file name. */
  readonly plots: Readonly<Record<string, string>>;
}

const MIB = 1_048_576;

export function ingestSection({ ingest }: Results): Section | null {
  if (!ingest) return null;
  const { messages, machines, bare, server } = ingest.result;
  const busyOf = (outcomes: readonly Outcome[], part: string) =>
    median(outcomes.map((outcome) => busy(outcome, part)));
  const row = (name: string, one: string, other: string, ratio = "") => [name, one, other, ratio];
  const both = (name: string, of: (outcomes: readonly Outcome[]) => number) =>
    row(name, figure(of(bare)), figure(of(server)), (of(server) / of(bare)).toFixed(2));
  const last = server.at(-1);
  const parts = ["publisher", "mosquitto", "client or server", "postgres"];
  return {
    markdown: `## Ingest

${bare.length} rounds each, in turns, of ${figure(messages)} messages of ${METRICS} values (about 170 bytes, QoS 1) from ${figure(machines)} machines. The bare
client is mqtt.js as it comes: it receives, acknowledges and drops. The server is done when everything is committed. Both get
the same stream from the same publisher, on the same cores; medians.

${markdownTable([
  ["", "bare client", "server", "ratio"],
  both("messages/s", (outcomes) => median(rates(messages, outcomes))),
  row("values/s", "", figure(median(rates(messages, server)) * METRICS)),
  row(
    "spread of the rounds",
    `${spread(rates(messages, bare)).toFixed(0)} %`,
    `${spread(rates(messages, server)).toFixed(0)} %`,
  ),
  row(
    "CPU s per 1,000 messages",
    figure(cost(messages, bare, "client")),
    figure(cost(messages, server, "server")),
    (cost(messages, server, "server") / cost(messages, bare, "client")).toFixed(2),
  ),
  row("of PostgreSQL", "", figure(cost(messages, server, "postgres"))),
  both("of Mosquitto", (outcomes) => cost(messages, outcomes, "mosquitto")),
])}

![messages per second](ingest.svg)
![how busy each part is](ingest-busy.svg)

${last ? `What bounds the server: ${boundBy(last, "server")}.` : ""}
`,
    plots: {
      "ingest.svg": bars({
        title: "Messages, by round",
        unit: "messages/s",
        names: ["server", "bare client"],
        groups: server.map((outcome, index) => ({
          label: `round ${index + 1}`,
          values: [...rates(messages, [outcome]), ...rates(messages, bare.slice(index, index + 1))],
        })),
      }),
      "ingest-busy.svg": bars({
        title: "How busy each part is",
        unit: "% of one core",
        names: ["server", "bare client"],
        groups: parts.map((part) => ({
          label: part,
          values:
            part === "client or server"
              ? [busyOf(server, "server"), busyOf(bare, "client")]
              : [busyOf(server, part), busyOf(bare, part)],
        })),
      }),
    },
  };
}

export function scaleSection({ scale }: Results): Section | null {
  if (!scale) return null;
  const { messages, few, many } = scale.result;
  const of = (...parts: string[]) => [
    cost(messages, few.rounds, ...parts),
    cost(messages, many.rounds, ...parts),
  ];
  const row = (name: string, [one = Number.NaN, other = Number.NaN]: readonly number[]) => [
    name,
    figure(one),
    figure(other),
    (other / one).toFixed(2),
  ];
  return {
    markdown: `## Few and many machines

${few.rounds.length} rounds each, in turns, of ${figure(messages)} messages from machines that the server knows already; medians.

${markdownTable([
  [
    "CPU s per 1,000 messages",
    `${figure(few.machines)} machines`,
    `${figure(many.machines)} machines`,
    "ratio",
  ],
  row("server and PostgreSQL", of("server", "postgres")),
  row("server", of("server")),
  row("PostgreSQL", of("postgres")),
])}

![cost per message](scale.svg)
`,
    plots: {
      "scale.svg": bars({
        title: "Cost of 1,000 messages",
        unit: "CPU ms",
        names: [`${figure(few.machines)} machines`, `${figure(many.machines)} machines`],
        groups: ["server", "postgres"].map((part) => ({
          label: part,
          values: of(part).map((seconds) => seconds * 1000),
        })),
      }),
    },
  };
}

export function latencySection({ latency }: Results): Section | null {
  if (!latency) return null;
  const { seconds, machines, rates: measured } = latency.result;
  const tables = measured.map(({ rate, noDelay, delays, lateMedian, lateP99, busy: shares }) => {
    const rows = Object.entries(delays).map(([name, found]) => [
      name,
      figure(found.count),
      ...SHOWN.map((share) => figure(delayAt(found, share))),
    ]);
    const used = Object.entries(shares).map(([part, share]) => `${part} ${share.toFixed(0)} %`);
    return `### ${figure(rate)} messages/s, ${settingOf(noDelay)}

${markdownTable([["ms", "received", "p50", "p90", "p99", "p99.9", "longest"], ...rows])}

The publisher sent ${figure(lateMedian)} ms (p99: ${figure(lateP99)} ms) after the time that counts. Busy, of one core: ${used.join(", ")}.

![delays at ${rate} messages/s](${plotOf(rate, noDelay)})
`;
  });
  return {
    markdown: `## Latency

From the time at which a message was due at the publisher until a subscriber has it, over ${seconds} s from ${figure(machines)} machines. A
message that was sent late counts from when it was due. \`telemetryReceived\` is one subscription to the metric \`sent\` of all
machines, so one event per message: to all seven metrics it would be seven events per message, which no single client needs.
\`machineChanged\` is 20 subscriptions, each to one machine, with all of its metrics. Both come over graphql-ws. \`mqtt.js\` and
\`mosquitto_sub\` get the same messages from the same broker at the same time; \`mosquitto_sub, no server\` has a broker of its own
while the server does not run. Each subscriber is a process of its own; \`mosquitto_sub\` tells its own times.

As it comes, Mosquitto holds a packet back until what it sent before is acknowledged by TCP, and the system of a receiver that sends
nothing waits up to 40 ms with that. The server answers no message until its batch is committed; so that it does not get the next ones late,
it sends a byte of a PINGREQ for TCP's acknowledgement to travel with. \`set_tcp_nodelay true\` in Mosquitto's configuration makes
the broker send at once, whatever its receivers do.

${tables.join("\n")}`,
    plots: Object.fromEntries(
      measured.map(({ rate, noDelay, delays }) => [
        plotOf(rate, noDelay),
        lines({
          title: `Delay at ${figure(rate)} messages/s, ${settingOf(noDelay)}`,
          xUnit: "share of the messages, %",
          yUnit: "ms",
          logarithmic: true,
          ticks: SHARES.map((share, x) => ({ x, label: share === 100 ? "longest" : String(share) })),
          lines: Object.entries(delays).map(([name, { ms }]) => ({
            name,
            points: ms.map((y, x) => ({ x, y })),
          })),
        }),
      ]),
    ),
  };
}

function settingOf(noDelay: boolean): string {
  return noDelay ? "Mosquitto with set_tcp_nodelay" : "Mosquitto as it comes";
}

function plotOf(rate: number, noDelay: boolean): string {
  return `latency-${rate}${noDelay ? "-nodelay" : ""}.svg`;
}

export function memorySection({ memory }: Results): Section | null {
  if (!memory) return null;
  const { counts } = memory.result;
  const mib = (bytes: number) => (bytes / MIB).toFixed(1);
  return {
    markdown: `## Memory

After ${METRICS} metrics of each machine were seen three times, at full speed. Resident memory is as it is 15 s later; the heap is after all
garbage was collected. The bare process holds the same values in plain maps.

${markdownTable([
  ["machines", "server: resident, MiB", "server: heap, MiB", "bare: resident, MiB", "bare: heap, MiB"],
  ...counts.map(({ machines, server, bare }) => [
    figure(machines),
    mib(server.rss),
    mib(server.heap),
    mib(bare.rss),
    mib(bare.heap),
  ]),
])}

A machine of ${METRICS} metrics takes ${figure(bytesPerMachine(memory.result, "server", "heap"))} bytes of the server's heap, and ${figure(bytesPerMachine(memory.result, "bare", "heap"))} of the bare process'.

![memory by number of machines](memory.svg)
`,
    plots: {
      "memory.svg": bars({
        title: "Memory by number of machines",
        unit: "MiB",
        names: ["server: resident", "bare: resident", "server: heap", "bare: heap"],
        groups: counts.map(({ machines, server, bare }) => ({
          label: `${figure(machines)} machines`,
          values: [server.rss, bare.rss, server.heap, bare.heap].map((bytes) => bytes / MIB),
        })),
      }),
    },
  };
}

export function soakSection({ soak }: Results): Section | null {
  if (!soak) return null;
  const { result } = soak;
  const { minutes, outageS, rate, samples, published, stored } = result;
  const last = samples.at(-1);
  return {
    markdown: `## Endurance

${minutes} minutes ${rate === null ? "at full rate" : `at ${figure(rate)} messages/s`}. PostgreSQL hangs for ${outageS} s and later is stopped for ${outageS} s; the devices send on, and the broker
keeps what they send.

${markdownTable([
  ["", ""],
  ["messages published", figure(published)],
  ["values missing at the end", figure(published * METRICS - stored)],
  ["messages/s committed, the outages included", figure((last?.committed ?? 0) / (minutes * 60))],
  ["resident memory over the last half, MiB per minute", figure(result.slope)],
  ["most resident memory while everything runs, MiB", figure(mostIn(result, "running"))],
  ["most while PostgreSQL hangs, MiB", figure(mostIn(result, "PostgreSQL hangs"))],
  ["most while PostgreSQL is stopped, MiB", figure(mostIn(result, "PostgreSQL is stopped"))],
])}

![memory over time](soak.svg)
`,
    plots: {
      "soak.svg": lines({
        title: "Memory under full load",
        xUnit: "minutes",
        yUnit: "MiB",
        ticks: Array.from({ length: 11 }, (_, index) => (index * minutes) / 10).map((x) => ({
          x,
          label: figure(x),
        })),
        lines: [
          {
            name: "server: resident",
            points: samples.map(({ minute, rssMiB }) => ({ x: minute, y: rssMiB })),
          },
          {
            name: "server: heap in use",
            points: samples.map(({ minute, heapMiB }) => ({ x: minute, y: heapMiB })),
          },
          {
            name: "Mosquitto",
            points: samples.map(({ minute, brokerMiB }) => ({ x: minute, y: brokerMiB })),
          },
        ],
        shaded: ["PostgreSQL hangs", "PostgreSQL is stopped"].flatMap((phase) => {
          const inside = samples.filter((one) => one.phase === phase);
          const [first] = inside;
          const final = inside.at(-1);
          return first && final ? [{ from: first.minute, to: final.minute, label: phase }] : [];
        }),
      }),
    },
  };
}

/** A table of Markdown; the first row is its head, figures stand on the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rest.map(line)].join("\n");
}
