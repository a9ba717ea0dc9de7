import { describe, expect, test } from "vitest";
import { DEMO_MACHINES } from "./demo-machines.js";
import { MachineModel, type OperatorRequest } from "./machine-model.js";
import { CNC, FILLER, type MachineProfile, PACKAGING, ROBOT } from "./machine-profiles.js";
import { onDone, onRequest, type PackmlRequest, type PackmlState } from "./packml.js";
import { seededRandom } from "./random.js";

const HOUR = 3_600_000;

function machine(options: { profile?: MachineProfile; seed?: number; calm?: boolean } = {}): MachineModel {
  return new MachineModel({
    profile: options.profile ?? FILLER,
    random: seededRandom(options.seed ?? 7),
    calm: options.calm ?? true,
  });
}

/** Lets time pass until the state is reached; the states on the way, without repetitions. */
function until(model: MachineModel, state: PackmlState, maxMs = 120_000): PackmlState[] {
  const seen: PackmlState[] = [model.state];
  for (let t = 0; model.state !== state; t += 100) {
    if (t >= maxMs) throw new Error(`${state} not reached: ${seen.join(" ")}`);
    model.step(100);
    if (seen.at(-1) !== model.state) seen.push(model.state);
  }
  return seen;
}

function running(profile?: MachineProfile): MachineModel {
  const model = profile ? machine({ profile }) : machine();
  until(model, "EXECUTE");
  return model;
}

describe("a simulated machine", () => {
  test("starts to produce by itself", () => {
    const model = machine();
    expect(until(model, "EXECUTE")).toEqual(["STOPPED", "RESETTING", "IDLE", "STARTING", "EXECUTE"]);
    model.step(10_000);
    expect(model.good).toBeGreaterThan(30);
  });

  test.each<[string, MachineProfile, number, number]>([
    ["filler", FILLER, 280, 310],
    ["packaging", PACKAGING, 110, 125],
    ["cnc", CNC, 13, 16],
    ["robot", ROBOT, 18, 21],
  ])("a %s makes its pieces per minute", (_name, profile, low, high) => {
    const model = running(profile);
    const before = model.good + model.rejects;
    model.step(60_000);
    const made = model.good + model.rejects - before;
    expect(made).toBeGreaterThanOrEqual(low);
    expect(made).toBeLessThanOrEqual(high);
  });

  test.each<[OperatorRequest, PackmlState[]]>([
    ["stop", ["STOPPING", "STOPPED"]],
    ["hold", ["HOLDING", "HELD"]],
    ["start", ["EXECUTE"]],
  ])("%s in EXECUTE leads to the target and stays there", (request, way) => {
    const model = running();
    const outcome = model.request(request);
    const target = way.at(-1) as PackmlState;
    expect(outcome).toEqual({ ok: true, value: target });
    expect(until(model, target)).toEqual(way);
    model.step(60_000);
    expect(model.state).toBe(target);
  });

  test.each<[string, (model: MachineModel) => void, PackmlState[]]>([
    ["STOPPED", (m) => stopped(m), ["STOPPED", "RESETTING", "IDLE", "STARTING", "EXECUTE"]],
    [
      "STOPPING",
      (m) => m.request("stop"),
      ["STOPPING", "STOPPED", "RESETTING", "IDLE", "STARTING", "EXECUTE"],
    ],
    ["HELD", (m) => held(m), ["HELD", "UNHOLDING", "EXECUTE"]],
    ["SUSPENDED", (m) => suspended(m), ["SUSPENDED", "UNSUSPENDING", "EXECUTE"]],
    ["COMPLETE", (m) => completed(m), ["COMPLETE", "RESETTING", "IDLE", "STARTING", "EXECUTE"]],
    ["IDLE", (m) => idle(m), ["IDLE", "STARTING", "EXECUTE"]],
  ])("start in %s goes the whole way within seconds", (_name, prepare, way) => {
    const model = running();
    prepare(model);
    expect(model.request("start")).toEqual({ ok: true, value: "EXECUTE" });
    expect(until(model, "EXECUTE", 5000)).toEqual(way);
  });

  test.each<[OperatorRequest, (model: MachineModel) => void]>([
    ["unhold", () => {}],
    ["clear", () => {}],
    ["reset", () => {}],
    ["hold", (m) => stopped(m)],
    ["stop", (m) => broken(m)],
    ["start", (m) => broken(m)],
  ])("%s is refused where PackML does not allow it, and changes nothing", (request, prepare) => {
    const model = running();
    prepare(model);
    const before = model.state;
    const outcome = model.request(request);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.error).toContain(before);
    expect(model.state).toBe(before);
  });

  test("a fault shows its code, clears and restarts by itself within about a minute", () => {
    const model = running();
    expect(model.breakDown(1)).toBe(true);
    expect(model.reading().fault).toBe("F102");
    expect(until(model, "EXECUTE", 70_000)).toEqual([
      "ABORTING",
      "ABORTED",
      "CLEARING",
      "STOPPED",
      "RESETTING",
      "IDLE",
      "STARTING",
      "EXECUTE",
    ]);
    expect(model.reading().fault).toBe("");
  });

  test("a machine that a person has cleared waits for a start", () => {
    const model = running();
    broken(model);
    expect(model.request("clear")).toEqual({ ok: true, value: "STOPPED" });
    until(model, "STOPPED");
    model.step(60_000);
    expect(model.state).toBe("STOPPED");
  });

  test("between two batches it is set up", () => {
    const model = running();
    model.complete();
    until(model, "COMPLETE");
    expect(model.mode).toBe("SETUP");
    until(model, "EXECUTE");
    expect(model.mode).toBe("PRODUCTION");
  });

  test.each(["MAINTENANCE", "MANUAL"] as const)("in mode %s it does not start", (mode) => {
    const model = running();
    expect(model.setMode(mode).ok).toBe(false);
    stopped(model);
    expect(model.setMode(mode).ok).toBe(true);
    expect(model.request("start").ok).toBe(false);
    model.step(10_000);
    expect(model.state).toBe("STOPPED");
  });

  test.each([-1, 601, Number.NaN, Number.POSITIVE_INFINITY])("refuses the speed %d", (speed) => {
    const model = machine();
    expect(model.setSpeed(speed).ok).toBe(false);
    expect(model.speed).toBe(300);
  });

  test("its actual speed and its rate follow the set-point", () => {
    const model = running();
    model.setSpeed(600);
    model.step(5000);
    expect(model.reading().actualSpeed).toBeCloseTo(600, 0);
    const before = model.good + model.rejects;
    model.step(10_000);
    expect(model.good + model.rejects - before).toBeGreaterThanOrEqual(99);
    model.setSpeed(0);
    model.step(10_000);
    const stands = model.good + model.rejects;
    model.step(10_000);
    expect(model.good + model.rejects).toBe(stands);
  });

  test("left alone for hours it takes only allowed steps, its counters never fall, and it keeps producing", () => {
    const hours = 4;
    for (const { path, profile } of DEMO_MACHINES) {
      const model = machine({ profile, seed: path.length, calm: false });
      const states = new Set<PackmlState>();
      const wrong: string[] = [];
      let { state, good, rejects } = model;
      let executing = 0;
      for (let t = 0; t < hours * HOUR; t += 100) {
        model.step(100);
        if (model.state !== state && !nextStates(state).includes(model.state)) {
          wrong.push(`${state} > ${model.state}`);
        }
        if (model.good < good || model.rejects < rejects) wrong.push("a counter fell");
        ({ state, good, rejects } = model);
        states.add(state);
        if (state === "EXECUTE") executing += 100;
      }
      expect(wrong, path).toEqual([]);
      expect([...states], path).toEqual(
        expect.arrayContaining(["SUSPENDED", "ABORTED", "CLEARING", "COMPLETE", "IDLE"]),
      );
      expect(executing / (hours * HOUR), path).toBeGreaterThan(0.85);
      expect(rejects / good, path).toBeGreaterThan(0);
    }
  });

  test("the same seed gives the same machine", () => {
    const [one, two] = [machine({ seed: 3, calm: false }), machine({ seed: 3, calm: false })];
    for (let t = 0; t < HOUR; t += 100) {
      one.step(100);
      two.step(100);
    }
    expect(one.reading()).toEqual(two.reading());
  });

  test("names with a slash are nested objects", () => {
    expect(running(CNC).reading()).toMatchObject({
      state: "EXECUTE",
      mode: "PRODUCTION",
      spindle: { speed: expect.any(Number), load: expect.any(Number) },
      coolant: { pressure: expect.any(Number) },
    });
  });
});

function stopped(model: MachineModel): void {
  model.request("stop");
  until(model, "STOPPED");
}

function held(model: MachineModel): void {
  model.request("hold");
  until(model, "HELD");
}

function suspended(model: MachineModel): void {
  model.suspend(600_000);
  until(model, "SUSPENDED");
}

function completed(model: MachineModel): void {
  model.complete();
  until(model, "COMPLETE");
}

function idle(model: MachineModel): void {
  stopped(model);
  model.request("reset");
  until(model, "IDLE");
}

function broken(model: MachineModel): void {
  model.breakDown();
  until(model, "ABORTED");
}

function nextStates(state: PackmlState): PackmlState[] {
  const requests: PackmlRequest[] = [
    "reset",
    "start",
    "stop",
    "hold",
    "unhold",
    "suspend",
    "unsuspend",
    "complete",
    "abort",
    "clear",
  ];
  return [onDone(state), ...requests.map((request) => onRequest(state, request))].filter((s) => s !== null);
}
