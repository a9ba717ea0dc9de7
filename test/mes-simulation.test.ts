import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokerAvailable } from "./support/broker.js";
import { type DowntimeCategory, type MachineTruth, shiftsOf, truthOf } from "./support/mes-oracle.js";
import { type OracleReport, reportOf } from "./support/mes-oracle-report.js";
import { type MesPlant, startMesPlant } from "./support/mes-plant.js";
import { Dice, storyAround } from "./support/mes-simulator.js";
import { CALENDARS, type MachineStory } from "./support/mes-story.js";

/**
 * MES_SIMULATION_INTERVAL_S is the time between a machine's telegrams, in seconds: 30 is what real machines do and takes
 * some thirty times as long. MES_SIMULATION_DAYS and MES_SIMULATION_SEED make another story.
 */
const SCALE = {
  machines: 20,
  days: Number(process.env.MES_SIMULATION_DAYS ?? 30),
  intervalS: Number(process.env.MES_SIMULATION_INTERVAL_S ?? 1_800),
  seed: Number(process.env.MES_SIMULATION_SEED ?? 7),
};
const PATIENCE_MS = 180_000 * Math.max(1, 900 / SCALE.intervalS);
const DAY = 86_400_000;
const RANGES_AT_ONCE = 16;
const REPORT = Object.keys(reportOf([], { from: 0, to: 1 }));
const FIELDS = REPORT.join(" ");

/** Codes of the machine types' reasons that can have each category. */
const REASONS: Record<DowntimeCategory, string> = {
  UNPLANNED: "jam",
  PLANNED: "refill",
  CHANGEOVER: "other",
  UNCLASSIFIED: "other",
};

describe.skipIf(!brokerAvailable).each([
  ["the hour that is skipped", "2026-03-29T01:00:00Z"],
  ["the hour that comes twice", "2025-10-26T01:00:00Z"],
])("20 machines for 30 days around %s", (_, moment) => {
  const story = storyAround(Date.parse(moment), SCALE);
  const shifts = new Map(CALENDARS.map((one) => [one.name, shiftsOf(one, story)]));
  const shiftsWithin = ({ calendar }: MachineStory) =>
    (shifts.get(calendar.name) ?? []).filter(({ from, to }) => from < story.to && to > story.from);
  const told = story.machines.map((machine) => ({
    machine,
    truth: truthOf(story, machine, shifts.get(machine.calendar.name) ?? []),
  }));
  const dice = new Dice(SCALE.seed + 1);
  let plant: MesPlant;

  beforeAll(async () => {
    plant = await startMesPlant(story, { seed: SCALE.seed + 2, patienceMs: PATIENCE_MS });
  }, PATIENCE_MS);

  afterAll(async () => {
    await plant?.stop();
  });

  function check(behaviour: string, problems: () => Promise<string[]>): void {
    test(behaviour, async () => expect(summary(await problems())).toEqual([]), PATIENCE_MS);
  }

  check("the KPIs of every machine are what telegrams, orders and calendars come to", async () => {
    const problems: string[] = [];
    for (const { truth } of told) problems.push(...(await compared(truth.path, [truth], 10)));
    return problems;
  });

  check("the KPIs of lines and of the plant are those of their machines together", async () => {
    const problems: string[] = [];
    for (const path of ["acme/plant/hall/line-1", "acme/plant/hall/line-2", "acme"]) {
      const truths = told.map(({ truth }) => truth).filter((one) => one.path.startsWith(`${path}/`));
      problems.push(...(await compared(path, truths, 4)));
    }
    return problems;
  });

  check("the downtimes of every machine are what telegrams, orders and calendars come to", async () => {
    const problems: string[] = [];
    for (const { truth } of told) {
      const answer = await downtimesOf(truth.path);
      const expected = truth.downtimes.map(({ from, to, state, category, microStop }) =>
        [iso(from), iso(to), state, category, microStop].join(" "),
      );
      problems.push(...without(expected, answer).map((one) => `${truth.path} misses ${one}`));
      problems.push(...without(answer, expected).map((one) => `${truth.path} has ${one}`));
      if (answer.length !== expected.length) problems.push(`${truth.path} has ${answer.length} downtimes`);
    }
    return problems;
  });

  check("every order counts what its machine made for it, and its KPIs are those of its time", async () => {
    const problems: string[] = [];
    for (const { machine, truth } of told) {
      for (const { order: number, steps } of machine.runs) {
        const { order } = await plant.ask(
          `{ order(number: "${number}") { operations { goodQuantity scrapQuantity } kpis { finality ${FIELDS} } } }`,
        );
        const range = { from: steps[0]?.at ?? 0, to: steps.at(-1)?.at ?? 0 };
        const expected = reportOf([truth], range, number);
        problems.push(...differences(number, order.kpis, expected));
        const { goodQuantity, scrapQuantity } = order.operations[0];
        if (goodQuantity !== expected.goodQuantity || scrapQuantity !== expected.scrapQuantity)
          problems.push(`${number} counted ${goodQuantity} and ${scrapQuantity}`);
        if (order.kpis.finality !== "FINAL") problems.push(`${number} is ${order.kpis.finality}`);
      }
    }
    return problems;
  });

  check("the KPIs of every shift are those of its time", async () => {
    const problems: string[] = [];
    for (const { machine, truth } of told.slice(0, 4)) {
      const { equipment } = await plant.ask(
        `{ equipment(path: "${truth.path}") { kpisByShift(from: "${iso(story.from)}", to: "${iso(story.to)}") {
             shift { name date } ${FIELDS} } } }`,
      );
      const expected = shiftsWithin(machine);
      expect(equipment.kpisByShift.map((one: { shift: object }) => one.shift)).toEqual(
        expected.map(({ name, date }) => ({ name, date })),
      );
      expected.forEach(({ name, date, from, to }, index) => {
        const range = { from: Math.max(from, story.from), to: Math.min(to, story.to) };
        const what = `${truth.path} ${name} ${date}`;
        problems.push(...differences(what, equipment.kpisByShift[index], reportOf([truth], range)));
      });
    }
    return problems;
  });

  test("shifts are those of the clocks on the wall", async () => {
    for (const { machine } of told.slice(0, 4)) {
      const { equipment } = await plant.ask(
        `{ equipment(path: "${machine.path}") { shifts(from: "${iso(story.from)}", to: "${iso(story.to)}") {
             name date from to breaks { from to } } } }`,
      );
      expect(equipment.shifts).toEqual(
        shiftsWithin(machine).map(({ name, date, from, to, breaks }) => ({
          ...{ name, date, from: iso(from), to: iso(to) },
          breaks: breaks.map((one) => ({ from: iso(one.from), to: iso(one.to) })),
        })),
      );
    }
  });

  check("what people say of downtimes shows in the KPIs of all that they belong to", async () => {
    const restated: MachineTruth[] = [];
    for (const { machine, truth } of told) {
      const stated = new Map<number, DowntimeCategory>();
      for (let one = 0; one < 5; one += 1)
        stated.set(dice.pick(truth.downtimes).from, dice.pick(["UNPLANNED", "PLANNED", "CHANGEOVER"]));
      for (const [from, category] of stated) await classify(machine.path, from, category);
      restated.push(truthOf(story, machine, shifts.get(machine.calendar.name) ?? [], stated));
    }
    const problems = await compared("acme", restated, 4);
    for (const truth of restated.slice(0, 4)) problems.push(...(await compared(truth.path, [truth], 4)));
    return problems;
  });

  /** The whole story, its days by UTC, and some stretches at random, down to the millisecond. */
  function ranges(random: number): { from: number; to: number }[] {
    const all = [{ from: story.from, to: story.to }];
    for (let from = story.from; from < story.to; from += DAY) all.push({ from, to: from + DAY });
    for (let one = 0; one < random; one += 1) {
      const from = dice.between(story.from, story.to - DAY);
      const to = from + dice.between(1, dice.chance(0.5) ? DAY / 8 : 5 * DAY);
      all.push({ from, to: Math.min(to, story.to) });
    }
    return all;
  }

  async function compared(path: string, truths: readonly MachineTruth[], random: number): Promise<string[]> {
    const problems: string[] = [];
    const all = ranges(random);
    for (let at = 0; at < all.length; at += RANGES_AT_ONCE) {
      const some = all.slice(at, at + RANGES_AT_ONCE);
      const asked = some.map(
        ({ from, to }, index) => `r${index}: kpis(from: "${iso(from)}", to: "${iso(to)}") { ${FIELDS} }`,
      );
      const { equipment } = await plant.ask(`{ equipment(path: "${path}") { ${asked.join(" ")} } }`);
      some.forEach((range, index) => {
        const what = `${path} ${iso(range.from)}..${iso(range.to)}`;
        problems.push(...differences(what, equipment[`r${index}`], reportOf(truths, range)));
      });
    }
    return problems;
  }

  async function downtimesOf(path: string): Promise<string[]> {
    const found: string[] = [];
    for (let after: string | null = null; ; ) {
      const { machine } = await plant.ask(
        `query ($after: String) { machine(path: "${path}") {
           downtimes(from: "${iso(story.from)}", to: "${iso(story.to)}", first: 500, after: $after) {
             pageInfo { hasNextPage endCursor } edges { node { from to durationMs state category microStop } } } } }`,
        { after },
      );
      const { edges, pageInfo } = machine.downtimes;
      for (const { node } of edges) {
        expect(node.durationMs).toBe(Date.parse(node.to) - Date.parse(node.from));
        found.push([node.from, node.to, node.state, node.category, node.microStop].join(" "));
      }
      if (!pageInfo.hasNextPage) return found;
      after = pageInfo.endCursor;
    }
  }

  async function classify(path: string, from: number, category: DowntimeCategory): Promise<void> {
    const { machine } = await plant.ask(
      `{ machine(path: "${path}") {
           downtimes(from: "${iso(from)}", to: "${iso(from + 1)}") { edges { node { id from } } } } }`,
    );
    const nodes: { id: string; from: string }[] = machine.downtimes.edges.map(
      (edge: { node: object }) => edge.node,
    );
    const id = nodes.find((node) => node.from === iso(from))?.id;
    const { classifyDowntime } = await plant.ask(
      "mutation ($input: ClassifyDowntimeInput!) { classifyDowntime(input: $input) { userErrors { message } } }",
      { input: { id, category, reason: REASONS[category], comment: "as seen" } },
    );
    expect(classifyDowntime.userErrors).toEqual([]);
  }
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter((one) => !known.has(one));
}

/** Where a report does not say what it must. */
function differences(what: string, report: Record<string, number | null>, expected: OracleReport): string[] {
  return REPORT.filter((name) => !near(report[name] ?? null, expected[name] ?? null)).map(
    (name) => `${what} ${name}: ${report[name]}, not ${expected[name]}`,
  );
}

function near(one: number | null, other: number | null): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other));
}

/** The first problems, and how many there are. */
function summary(problems: readonly string[]): string[] {
  return problems.length <= 20
    ? [...problems]
    : [...problems.slice(0, 20), `and ${problems.length - 20} more`];
}
