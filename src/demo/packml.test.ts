import { describe, expect, test } from "vitest";
import { onDone, onRequest, type PackmlRequest, type PackmlState } from "./packml.js";

const ALL: PackmlState[] = [
  "CLEARING",
  "STOPPED",
  "STARTING",
  "IDLE",
  "SUSPENDED",
  "EXECUTE",
  "STOPPING",
  "ABORTING",
  "ABORTED",
  "HOLDING",
  "HELD",
  "UNHOLDING",
  "SUSPENDING",
  "UNSUSPENDING",
  "RESETTING",
  "COMPLETING",
  "COMPLETE",
];
const RUNNING = ALL.filter(
  (state) => !["STOPPING", "STOPPED", "ABORTING", "ABORTED", "CLEARING"].includes(state),
);

const ALLOWED: [PackmlRequest, PackmlState[], PackmlState][] = [
  ["reset", ["STOPPED", "COMPLETE"], "RESETTING"],
  ["start", ["IDLE"], "STARTING"],
  ["hold", ["EXECUTE", "STARTING", "SUSPENDING", "SUSPENDED", "UNSUSPENDING", "UNHOLDING"], "HOLDING"],
  ["unhold", ["HELD"], "UNHOLDING"],
  ["suspend", ["EXECUTE"], "SUSPENDING"],
  ["unsuspend", ["SUSPENDED"], "UNSUSPENDING"],
  ["complete", ["EXECUTE"], "COMPLETING"],
  ["stop", RUNNING, "STOPPING"],
  ["abort", ALL.filter((state) => state !== "ABORTING" && state !== "ABORTED"), "ABORTING"],
  ["clear", ["ABORTED"], "CLEARING"],
];

describe("PackML", () => {
  test.each(ALLOWED)("%s is allowed in exactly %j", (request, from, to) => {
    expect(ALL.filter((state) => onRequest(state, request) !== null).sort()).toEqual([...from].sort());
    for (const state of from) expect(onRequest(state, request)).toBe(to);
  });

  test.each<[PackmlState, PackmlState]>([
    ["RESETTING", "IDLE"],
    ["STARTING", "EXECUTE"],
    ["COMPLETING", "COMPLETE"],
    ["HOLDING", "HELD"],
    ["UNHOLDING", "EXECUTE"],
    ["SUSPENDING", "SUSPENDED"],
    ["UNSUSPENDING", "EXECUTE"],
    ["STOPPING", "STOPPED"],
    ["ABORTING", "ABORTED"],
    ["CLEARING", "STOPPED"],
  ])("%s goes on to %s by itself", (state, next) => {
    expect(onDone(state)).toBe(next);
  });

  test("every state can be left", () => {
    const requests = ALLOWED.map(([request]) => request);
    for (const state of ALL) {
      expect(onDone(state) ?? requests.find((request) => onRequest(state, request))).toBeTruthy();
    }
  });
});
