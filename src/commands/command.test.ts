import { describe, expect, test } from "vitest";
import {
  backoffMs,
  COMMAND_STATUSES,
  type Command,
  type CommandStatus,
  cancelProblem,
  commandMessage,
  commandTopic,
  EXPIRIES,
  isAhead,
  isFinished,
  isProvedLate,
  mayStep,
  messageExpiryS,
  REPLY_STATUSES,
  scheduleProblem,
  stepped,
  stepsOfProof,
  stepsOfReply,
  timeoutProblem,
} from "./command.js";
import { type CommandPolicy, REPLY_POLICY } from "./command-policy.js";

const AT = new Date("2026-01-31T12:00:00.000Z");

function command(status: CommandStatus, more: Partial<Command> = {}): Command {
  return {
    id: "0190a000-0000-7000-8000-000000000001",
    machineId: "0190a000-0000-7000-8000-00000000000a",
    name: "start",
    arguments: null,
    status,
    reason: "before",
    result: null,
    requestedBy: "anna",
    source: "shopfloor",
    topic: "acme/filler-1/cmd/start",
    queuedAt: AT,
    sendStartedAt: null,
    sentAt: null,
    acceptedAt: null,
    finishedAt: null,
    expiresAt: new Date(AT.getTime() + 30_000),
    scheduledAt: null,
    oneAtATime: true,
    policy: REPLY_POLICY,
    sends: 0,
    retryAt: null,
    provedLateAt: null,
    ...more,
  };
}

const STEPS: Record<CommandStatus, readonly CommandStatus[]> = {
  QUEUED: ["SENT", "EXPIRED", "CANCELLED", "FAILED"],
  SENT: ["ACCEPTED", "COMPLETED", "REJECTED", "FAILED", "TIMED_OUT"],
  ACCEPTED: ["COMPLETED", "REJECTED", "FAILED", "TIMED_OUT"],
  COMPLETED: [],
  REJECTED: [],
  FAILED: [],
  TIMED_OUT: [],
  EXPIRED: [],
  CANCELLED: [],
};

describe("every pair of statuses", () => {
  for (const from of COMMAND_STATUSES) {
    for (const to of COMMAND_STATUSES) {
      const possible = STEPS[from].includes(to);
      test(`${from} to ${to} is ${possible ? "a step" : "none"}`, () => {
        expect(mayStep(from, to)).toBe(possible);
        if (!possible) expect(() => stepped(command(from), to, { at: AT })).toThrow(`from ${from} to ${to}`);
        else expect(stepped(command(from), to, { at: AT }).status).toBe(to);
      });
    }
  }
});

describe("a step sets its time and says its own reason", () => {
  test.each([
    ["QUEUED", "SENT", { sentAt: AT, acceptedAt: null, finishedAt: null }],
    ["SENT", "ACCEPTED", { acceptedAt: AT, finishedAt: null }],
    ["SENT", "COMPLETED", { acceptedAt: null, finishedAt: AT }],
    ["ACCEPTED", "FAILED", { finishedAt: AT }],
    ["QUEUED", "CANCELLED", { sentAt: null, finishedAt: AT }],
  ] as const)("%s to %s", (from, to, times) => {
    expect(stepped(command(from), to, { at: AT })).toMatchObject({ ...times, reason: null, result: null });
    expect(stepped(command(from), to, { at: AT, reason: "why", result: 7 })).toMatchObject({
      reason: "why",
      result: 7,
    });
  });
});

describe("replies", () => {
  const expected: Partial<Record<CommandStatus, Record<(typeof REPLY_STATUSES)[number], string[]>>> = {
    QUEUED: {
      ACCEPTED: ["SENT", "ACCEPTED"],
      REJECTED: ["SENT", "REJECTED"],
      COMPLETED: ["SENT", "COMPLETED"],
      FAILED: ["SENT", "FAILED"],
    },
    SENT: { ACCEPTED: ["ACCEPTED"], REJECTED: ["REJECTED"], COMPLETED: ["COMPLETED"], FAILED: ["FAILED"] },
    ACCEPTED: { ACCEPTED: [], REJECTED: ["REJECTED"], COMPLETED: ["COMPLETED"], FAILED: ["FAILED"] },
  };
  for (const status of COMMAND_STATUSES) {
    for (const reply of REPLY_STATUSES) {
      const steps = expected[status]?.[reply] ?? [];
      test(`${reply} for a command ${status} makes ${steps.join(", ") || "no step"}`, () => {
        expect(stepsOfReply(status, reply)).toEqual(steps);
      });
    }
  }
});

const expectedOfAccepted: Partial<Record<CommandStatus, CommandStatus[]>> = {
  QUEUED: ["SENT", "ACCEPTED"],
  SENT: ["ACCEPTED"],
};

describe("replies where something else is the proof", () => {
  for (const confirm of ["echo", "state"] as const) {
    for (const status of COMMAND_STATUSES) {
      const steps = expectedOfAccepted[status] ?? [];
      test(`COMPLETED for a command ${status} proven by ${confirm} makes ${steps.join(", ") || "no step"}`, () => {
        expect(stepsOfReply(status, "COMPLETED", confirm)).toEqual(steps);
        expect(stepsOfReply(status, "FAILED", confirm)).toEqual(stepsOfReply(status, "FAILED"));
      });
    }
  }
});

describe("a proof", () => {
  const steps: Partial<Record<CommandStatus, CommandStatus[]>> = {
    QUEUED: ["SENT", "COMPLETED"],
    SENT: ["COMPLETED"],
    ACCEPTED: ["COMPLETED"],
  };
  for (const status of COMMAND_STATUSES) {
    const expected = steps[status] ?? [];
    const late = status === "TIMED_OUT" || status === "EXPIRED";
    test(`of a command ${status} makes ${expected.join(", ") || "no step"}${late ? ", and is late" : ""}`, () => {
      const sending = command(status, { sendStartedAt: AT });
      expect(stepsOfProof(sending)).toEqual(expected);
      expect(isProvedLate(sending)).toBe(late);
      expect(isProvedLate({ ...sending, provedLateAt: AT })).toBe(false);
    });
  }

  test("of a command that surely was not sent is none", () => {
    expect(stepsOfProof(command("QUEUED"))).toEqual([]);
    expect(isProvedLate(command("EXPIRED"))).toBe(false);
  });
});

test.each([
  [0, 1, AT.getTime() + 5_000],
  [1, 2, AT.getTime() + 5_000],
  [2, 3, null],
])(
  "after %i sends of 3 the next step to SENT makes %i, and sets the time of the next",
  (before, sends, next) => {
    const policy: CommandPolicy = { ...REPLY_POLICY, retries: 2, retryAfterMs: 5_000 };
    const sent = stepped(command("QUEUED", { policy, sends: before }), "SENT", { at: AT });
    expect([sent.sends, sent.retryAt?.getTime() ?? null]).toEqual([sends, next]);
    expect(stepped(sent, "ACCEPTED", { at: AT }).retryAt).toBeNull();
  },
);

test("nothing is sent again when the time is over by then", () => {
  const policy: CommandPolicy = { ...REPLY_POLICY, retries: 2, retryAfterMs: 30_000 };
  expect(stepped(command("QUEUED", { policy }), "SENT", { at: AT }).retryAt).toBeNull();
});

test.each([
  [-1, /in the future/],
  [0, /in the future/],
  [1, null],
  [366 * 86_400_000, null],
  [366 * 86_400_000 + 1, /within a year/],
])("a command scheduled %i ms ahead", (ms, problem) => {
  const found = scheduleProblem(new Date(AT.getTime() + ms), AT.getTime());
  if (problem === null) expect(found).toBeNull();
  else expect(found).toMatch(problem);
});

test.each([
  [command("QUEUED"), null],
  [command("QUEUED", { scheduledAt: AT }), null],
  [command("QUEUED", { sendStartedAt: AT }), /cannot be recalled/],
  [command("SENT"), /is SENT.*cannot be recalled/],
  [command("ACCEPTED"), /is ACCEPTED.*cannot be recalled/],
  [command("COMPLETED"), /is COMPLETED already/],
  [command("REJECTED"), /is REJECTED already/],
  [command("FAILED"), /is FAILED already/],
  [command("TIMED_OUT"), /is TIMED_OUT already/],
  [command("EXPIRED"), /is EXPIRED already/],
  [command("CANCELLED"), /is CANCELLED already/],
])("cancelling $status", (given, problem) => {
  if (problem === null) expect(cancelProblem(given)).toBeNull();
  else expect(cancelProblem(given)).toMatch(problem);
});

test("every open status has an end in time, and it is a step", () => {
  for (const status of COMMAND_STATUSES) {
    if (isFinished(status)) continue;
    const ends: Partial<Record<CommandStatus, { status: CommandStatus }>> = EXPIRIES;
    expect(mayStep(status, ends[status]?.status ?? status)).toBe(true);
  }
});

test("a later step is ahead, the same and an earlier one are not", () => {
  const order: CommandStatus[] = ["QUEUED", "SENT", "ACCEPTED", "COMPLETED"];
  order.forEach((a, i) => {
    order.forEach((b, j) => {
      expect(isAhead(command(a), command(b))).toBe(i > j);
    });
  });
  expect(isAhead(command("CANCELLED"), command("QUEUED"))).toBe(true);
  expect(isAhead(command("TIMED_OUT"), command("COMPLETED"))).toBe(false);
  expect(isAhead(command("TIMED_OUT", { provedLateAt: AT }), command("TIMED_OUT"))).toBe(true);
});

test.each([
  [99, false],
  [100, true],
  [3_600_000, true],
  [3_600_001, false],
  [-1, false],
])("a time-out of %i ms", (ms, possible) => {
  expect(timeoutProblem(ms) === null).toBe(possible);
});

test.each([
  [0, 30],
  [500, 30],
  [29_000, 1],
  [29_999, 1],
  [30_000, 1],
  [40_000, 1],
])("%i ms after the start the message expires in %i s", (passed, seconds) => {
  expect(messageExpiryS(command("QUEUED"), AT.getTime() + passed)).toBe(seconds);
});

test("a message expiry is no larger than MQTT can say", () => {
  const far = command("QUEUED", { expiresAt: new Date(8.64e15) });
  expect(messageExpiryS(far, 0)).toBe(4_294_967_295);
});

test("the device's message holds everything, and an object where no arguments were given", () => {
  expect(JSON.parse(commandMessage(command("QUEUED")).toString())).toEqual({
    id: "0190a000-0000-7000-8000-000000000001",
    name: "start",
    arguments: {},
    issuedAt: "2026-01-31T12:00:00.000Z",
    expiresAt: "2026-01-31T12:00:30.000Z",
    replyTo: "acme/filler-1/cmd/start/reply",
  });
  expect(commandTopic("acme/filler-1", "start")).toBe("acme/filler-1/cmd/start");
});

test("the message of a command that writes metrics holds their values, all digits of them", () => {
  const writes = [
    { metric: "recipe", dataType: "Int64", value: 9_007_199_254_740_993n },
    { metric: "tank/heat", dataType: "Boolean", value: true },
  ] as const;
  const message = commandMessage(command("QUEUED", { policy: { ...REPLY_POLICY, writes } })).toString();
  expect(message).toContain('"writes":{"recipe":9007199254740993,"tank/heat":true}');
});

test("waits between attempts grow to a limit", () => {
  expect([1, 2, 3, 5, 6, 50, 5000].map(backoffMs)).toEqual([100, 200, 400, 1600, 2000, 2000, 2000]);
});
