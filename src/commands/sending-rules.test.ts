import { describe, expect, test } from "vitest";
import type { Command } from "./command.js";
import { type CommandPolicy, REPLY_POLICY } from "./command-policy.js";
import { sendingVerdict, stateProblem } from "./sending-rules.js";

const AT = new Date("2026-01-31T12:00:00.000Z");

function command(policy: Partial<CommandPolicy>, sendStartedAt: Date | null = null): Command {
  return {
    id: "0190a000-0000-7000-8000-000000000001",
    machineId: "0190a000-0000-7000-8000-00000000000a",
    name: "start",
    arguments: null,
    status: "QUEUED",
    reason: null,
    result: null,
    requestedBy: "anna",
    source: "shopfloor",
    topic: "acme/filler-1/cmd/start",
    queuedAt: AT,
    sendStartedAt,
    sentAt: null,
    acceptedAt: null,
    finishedAt: null,
    expiresAt: AT,
    scheduledAt: null,
    oneAtATime: true,
    policy: { ...REPLY_POLICY, ...policy },
    sends: 0,
    retryAt: null,
    provedLateAt: null,
  };
}

describe("the state of the machine", () => {
  const reaching: Partial<CommandPolicy> = { confirm: "state", reaches: ["EXECUTE", "HELD"] };
  test.each<[string, Partial<CommandPolicy>, string | null]>([
    ["EXECUTE", {}, null],
    ["UNKNOWN", {}, null],
    ["IDLE", { allowedStates: ["STOPPED", "IDLE"] }, null],
    [
      "EXECUTE",
      { allowedStates: ["STOPPED", "IDLE"] },
      "the machine is EXECUTE; start is allowed in STOPPED, IDLE",
    ],
    ["UNKNOWN", { allowedStates: ["IDLE"] }, "the machine is UNKNOWN; start is allowed in IDLE"],
    ["UNKNOWN", { allowedStates: ["UNKNOWN"] }, null],
    ["IDLE", reaching, null],
    ["HELD", reaching, "the machine is HELD already, and that is what start would be known by"],
    ["HELD", { ...reaching, confirm: "reply" }, null],
  ])("%s with %j", (state, policy, problem) => {
    expect(stateProblem("start", { ...REPLY_POLICY, ...policy }, state)).toBe(problem);
  });
});

describe("a command whose turn has come", () => {
  const idleOnly = { allowedStates: ["IDLE"] };
  test.each([
    ["is sent", command(idleOnly), "IDLE", null, "send", ""],
    ["fails in another state", command(idleOnly), "HELD", null, "fail", "the machine is HELD"],
    ["fails where a lockout is", command({}), "IDLE", "M-7", "fail", "the maintenance order M-7"],
    ["is sent again", command(idleOnly, AT), "IDLE", null, "send", ""],
    ["waits when it may have been sent", command(idleOnly, AT), "HELD", null, "wait", "may have been sent"],
    [
      "waits likewise for a lockout's end",
      command({}, AT),
      "IDLE",
      "M-7",
      "wait",
      "M-7 locks the machine out",
    ],
  ])("%s", (_, given, state, lockedOutBy, kind, reason) => {
    const verdict = sendingVerdict(given, { state, lockedOutBy });
    expect(verdict.kind).toBe(kind);
    if (verdict.kind !== "send") expect(verdict.reason).toContain(reason);
  });
});
