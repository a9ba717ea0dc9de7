import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { BENCHMARKS, type BenchmarkName, isBenchmark, NAMES } from "./benchmarks.js";
import { kpisSection } from "./kpi-section.js";
import { ordersSection } from "./order-section.js";
import {
  busyNow,
  describeMachine,
  FOLDER,
  type Machine,
  type Results,
  readResults,
  type Taken,
  writeResults,
} from "./results.js";
import {
  ingestSection,
  latencySection,
  markdownTable,
  memorySection,
  scaleSection,
  soakSection,
} from "./sections.js";
import { readsSection, storageSection } from "./sections-history.js";
import { sparkplugIngestSection, sparkplugSection } from "./sections-sparkplug.js";
import { targets } from "./targets.js";

/**
 * Runs the benchmarks that are named, or all but the long one, keeps their figures in place of the ones before, and writes the
 * report of all figures there are.
 */
export async function report(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { render: { type: "boolean" }, quick: { type: "boolean" }, soak: { type: "string" } },
  });
  const unknown = positionals.find((name) => !isBenchmark(name));
  if (unknown !== undefined)
    throw new Error(`there is no benchmark ${unknown}; there are ${NAMES.join(", ")}`);
  if (values.quick) process.env.BENCH_QUICK = "1";
  let results = await readResults();
  if (!values.render) {
    const machine = await describeMachine();
    const chosen = NAMES.filter((name) =>
      positionals.length > 0 ? positionals.includes(name) : name !== "soak" || values.soak !== undefined,
    );
    for (const name of chosen) {
      process.stdout.write(`\n--- ${name}\n`);
      const busyBefore = await busyNow();
      const result = await BENCHMARKS[name](values.soak === undefined ? [] : [values.soak]);
      const taken = {
        at: new Date().toISOString(),
        quick: values.quick ?? false,
        busyBefore,
        machine,
        result,
      };
      results = { ...results, [name]: taken };
      // After each one, so that a later one that fails costs only itself.
      await writeResults(results);
    }
  }
  await render(results);
}

async function render(results: Results): Promise<void> {
  const sections = [
    ingestSection,
    scaleSection,
    latencySection,
    memorySection,
    soakSection,
    readsSection,
    kpisSection,
    ordersSection,
    storageSection,
    sparkplugSection,
    sparkplugIngestSection,
  ].flatMap((section) => section(results) ?? []);
  await mkdir(FOLDER, { recursive: true });
  for (const { plots } of sections)
    for (const [name, plot] of Object.entries(plots)) await writeFile(path.join(FOLDER, name), plot);
  const text = [
    HEAD,
    targetsTable(results),
    conditions(results),
    ...sections.map(({ markdown }) => markdown),
    REPEAT,
  ];
  await writeFile(path.join(FOLDER, "README.md"), text.join("\n"));
  process.stdout.write(`\nwrote ${path.join(FOLDER, "README.md")}\n`);
}

/** Percent of all cores that a quiet machine does not take. */
const BUSY = 10;

const HEAD = `# Benchmarks

Written by \`npm run bench -- report\` from [results.json](results.json); do not edit. Every figure stands beside a bare baseline
of the same run. Publisher, broker, PostgreSQL, server and subscribers share the machine, as they do in a small plant, so ratios
tell more than figures.
`;

const REPEAT = `## Repeat it

\`\`\`sh
npm run bench -- report                  # everything but the endurance test, about half an hour
npm run bench -- report --soak 20        # with 20 minutes of it
npm run bench -- report ingest latency   # only these, beside the figures that are there
npm run bench -- report --quick          # small sizes, to see that all works
npm run bench -- report --render         # the report anew from results.json
npm run bench -- ingest                  # one benchmark, printed and not kept
\`\`\`

It needs an installed Mosquitto with \`mosquitto_sub\`. \`npm run bench -- --help\` lists the sizes that can be changed.
`;

function targetsTable(results: Results): string {
  const rows = targets(results).map(({ what, wanted, found, met }) => [
    what,
    wanted,
    found ?? "not measured",
    met === null ? (found === null ? "" : "measured with small sizes") : met ? "met" : "**not met**",
  ]);
  return `## Targets\n\n${markdownTable([["", "wanted", "found", ""], ...rows])}\n`;
}

function conditions(results: Results): string {
  const all = Object.entries(results) as [BenchmarkName, Taken<unknown>][];
  const machines = new Map<string, string[]>();
  for (const [name, { at, quick, busyBefore, machine }] of all) {
    const line = machineText(machine);
    const notes = [
      `${at.slice(0, 16).replace("T", " ")} UTC`,
      ...(quick ? ["quick run with small sizes"] : []),
      ...(busyBefore > BUSY ? [`disturbed: other work took ${busyBefore.toFixed(0)} % of the cores`] : []),
    ];
    machines.set(line, [...(machines.get(line) ?? []), `${name} (${notes.join("; ")})`]);
  }
  const lines = [...machines].map(([machine, names]) => [`${machine}:\n`, ...names].join("\n- "));
  return `## Machine and versions\n\n${lines.join("\n")}\n`;
}

function machineText(machine: Machine): string {
  return [
    `${machine.cores} cores (${machine.cpu})`,
    `${machine.memoryGiB} GiB`,
    machine.system,
    `Node.js ${machine.node}`,
    `PostgreSQL ${machine.postgres}`,
    machine.mosquitto,
  ].join(", ");
}
