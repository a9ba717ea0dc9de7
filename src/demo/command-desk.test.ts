import { beforeEach, describe, expect, test } from "vitest";
import { type Answer, CommandDesk } from "./command-desk.js";
import { MachineModel } from "./machine-model.js";
import { FILLER } from "./machine-profiles.js";
import type { PackmlState } from "./packml.js";
import { seededRandom } from "./random.js";

const NOW = Date.UTC(2025, 0, 1);

let model: MachineModel;
let desk: CommandDesk;

beforeEach(() => {
  model = new MachineModel({ profile: FILLER, random: seededRandom(1), calm: true });
  desk = new CommandDesk({ model, clock: { now: () => NOW } });
  passUntil("EXECUTE");
});

/** Lets time pass until the state is reached; the answers given on the way. */
function passUntil(state: PackmlState): Answer[] {
  const answers: Answer[] = [];
  for (let t = 0; model.state !== state; t += 100) {
    if (t > 100_000) throw new Error(`${state} not reached`);
    model.step(100);
    answers.push(...desk.settle());
  }
  return answers;
}

function command(id: string, name: string, more: object = {}): string {
  const times = { issuedAt: new Date(NOW).toISOString(), expiresAt: new Date(NOW + 10_000).toISOString() };
  return JSON.stringify({ id, name, arguments: {}, ...times, replyTo: `replies/${id}`, ...more });
}

/** The answers to a message, as `<id> <status>`. */
function send(payload: string): string[] {
  const outcome = desk.receive(payload);
  if (!outcome.ok) throw new Error(outcome.error);
  return short(outcome.value);
}

function short(answers: Answer[]): string[] {
  return answers.map(({ reply }) => `${reply.id} ${reply.status}`);
}

describe("commands", () => {
  test("are accepted at once and completed when the state is reached", () => {
    expect(send(command("a", "stop"))).toEqual(["a ACCEPTED"]);
    expect(passUntil("STOPPED")).toEqual([
      { replyTo: "replies/a", reply: { id: "a", status: "COMPLETED", result: { state: "STOPPED" } } },
    ]);
    expect(send(command("b", "start"))).toEqual(["b ACCEPTED"]);
    expect(short(passUntil("EXECUTE"))).toEqual(["b COMPLETED"]);
  });

  test("are completed at once when the machine is there already", () => {
    expect(send(command("a", "start"))).toEqual(["a ACCEPTED", "a COMPLETED"]);
  });

  test("with an id seen before get the same answers and are not executed again", () => {
    send(command("a", "hold"));
    expect(send(command("a", "hold"))).toEqual(["a ACCEPTED"]);
    passUntil("HELD");
    send(command("b", "unhold"));
    passUntil("EXECUTE");
    expect(send(command("a", "hold"))).toEqual(["a ACCEPTED", "a COMPLETED"]);
    model.step(5000);
    expect(model.state).toBe("EXECUTE");
  });

  test("are remembered up to a bound", () => {
    const small = new CommandDesk({ model, clock: { now: () => NOW }, remember: 2 });
    for (const [id, speed] of Object.entries({ a: 100, b: 200, c: 300 })) {
      small.receive(command(id, "setSpeed", { arguments: { speed } }));
    }
    small.receive(command("b", "setSpeed", { arguments: { speed: 200 } }));
    expect(model.speed).toBe(300);
    small.receive(command("a", "setSpeed", { arguments: { speed: 100 } }));
    expect(model.speed).toBe(100);
  });

  test.each([NOW, NOW - 1, new Date(NOW - 1).toISOString()])(
    "that expired at %s are not executed",
    (expiresAt) => {
      const outcome = desk.receive(command("a", "stop", { expiresAt }));
      expect(outcome).toEqual({
        ok: true,
        value: [{ replyTo: "replies/a", reply: { id: "a", status: "REJECTED", reason: "expired" } }],
      });
      expect(model.state).toBe("EXECUTE");
    },
  );

  test.each<[string, object, string]>([
    ["unhold", {}, "unhold is not allowed in EXECUTE"],
    ["dance", {}, "unknown command dance"],
    ["setSpeed", { arguments: { speed: 601 } }, "speed must be a number from 0 to 600"],
    ["setSpeed", { arguments: { speed: "fast" } }, "setSpeed needs the argument speed, a number"],
    ["setSpeed", { arguments: null }, "setSpeed needs the argument speed, a number"],
  ])("%s %j is rejected with the reason", (name, more, reason) => {
    const outcome = desk.receive(command("a", name, more));
    expect(outcome.ok && outcome.value.map(({ reply }) => reply)).toEqual([
      { id: "a", status: "REJECTED", reason },
    ]);
  });

  test("setSpeed is completed with the new set-point", () => {
    const outcome = desk.receive(command("a", "setSpeed", { arguments: { speed: 120 } }));
    expect(outcome.ok && outcome.value.at(-1)?.reply).toEqual({
      id: "a",
      status: "COMPLETED",
      result: { speed: 120 },
    });
    expect(model.speed).toBe(120);
  });

  test("fail when a fault comes between", () => {
    send(command("a", "hold"));
    model.breakDown();
    expect(desk.settle().map(({ reply }) => reply)).toEqual([
      { id: "a", status: "FAILED", reason: "fault F101: bottle jam at the infeed star" },
    ]);
    expect(send(command("a", "hold"))).toEqual(["a ACCEPTED", "a FAILED"]);
  });

  test("fail when another one wants the machine elsewhere", () => {
    send(command("a", "hold"));
    expect(send(command("b", "stop"))).toEqual(["a FAILED", "b ACCEPTED"]);
    expect(short(passUntil("STOPPED"))).toEqual(["b COMPLETED"]);
  });

  test.each([
    "",
    "hello",
    "[]",
    "null",
    "{}",
    '{"id":1,"name":"stop","replyTo":"r"}',
    '{"id":"a","replyTo":"r"}',
    '{"id":"a","name":"stop"}',
    '{"id":"a","name":"stop","replyTo":"r/#"}',
    '{"id":"a","name":"stop","replyTo":"r","arguments":[1]}',
    '{"id":"a","name":"stop","replyTo":"r","expiresAt":"soon"}',
  ])("that are malformed are counted and do nothing: %s", (payload) => {
    expect(desk.receive(payload).ok).toBe(false);
    expect(desk.malformed).toBe(1);
    expect(model.state).toBe("EXECUTE");
  });

  test("may name the reply topic in the MQTT 5 property only", () => {
    const outcome = desk.receive('{"id":"a","name":"start"}', { replyTo: "there" });
    expect(outcome.ok && outcome.value[0]?.replyTo).toBe("there");
  });
});
