import { expect, test } from "vitest";
import type { LinkStatus } from "../mqtt/link-status.js";
import { healthOf, lagOf, withDrops } from "./source-health.js";
import { SourceStats } from "./source-stats.js";

const CONNECTED: LinkStatus = {
  phase: "connected",
  since: 0,
  protocolVersion: 5,
  sessionPresent: true,
  problem: null,
};
const REFUSED: LinkStatus = { phase: "connecting", since: 0, problem: "connection refused" };
const NO_LAG = { messages: 0, ms: 0 };

function counted(counts: Partial<SourceStats>): SourceStats {
  return Object.assign(new SourceStats("s"), counts);
}

test.each([
  ["nothing has come", {}, NO_LAG],
  ["all is committed", { received: 9, committed: 9, firstReceivedAt: 100, committedUpTo: 900 }, NO_LAG],
  ["what was dropped does not wait", { received: 9, committed: 5, dropped: 4, committedUpTo: 900 }, NO_LAG],
  [
    "some wait",
    { received: 9, committed: 5, firstReceivedAt: 100, committedUpTo: 400 },
    { messages: 4, ms: 600 },
  ],
  ["nothing is committed yet", { received: 9, firstReceivedAt: 100 }, { messages: 9, ms: 900 }],
])("lag: %s", (_, counts, lag) => {
  expect(lagOf(counted(counts), 1_000)).toEqual(lag);
});

test.each([
  ["CONNECTED", CONNECTED, false, NO_LAG, null, null],
  ["STANDBY", REFUSED, true, NO_LAG, null, "another server consumes it"],
  ["DISCONNECTED", REFUSED, false, NO_LAG, "database away", "connection refused"],
  ["DISCONNECTED", { phase: "stopped" } as const, false, NO_LAG, null, "not started"],
  ["LAGGING", CONNECTED, false, NO_LAG, "database away", "database away"],
  ["LAGGING", CONNECTED, false, { messages: 7, ms: 6_100 }, null, "commits are 6 s behind"],
  ["CONNECTED", CONNECTED, false, { messages: 7, ms: 4_999 }, null, null],
] as const)("health: %s", (health, link, standby, lag, commitProblem, problem) => {
  expect(healthOf({ standby, paused: false, link }, lag, commitProblem)).toEqual({ health, problem });
});

test("a paused source is PAUSED once its connection has ended, whoever would consume it", () => {
  const paused = { health: "PAUSED", problem: "paused: its messages wait with the broker" };
  for (const standby of [true, false]) {
    const source = { standby, paused: true, link: { phase: "stopped" } as const };
    expect(healthOf(source, NO_LAG, "database away")).toEqual(paused);
  }
  expect(healthOf({ standby: false, paused: true, link: CONNECTED }, NO_LAG, null)).toMatchObject({
    health: "CONNECTED",
  });
});

test.each([
  [null, null, null],
  ["behind", null, "behind"],
  [null, "dropped", "dropped"],
  ["behind", "dropped", "behind; dropped"],
])("problem %s with what the broker dropped: %s", (problem, drops, told) => {
  expect(withDrops({ health: "CONNECTED", problem }, drops)).toEqual({ health: "CONNECTED", problem: told });
});
