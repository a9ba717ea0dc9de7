import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokerAvailable } from "./support/broker.js";
import {
  comparedDowntimes,
  comparedReports,
  differences,
  FIGURES,
  isNear,
  type Reported,
  SPENT,
  spentDifferences,
  summaryOf,
} from "./support/mes-comparison.js";
import { iso } from "./support/mes-desk.js";
import { Dice } from "./support/mes-dice.js";
import {
  knownOf,
  type MachineTruth,
  type OracleCount,
  operationName,
  truthOf,
} from "./support/mes-oracle.js";
import { type PlannedShift, shiftsOf } from "./support/mes-oracle-calendar.js";
import type { Saying } from "./support/mes-oracle-downtime.js";
import { Part, type Range, reportOf, unitsMade, workReportOf } from "./support/mes-oracle-report.js";
import { People } from "./support/mes-people.js";
import { type MesPlant, startMesPlant } from "./support/mes-plant.js";
import { storyAround } from "./support/mes-simulator.js";
import { CALENDARS, type RunStory, type StoryCalendar } from "./support/mes-story.js";

type ScrapReasons = readonly { readonly reason: string | null; readonly quantity: number }[];

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
const HOUR = 3_600_000;
const GROUPS = ["acme/plant/hall/line-1", "acme/plant/hall/line-2", "acme"];
const SAYINGS_PER_MACHINE = 4;
const ORDERS_AT_ONCE = 10;

describe.skipIf(!brokerAvailable).each([
  ["the hour that is skipped", "2026-03-29T01:00:00Z"],
  ["the hour that comes twice", "2025-10-26T01:00:00Z"],
])("20 machines for 30 days around %s", (_, moment) => {
  const story = storyAround(Date.parse(moment), SCALE);
  const shifts = new Map(CALENDARS.map((one) => [one.name, shiftsOf(one, story)]));
  const shiftsOfCalendar = ({ name }: StoryCalendar) => shifts.get(name) ?? [];
  const dice = new Dice(SCALE.seed + 1);
  const said = new Map<string, Saying[]>();
  const corrected = new Map<string, OracleCount[]>();
  /** By what the server was told so far. */
  let truths: MachineTruth[] = [];
  let known = knownOf(story, false);
  let plant: MesPlant;
  let people: readonly People[];

  function learn(path: string): MachineTruth {
    const index = known.machines.findIndex((machine) => machine.path === path);
    const machine = known.machines[index];
    if (!machine) throw new Error(`there is no machine ${path}`);
    const sayings = said.get(path) ?? [];
    const truth = truthOf(known, machine, shiftsOfCalendar(machine.calendar), {
      sayings,
      corrections: corrected.get(path) ?? [],
    });
    truths[index] = truth;
    return truth;
  }

  function learnAll(late: boolean): void {
    known = knownOf(story, late);
    truths = [];
    for (const { path } of known.machines) learn(path);
  }

  beforeAll(async () => {
    learnAll(false);
    plant = await startMesPlant(story, { seed: SCALE.seed + 2, patienceMs: PATIENCE_MS });
    people = story.machines.map(
      (_one, index) => new People({ ask: plant.ask, dice: new Dice(SCALE.seed + index) }),
    );
  }, PATIENCE_MS);

  afterAll(async () => {
    await plant?.stop();
  });

  function check(behaviour: string, problems: () => Promise<string[]>): void {
    test(behaviour, async () => expect(summaryOf(await problems())).toEqual([]), PATIENCE_MS);
  }

  check("KPIs and downtimes are those of what is known, while much is yet to come", async () => {
    const problems = await compared([...GROUPS, ...paths(truths)], ranges(2), true);
    for (const truth of truths) problems.push(...(await comparedDowntimes(plant.ask, truth, story)));
    return problems;
  });

  check("what people say of downtimes shows in the KPIs of all that they belong to", async () => {
    await sayAll();
    return compared([...GROUPS, ...paths(truths)], ranges(2), true);
  });

  check("the KPIs of every machine are restated by what comes late", async () => {
    await plant.tellLate();
    learnAll(true);
    return [
      ...(await compared(paths(truths), days(), false)),
      ...(await compared(paths(truths), ranges(8), true)),
    ];
  });

  check("the KPIs of lines and of the plant are those of their machines together", async () => [
    ...(await compared(GROUPS, days(), false)),
    ...(await compared(GROUPS, ranges(4), true)),
  ]);

  check("the downtimes of every machine are restated too, with what people said", async () => {
    const problems: string[] = [];
    for (const truth of truths) problems.push(...(await comparedDowntimes(plant.ask, truth, story)));
    return problems;
  });

  check("corrections restate what machines and groups made, in the time of the operation", async () => {
    const problems: string[] = [];
    const correctAt = async ({ machine }: MachineTruth, index: number) => {
      const runs = machine.runs.filter(({ late }) => dice.chance(late ? 0.5 : 0.1));
      const added: OracleCount[] = [];
      for (const run of runs) {
        const corrections = (await people[index]?.correct(run)) ?? [];
        const { from, to } = timeOf(run);
        for (const { at, operation } of corrections)
          if (at < from || at > to)
            problems.push(`${operation} corrected at ${iso(at)}, when it did not run`);
        added.push(...corrections);
      }
      corrected.set(machine.path, added);
      learn(machine.path);
    };
    await Promise.all(truths.map(correctAt));
    expect([...corrected.values()].flat().length).toBeGreaterThan(10);
    problems.push(...(await compared([...GROUPS, ...paths(truths)], ranges(3), false)));
    return problems;
  });

  check("every order counts what was made for it, and its KPIs are those of its operations", async () => {
    const problems: string[] = [];
    const numbers = [...new Set(truths.flatMap(({ machine }) => machine.runs.map(({ order }) => order)))];
    for (let at = 0; at < numbers.length; at += ORDERS_AT_ONCE)
      problems.push(...(await comparedOrders(numbers.slice(at, at + ORDERS_AT_ONCE))));
    return problems;
  });

  check("the KPIs of every shift are those of its time, of machines and of groups", async () => {
    const problems: string[] = [];
    for (const { machine } of truths.slice(0, 4)) problems.push(...(await comparedShifts(machine.path)));
    for (const path of GROUPS) problems.push(...(await comparedShifts(path)));
    return problems;
  });

  test("shifts are those of the clocks on the wall", async () => {
    for (const { machine } of truths.slice(0, 4)) {
      const { equipment } = await plant.ask(
        `{ equipment(path: "${machine.path}") { shifts(from: "${iso(story.from)}", to: "${iso(story.to)}") {
             name date from to breaks { from to } } } }`,
      );
      expect(equipment.shifts).toEqual(
        shiftsWithin(machine.calendar).map(({ name, date, from, to, breaks }) => ({
          ...{ name, date, from: iso(from), to: iso(to) },
          breaks: breaks.map((one) => ({ from: iso(one.from), to: iso(one.to) })),
        })),
      );
    }
  });

  check("repairs, work and due dates of maintenance are those of the orders", async () => {
    const problems: string[] = [];
    const all = ranges(4);
    for (const path of [...GROUPS, ...paths(truths.slice(0, 4))])
      for (const range of all) problems.push(...(await comparedMaintenance(path, range)));
    return problems;
  });

  check("what people say once more counts", async () => {
    await sayAll();
    return compared([...GROUPS, ...paths(truths.slice(0, 4))], ranges(4), true);
  });

  function truthsUnder(path: string): MachineTruth[] {
    return truths.filter(({ machine }) => `${machine.path}/`.startsWith(`${path}/`));
  }

  function shiftsWithin(calendar: StoryCalendar): PlannedShift[] {
    return shiftsOfCalendar(calendar).filter(
      ({ from, to, cancelled }) => !cancelled && from < story.to && to > story.from,
    );
  }

  /** At all machines at the same time. */
  async function sayAll(): Promise<void> {
    const sayAt = async ({ machine: { path } }: MachineTruth, index: number) => {
      const sayings = said.get(path) ?? [];
      said.set(path, sayings);
      for (let one = 0; one < SAYINGS_PER_MACHINE; one += 1)
        sayings.push(...((await people[index]?.say(learn(path))) ?? []));
      learn(path);
    };
    await Promise.all(truths.map(sayAt));
  }

  /** The whole story, and some stretches at random, down to the millisecond. */
  function ranges(random: number): Range[] {
    const all = [{ from: story.from, to: story.to }];
    for (let one = 0; one < random; one += 1) {
      const from = dice.between(story.from, story.to - DAY);
      const to = from + dice.between(1, dice.chance(0.5) ? DAY / 8 : 5 * DAY);
      all.push({ from, to: Math.min(to, story.to) });
    }
    return all;
  }

  /** Days by UTC. */
  function days(): Range[] {
    const all: Range[] = [];
    for (let { from } = story; from < story.to; from += DAY) all.push({ from, to: from + DAY });
    return all;
  }

  async function compared(some: readonly string[], all: readonly Range[], spent: boolean): Promise<string[]> {
    const problems: string[] = [];
    for (const path of some)
      problems.push(...(await comparedReports(plant.ask, path, truthsUnder(path), all, spent)));
    return problems;
  }

  async function comparedShifts(path: string): Promise<string[]> {
    const { equipment } = await plant.ask(
      `{ equipment(path: "${path}") { kpisByShift(from: "${iso(story.from)}", to: "${iso(story.to)}") {
           from to shift { name date } ${FIGURES} } } }`,
    );
    const own = truthsUnder(path);
    const expected = new Map<string, Range>();
    for (const { machine } of own)
      for (const { name, date, from, to } of shiftsWithin(machine.calendar)) {
        const hull = expected.get(`${date} ${name}`) ?? { from, to };
        expected.set(`${date} ${name}`, { from: Math.min(hull.from, from), to: Math.max(hull.to, to) });
      }
    const reports: { from: string; to: string; shift: { name: string; date: string } }[] =
      equipment.kpisByShift;
    const names = reports.map(({ shift }) => `${shift.date} ${shift.name}`);
    expect([...names].sort()).toEqual([...expected.keys()].sort());
    const begins = reports.map(({ from }) => from);
    expect(begins).toEqual([...begins].sort());
    return reports.flatMap((report, index) => {
      const hull = expected.get(names[index] ?? "") ?? story;
      const range = { from: Math.max(hull.from, story.from), to: Math.min(hull.to, story.to) };
      const what = `${path} ${names[index]}`;
      if (report.from !== iso(range.from) || report.to !== iso(range.to)) return [`${what} is another time`];
      const parts = own.map((truth) => new Part(truth, range));
      return differences(what, report, reportOf(parts));
    });
  }

  /** Orders, and each of their operations. */
  async function comparedOrders(numbers: readonly string[]): Promise<string[]> {
    const kpis = `kpis { finality ${FIGURES} ${SPENT} }`;
    const scrap = "scrapReasons { reason quantity }";
    const orders = numbers.map(
      (number, index) => `o${index}: order(number: "${number}") { ${scrap} ${kpis}
        operations { sequence goodQuantity scrapQuantity ${scrap} ${kpis} } }`,
    );
    const answer = await plant.ask(`{ ${orders.join(" ")} }`);
    return numbers.flatMap((number, place) => {
      const order = answer[`o${place}`];
      const parts = truths
        .flatMap((truth) => truth.machine.runs.map((run) => ({ truth, run })))
        .filter(({ run }) => run.order === number)
        .sort((a, b) => a.run.sequence - b.run.sequence)
        .map(({ truth, run }) => new Part(truth, timeOf(run), operationName(run)));
      const problems = comparedWork(number, order, parts);
      if (order.operations.length !== parts.length) problems.push(`${number} has other operations`);
      parts.forEach((part, index) => {
        const operation = order.operations[index];
        const what = `${number}/${operation.sequence}`;
        const { good, scrap: spoilt } = unitsMade(part);
        const { goodQuantity, scrapQuantity } = operation;
        if (!isNear(goodQuantity, good.quantity) || !isNear(scrapQuantity, spoilt.quantity))
          problems.push(`${what} counted ${goodQuantity} and ${scrapQuantity}`);
        problems.push(...comparedWork(what, operation, [part]));
      });
      return problems;
    });
  }

  async function comparedMaintenance(path: string, range: Range): Promise<string[]> {
    const { maintenanceFigures: figures } = await plant.ask(
      `{ maintenanceFigures(under: "${path}", from: "${iso(range.from)}", to: "${iso(range.to)}") {
           compliance { due onTime ratio } byKind { kind completed workedHours repair { count hours meanHours } }
           repair { count hours meanHours } } }`,
    );
    const inside = (at: number) => range.from <= at && at < range.to;
    const orders = truthsUnder(path).flatMap(({ machine }) => machine.maintenance);
    const repairOf = (kind: string) => {
      const done = orders.flatMap((one) =>
        one.kind === kind && one.work && inside(one.work.to) ? [one.work] : [],
      );
      const hours = done.reduce((ms, { from, to }) => ms + to - from, 0) / HOUR;
      return { count: done.length, hours, meanHours: done.length === 0 ? null : hours / done.length };
    };
    const due = orders.filter(({ kind, dueAt }) => kind === "PREVENTIVE" && dueAt !== null && inside(dueAt));
    const onTime = due.filter(({ work, dueAt }) => work !== null && work.to <= (dueAt ?? 0));
    const ratio = due.length === 0 ? null : onTime.length / due.length;
    const problems: string[] = [];
    const compare = (what: string, told: object, expected: object) => {
      const [one, other] = [JSON.stringify(rounded(told)), JSON.stringify(rounded(expected))];
      if (one !== other)
        problems.push(`${path} ${iso(range.from)}..${iso(range.to)} ${what}: ${one}, not ${other}`);
    };
    compare("compliance", figures.compliance, { due: due.length, onTime: onTime.length, ratio });
    compare("repair", figures.repair, repairOf("CORRECTIVE"));
    for (const { kind, completed, workedHours, repair } of figures.byKind) {
      const begun = orders.filter((one) => one.kind === kind && one.work && inside(one.work.from));
      const worked = begun.reduce((minutes, one) => minutes + one.workedMinutes, 0) / 60;
      const expected = repairOf(kind);
      compare(
        kind,
        { completed, workedHours, ...repair },
        { completed: expected.count, workedHours: worked, ...expected },
      );
    }
    return problems;
  }
});

function paths(some: readonly MachineTruth[]): string[] {
  return some.map(({ machine }) => machine.path);
}

function timeOf({ steps }: RunStory): Range {
  return { from: steps[0]?.at ?? 0, to: steps.at(-1)?.at ?? 0 };
}

/** Where an order or an operation does not say what it must of its time and what it spoilt. */
function comparedWork(
  what: string,
  { kpis, scrapReasons }: { kpis: Reported; scrapReasons: ScrapReasons },
  parts: readonly Part[],
): string[] {
  return [
    ...differences(what, kpis, workReportOf(parts)),
    ...spentDifferences(what, kpis, parts),
    ...scrapDifferences(what, scrapReasons, parts),
    ...(kpis.finality === "FINAL" ? [] : [`${what} is ${kpis.finality}`]),
  ];
}

/** Where scrap by reason is not what was counted and reported. */
function scrapDifferences(what: string, told: ScrapReasons, parts: readonly Part[]): string[] {
  const expected = new Map<string | null, number>();
  for (const { kind, reason, quantity } of parts.flatMap((part) => part.counts()))
    if (kind === "scrap") expected.set(reason, (expected.get(reason) ?? 0) + quantity);
  const reasons = new Set([...expected.keys(), ...told.map(({ reason }) => reason)]);
  return [...reasons].flatMap((reason) => {
    const quantity = told.find((one) => one.reason === reason)?.quantity ?? 0;
    const right = expected.get(reason) ?? 0;
    return isNear(quantity, right) ? [] : [`${what} spoilt ${quantity} by ${reason}, not ${right}`];
  });
}

/** What is left of figures when the last digits of fractions are. */
function rounded(figures: object): object {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      value === null ? null : Number(Number(value).toFixed(6)),
    ]),
  );
}
