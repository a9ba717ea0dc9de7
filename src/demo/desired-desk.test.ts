import { expect, test } from "vitest";
import { DesiredDesk } from "./desired-desk.js";
import { MachineModel } from "./machine-model.js";
import { FILLER } from "./machine-profiles.js";
import { seededRandom } from "./random.js";

function desk() {
  const model = new MachineModel({ profile: FILLER, random: seededRandom(1), calm: true });
  return { model, desk: new DesiredDesk({ model }) };
}
const document = (version: number, metrics: object) => JSON.stringify({ version, metrics });

test("a desired speed becomes the set-point; what the machine cannot follow leaves it as it is", () => {
  const { model, desk: taken } = desk();
  expect(taken.receive(document(1, { speed: 250 }))).toEqual({ ok: true, value: [] });
  expect(model.speed).toBe(250);
  expect(taken.receive(document(2, { speed: 9_999, mode: "MANUAL" }))).toEqual({
    ok: true,
    value: ["speed: speed must be a number from 0 to 600", "mode: it cannot be set"],
  });
  expect(taken.receive(document(3, { speed: "fast" }))).toEqual({
    ok: true,
    value: ["speed: it must be a number"],
  });
  expect(model.speed).toBe(250);
});

test("a lower version than the last one of the connection changes nothing, the same one may come again", () => {
  const { model, desk: taken } = desk();
  taken.receive(document(5, { speed: 250 }));
  taken.receive(document(4, { speed: 100 }));
  expect(model.speed).toBe(250);
  model.setSpeed(300);
  taken.receive(document(5, { speed: 250 }));
  expect(model.speed).toBe(250);
  taken.forget();
  taken.receive(document(1, { speed: 120 }));
  expect(model.speed).toBe(120);
});

test.each([
  ["garbage", "not JSON"],
  ["5", "not a JSON object"],
  ['{"metrics":{}}', "version is missing"],
  ['{"version":1,"metrics":[]}', "metrics is missing"],
])("%s is none", (payload, problem) => {
  const { model, desk: taken } = desk();
  expect(taken.receive(payload)).toEqual({ ok: false, error: problem });
  expect(model.speed).toBe(FILLER.speed.nominal);
});
