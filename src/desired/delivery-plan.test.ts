import { describe, expect, test } from "vitest";
import type { Scalar } from "../twin/sample.js";
import { type Period, planDelivery, type Situation, type Tracked } from "./delivery-plan.js";
import type { Desired, DesiredStatus } from "./desired.js";

const T0 = 1_700_000_000_000;
const WITHIN = 1_000;

/** A machine with one desired value, 250, driven step by step as the server drives it. */
class Story {
  now = T0;
  offline = false;
  period: Period | null = { number: 1, since: T0 };
  hold: string | null = null;
  withdrawn = false;
  toldIn: number | null = null;
  reported: { value: Scalar; receivedAt: number } | null = null;
  readonly tracked: Tracked;
  sent = 0;
  readonly steps: DesiredStatus[] = [];

  constructor(status: DesiredStatus = "PENDING", more: Partial<Desired> = {}) {
    const at = new Date(T0);
    const desired: Desired = {
      ...{
        machineId: "1",
        metric: "speed",
        value: 250,
        dataType: "Double",
        version: 1,
        status,
        reason: null,
      },
      ...{ requestedBy: "anna", requestedAt: at, sentAt: null, followBy: null, since: at },
      ...more,
    };
    this.tracked = { desired, attempt: null, confirmedIn: null, departedAt: null };
  }

  reports(value: Scalar): this {
    this.reported = { value, receivedAt: this.now };
    return this;
  }

  /** The machine was away and is back. */
  returns(): this {
    this.period = { number: (this.period?.number ?? 0) + 1, since: this.now };
    this.offline = false;
    return this;
  }

  plan() {
    const { now, offline, period, hold, withdrawn, toldIn, reported } = this;
    const situation: Situation = {
      ...{ now, offline, period, hold, withdrawn, toldIn },
      reported: () => reported && { ...reported, quality: "GOOD" },
      followWithinMs: () => WITHIN,
    };
    return planDelivery([this.tracked], situation);
  }

  /** Does what is to be done until nothing is. @returns when to look again. */
  settle(refused: string | null = null): number {
    for (let round = 0; round < 10; round += 1) {
      const { steps, send, wakeAt } = this.plan();
      const [step] = steps;
      if (step) {
        if (step.status !== this.tracked.desired.status) this.steps.push(step.status);
        this.tracked.desired = step;
      } else if (send && this.period) {
        this.sent += 1;
        for (const one of send) one.attempt = { period: this.period.number, at: new Date(this.now), refused };
        this.toldIn = this.period.number;
      } else return wakeAt - T0;
    }
    throw new Error("there is always something to do");
  }

  passes(ms: number): this {
    this.now += ms;
    return this;
  }
}

test("a value is sent, waited for as long as its time is, and shown as not followed then", () => {
  const story = new Story().reports(100);
  expect(story.settle()).toBe(WITHIN);
  expect(story.passes(WITHIN - 1).settle()).toBe(WITHIN);
  expect(story.steps).toEqual(["SENT"]);
  story.passes(1).settle();
  expect([story.steps, story.sent]).toEqual([["SENT", "NOT_FOLLOWED"], 1]);
  story.passes(1).reports(250).settle();
  expect(story.steps.at(-1)).toBe("SETTLED");
});

test("a value waits while nothing can be sent, and no time runs", () => {
  const story = new Story();
  story.period = null;
  expect([story.settle(), story.sent]).toEqual([Number.POSITIVE_INFINITY, 0]);
  story.passes(60_000).returns().settle();
  expect([story.steps, story.sent]).toEqual([["SENT"], 1]);
});

test("a machine that goes offline has not failed to follow: what was sent is sent again", () => {
  const story = new Story().reports(100);
  story.settle();
  story.offline = true;
  story.period = null;
  story.passes(WITHIN * 5).settle();
  expect(story.steps).toEqual(["SENT", "PENDING"]);
  story.period = { number: 1, since: T0 };
  story.returns().settle();
  expect([story.steps.at(-1), story.sent]).toEqual(["SENT", 2]);
});

test("a connection that is lost stops the time; the new one sends again", () => {
  const story = new Story().reports(100);
  story.settle();
  story.period = null;
  story.passes(WITHIN * 5).settle();
  expect(story.steps).toEqual(["SENT"]);
  story.period = { number: 2, since: story.now };
  expect(story.settle()).toBe(WITHIN * 6);
  expect([story.steps, story.sent]).toEqual([["SENT"], 2]);
});

test("what a server before has sent is sent again by the next, which gives it its whole time", () => {
  const sentAt = new Date(T0 - 5_000);
  const story = new Story("SENT", { sentAt, followBy: new Date(T0 - 4_000) }).reports(100);
  expect([story.settle(), story.sent, story.steps]).toEqual([WITHIN, 1, []]);
});

describe("a value that is not followed", () => {
  const ignored = () => {
    const story = new Story().reports(100);
    story.settle();
    story.passes(WITHIN).settle();
    return story;
  };

  test("is not sent again by itself", () => {
    const story = ignored();
    story.passes(60_000).reports(101).settle();
    expect(story.sent).toBe(1);
  });

  test("is sent again when the machine returns, and goes on being shown until it is followed", () => {
    const story = ignored().returns();
    story.settle();
    expect([story.steps.at(-1), story.sent]).toEqual(["NOT_FOLLOWED", 2]);
    expect(story.tracked.desired.sentAt?.getTime()).toBe(story.now);
    story.reports(250).settle();
    expect(story.steps.at(-1)).toBe("SETTLED");
  });
});

describe("a value that was followed", () => {
  const followed = () => {
    const story = new Story().reports(100);
    story.settle();
    story.passes(10).reports(250).settle();
    return story;
  };

  test("and is no longer, is shown after its time and not fought", () => {
    const story = followed();
    story.passes(10).reports(90);
    expect(story.settle()).toBe(20 + WITHIN);
    expect(story.steps.at(-1)).toBe("SETTLED");
    story.passes(WITHIN).settle();
    expect([story.steps.at(-1), story.sent]).toEqual(["NOT_FOLLOWED", 1]);
  });

  test("and is again within its time, has never ceased to be", () => {
    const story = followed();
    story.passes(10).reports(90).settle();
    story
      .passes(WITHIN / 2)
      .reports(250)
      .settle();
    story.passes(1).reports(90);
    expect(story.settle()).toBe(story.now - T0 + WITHIN);
    expect(story.steps).toEqual(["SENT", "SETTLED"]);
  });

  test("is told again to a machine that returns with another value", () => {
    const story = followed();
    story.passes(10).returns().settle();
    expect(story.sent).toBe(1);
    story.passes(10).reports(0).settle();
    expect([story.sent, story.steps.at(-1)]).toEqual([2, "SENT"]);
  });

  test("is not told again to one that returned, followed, and then changed", () => {
    const story = followed();
    story.passes(10).returns().passes(10).reports(250).settle();
    story.passes(10).reports(90).settle();
    story.passes(WITHIN).settle();
    expect([story.sent, story.steps.at(-1)]).toEqual([1, "NOT_FOLLOWED"]);
    story.passes(60_000).settle();
    expect(story.sent).toBe(1);
  });
});

test("what the machine reports already is not sent", () => {
  const story = new Story().reports(250);
  story.settle();
  expect([story.steps, story.sent]).toEqual([["SETTLED"], 0]);
});

test("what the broker refuses waits with the reason, and is tried again in the next period", () => {
  const story = new Story().reports(100);
  story.settle("not authorized");
  expect([story.steps, story.sent, story.tracked.desired.reason]).toEqual([[], 1, "not authorized"]);
  story.passes(60_000).settle("not authorized");
  expect(story.sent).toBe(1);
  story.returns().settle();
  expect([story.steps, story.sent, story.tracked.desired.reason]).toEqual([["SENT"], 2, null]);
});

test("a machine that is locked out is sent nothing, and shows why", () => {
  const story = new Story().reports(100);
  story.hold = "locked out";
  story.settle();
  expect([story.sent, story.tracked.desired]).toMatchObject([0, { status: "PENDING", reason: "locked out" }]);
  story.hold = null;
  story.settle();
  expect([story.sent, story.steps]).toEqual([1, ["SENT"]]);
});

test("what is no longer wanted is told once, with all that still is", () => {
  const story = new Story().reports(250);
  story.settle();
  story.withdrawn = true;
  expect(story.plan().send).toEqual([]);
  story.reports(100);
  story.settle();
  expect([story.sent, story.plan().send]).toEqual([1, null]);
});
