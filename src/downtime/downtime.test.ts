import fc from "fast-check";
import { expect, test } from "vitest";
import { machineFacts } from "../../test/support/machine-facts.js";
import type { Span } from "../kernel/intervals.js";
import type { DowntimeCategory, DowntimeReason } from "../plant/downtime-settings.js";
import { type DowntimeRules, deriveDowntimes } from "./derivation.js";
import {
  type Classification,
  type Cut,
  type Downtime,
  type Said,
  type Statement,
  saidOfClassified,
  saidOfMerged,
  saidOfSplit,
} from "./downtime.js";
import { factTiles, type MachineFacts, type TimeTile } from "./time-model.js";

const machineId = "01890000-0000-7000-8000-000000000001";
const END = 80;
const faultReasons = new Map<string, DowntimeReason>([
  ["E1", { code: "jam", name: "Jam", category: "UNPLANNED", children: [] }],
  ["E2", { code: "clean", name: "Cleaning", category: "PLANNED", children: [] }],
]);

/** What someone does with the downtimes there are: which ones, and what. */
const act = fc.record({
  kind: fc.constantFrom("CLASSIFY", "SPLIT", "MERGE"),
  which: fc.nat(50),
  more: fc.integer({ min: 1, max: 3 }),
  share: fc.double({ min: 0, max: 0.999, noNaN: true }),
  category: fc.constantFrom<DowntimeCategory>("UNPLANNED", "PLANNED", "CHANGEOVER", "UNCLASSIFIED"),
});
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

/** A machine, what is known of it, and what people have said so far. */
class Scene {
  facts: MachineFacts;
  now: number;
  readonly statements: Statement[] = [];
  readonly cuts: Cut[] = [];

  constructor(facts: MachineFacts, now: number) {
    this.facts = facts;
    this.now = now;
  }

  derive(): { tiles: readonly Span<TimeTile>[]; downtimes: readonly Downtime[] } {
    const { now, statements, cuts } = this;
    const rules: DowntimeRules = { machineId, now, microStopMs: 0, faultReasons, statements, cuts };
    const tiles = factTiles({ from: 0, to: END }, this.facts, { producesWithoutOrder: false });
    return deriveDowntimes(tiles, rules);
  }

  say({ statement, cut }: Said): void {
    const [number, at] = [this.statements.length + this.cuts.length, new Date(0)];
    if (cut) this.cuts.push({ ...cut, number, machineId, madeBy: "ada", madeAt: at });
    if (statement) this.statements.push({ ...statement, number, machineId, statedBy: "ada", statedAt: at });
  }

  /** The downtime of each moment; null where there is none. */
  moments(): (Downtime | null)[] {
    const { downtimes } = this.derive();
    return Array.from(
      { length: END },
      (_, at) => downtimes.find(({ from, to }) => from <= at && at < (to ?? END)) ?? null,
    );
  }
}

function told(one: Downtime | null): Classification | null {
  return one && { category: one.category, reason: one.reason, comment: one.comment };
}

/** Downtimes from the one at `which` on that follow each other without a gap. */
function neighbours(downtimes: readonly Downtime[], which: number, most: number): Downtime[] {
  const found = downtimes.slice(which, which + 1);
  while (found.length < most) {
    const next = downtimes[which + found.length];
    if (!next || next.from !== found.at(-1)?.to) break;
    found.push(next);
  }
  return found;
}

/** Does it, and expects that it does what was meant and nothing else. */
function doAndCheck(scene: Scene, { kind, which, more, share, category }: Act, number: number): void {
  const { downtimes } = scene.derive();
  const target = downtimes[which % Math.max(downtimes.length, 1)];
  if (!target) return;
  const before = scene.moments();
  const expectMoments = (wanted: (at: number) => Classification | null) =>
    expect(scene.moments().map(told)).toEqual(before.map((_, at) => wanted(at)));
  const elsewhere = (at: number) => told(before[at] ?? null);
  const end = target.to ?? END;
  if (kind === "CLASSIFY") {
    const said = {
      category,
      reason: category === "UNCLASSIFIED" ? null : `r${number}`,
      comment: `c${number}`,
    };
    scene.say(saidOfClassified(target, said, scene.now));
    expectMoments((at) => (at >= target.from && at < end ? said : elsewhere(at)));
    expect(scene.derive().downtimes.find(({ from }) => from === target.from)).toMatchObject({
      to: target.to,
      ...said,
    });
  } else if (kind === "SPLIT") {
    const at = target.from + 1 + Math.floor(share * (Math.min(end, scene.now) - target.from - 1));
    if (at >= Math.min(end, scene.now)) return;
    scene.say(saidOfSplit(target, at, scene.now));
    expectMoments(elsewhere);
    const after = scene.derive().downtimes;
    expect(after).toHaveLength(downtimes.length + 1);
    expect(after.find(({ from }) => from === target.from)?.to).toBe(at);
    expect(after.find(({ from }) => from === at)?.to).toBe(target.to);
  } else {
    const inOrder = neighbours(downtimes, which % downtimes.length, more + 1);
    if (inOrder.length < 2) return;
    const named = share < 0.5 ? inOrder : inOrder.toReversed();
    const kept = told(named.find((one) => one.category !== "UNCLASSIFIED") ?? named[0] ?? null);
    const last = inOrder.at(-1)?.to ?? null;
    scene.say(saidOfMerged(named, scene.now));
    const one = scene.derive().downtimes.find(({ from }) => from === target.from);
    expect(one).toMatchObject({ to: last, category: kept?.category, reason: kept?.reason });
    expectMoments((at) => (at >= target.from && at < (last ?? END) ? told(one ?? null) : elsewhere(at)));
  }
}

test("whoever classifies, splits or merges changes that and nothing else, and late data loses nothing of what was said", () => {
  fc.assert(
    fc.property(
      fc.array(machineFacts(END), { minLength: 1, maxLength: 3 }),
      fc.array(act, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: END }),
      (versions, acts, now) => {
        const [first, ...later] = versions as [MachineFacts, ...MachineFacts[]];
        const scene = new Scene(first, now);
        for (const facts of [first, ...later]) {
          scene.facts = facts;
          for (const [number, one] of acts.entries()) doAndCheck(scene, one, number);
          scene.now = Math.min(scene.now + 7, END);
        }
        const said = scene.moments().map((_, at) => {
          const last = scene.statements.findLast(({ from, to }) => from <= at && at < to);
          return last ? { category: last.category, reason: last.reason, comment: last.comment } : null;
        });
        scene.moments().forEach((one, at) => {
          if (one && said[at]) expect(told(one)).toEqual(said[at]);
          // Nothing is taken for said that nobody said of this downtime.
          if (one?.classifiedBy === "OPERATOR") {
            const own = scene.statements.filter(({ from, to }) => from < (one.to ?? END) && to > one.from);
            expect(own.map(({ category, reason }) => `${category} ${reason}`)).toContain(
              `${one.category} ${one.reason}`,
            );
          }
        });
      },
    ),
    { numRuns: 1_000 },
  );
});
