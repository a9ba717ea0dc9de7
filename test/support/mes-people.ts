import { type Ask, doAll, iso, type RecordToCorrect, recordsOf } from "./mes-desk.js";
import type { Dice } from "./mes-dice.js";
import { type MachineTruth, type OracleCount, operationName } from "./mes-oracle.js";
import type { DowntimeCategory, OracleDowntime, Saying } from "./mes-oracle-downtime.js";
import type { RunStory } from "./mes-story.js";

const REASONS: Record<DowntimeCategory, readonly string[]> = {
  UNPLANNED: ["jam", "other"],
  PLANNED: ["refill", "other"],
  CHANGEOVER: ["other"],
  UNCLASSIFIED: [""],
};

/** People who say what downtimes were, part them and put them together, and correct what was recorded. */
export class People {
  readonly #ask: Ask;
  readonly #dice: Dice;

  constructor(deps: { ask: Ask; dice: Dice }) {
    this.#ask = deps.ask;
    this.#dice = deps.dice;
  }

  /** Says something of some downtime of a machine. */
  async say({ machine: { path }, downtimes }: MachineTruth): Promise<Saying[]> {
    const dice = this.#dice;
    const neighbours = downtimes.flatMap((one, index) => {
      const next = downtimes[index + 1];
      return next?.from === one.to ? [[one, next] as const] : [];
    });
    const what = dice.next();
    if (what < 0.25 && neighbours.length > 0) {
      const [one, next] = dice.pick(neighbours);
      return this.#merge(path, dice.chance(0.5) ? [one, next] : [next, one]);
    }
    const downtime = dice.pick(downtimes);
    if (what < 0.5 && downtime.to - downtime.from > 1) return this.#split(path, downtime);
    return this.#classify(path, downtime);
  }

  async #classify(path: string, { from, to }: OracleDowntime): Promise<Saying[]> {
    const category = this.#dice.pick(Object.keys(REASONS) as DowntimeCategory[]);
    const reason = this.#dice.pick(REASONS[category]);
    const id = await this.#idOf(path, from);
    await this.#do(
      `classifyDowntime(input: { id: "${id}", category: ${category}, reason: "${reason}", comment: "as seen" })`,
    );
    return [{ kind: "was", from, to, category, reason: reason === "" ? null : reason }];
  }

  async #split(path: string, downtime: OracleDowntime): Promise<Saying[]> {
    const { from, to, classifiedBy, category, reason } = downtime;
    const at = this.#dice.between(from + 1, to);
    const id = await this.#idOf(path, from);
    await this.#do(`splitDowntime(input: { id: "${id}", at: "${iso(at)}" })`);
    const cut: Saying = { kind: "cut", from: at, to: at };
    // Both parts keep what was said of the whole.
    return classifiedBy === "OPERATOR" ? [{ kind: "was", from, to, category, reason }, cut] : [cut];
  }

  async #merge(path: string, named: readonly OracleDowntime[]): Promise<Saying[]> {
    const ids: string[] = [];
    for (const { from } of named) ids.push(await this.#idOf(path, from));
    await this.#do(`mergeDowntimes(input: { ids: ${JSON.stringify(ids)} })`);
    const from = Math.min(...named.map((one) => one.from));
    const to = Math.max(...named.map((one) => one.to));
    const join: Saying = { kind: "join", from, to };
    const [first] = named;
    const alike = named.every((one) => one.category === first?.category && one.reason === first.reason);
    if (alike && named.every(({ classifiedBy }) => classifiedBy !== "OPERATOR")) return [join];
    const counts = named.find(({ category }) => category !== "UNCLASSIFIED") ?? first;
    if (!counts) return [join];
    return [{ kind: "was", from, to, category: counts.category, reason: counts.reason }, join];
  }

  async #idOf(path: string, from: number): Promise<string> {
    const { machine } = await this.#ask(
      `{ machine(path: "${path}") { downtimes(from: "${iso(from)}", to: "${iso(from + 1)}") { edges { node { id from } } } } }`,
    );
    const nodes: { id: string; from: string }[] = machine.downtimes.edges.map(
      (edge: { node: object }) => edge.node,
    );
    const found = nodes.find((node) => node.from === iso(from));
    if (!found) throw new Error(`${path} has no downtime from ${iso(from)}`);
    return found.id;
  }

  async #do(mutation: string): Promise<void> {
    await doAll(this.#ask, [`${mutation} { userErrors { message } }`]);
  }

  /** Corrects something that was recorded for an operation, perhaps twice. @returns what that adds, and when. */
  async correct(run: RunStory): Promise<OracleCount[]> {
    const records = await recordsOf(this.#ask, run);
    if (records.length === 0) return [];
    const record = this.#dice.pick(records);
    const added: OracleCount[] = [];
    let { quantity } = record;
    for (let times = this.#dice.between(1, 3); times > 0; times -= 1) {
      const right = Math.max(0, Math.round(quantity * 10 + this.#dice.between(-400, 400)) / 10);
      if (right === quantity) continue;
      const [done] = await doAll(this.#ask, [
        `correctProduction(input: { record: "${record.id}", quantity: ${right}, reason: "counted again" }) {
           record { at } userErrors { message } }`,
      ]);
      added.push(correctionOf({ ...record, at: Date.parse(done.record.at) }, run, right - quantity));
      quantity = right;
    }
    return added;
  }
}

function correctionOf(
  { kind, at, scrapReason }: RecordToCorrect,
  run: RunStory,
  quantity: number,
): OracleCount {
  return {
    ...{ at, quantity, operation: operationName(run), idealMs: run.idealCycleTimeMs, reason: scrapReason },
    kind: kind === "GOOD" ? "good" : "scrap",
  };
}
