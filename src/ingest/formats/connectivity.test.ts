import { expect, test } from "vitest";
import { decodeConnectivity } from "./connectivity.js";

const TS = 1_717_083_000_123;

test.each<[string, boolean, number | null]>([
  ["true", true, null],
  ["1", true, null],
  ["ONLINE\n", true, null],
  ['"Connected"', true, null],
  ["false", false, null],
  ["offline", false, null],
  ["down", false, null],
  [`{"online":true,"ts":${TS}}`, true, TS],
  ['{"online":"offline","ts":"soon"}', false, null],
  ['{"online":0}', false, null],
])("%j", (payload, online, time) => {
  expect(decodeConnectivity(Buffer.from(payload), { online: "online" })).toEqual({
    kind: "connectivity",
    online,
    time,
  });
});

test("the field of an object can have another name", () => {
  const decoded = decodeConnectivity(Buffer.from('{"up":"yes","alive":"up"}'), { online: "alive" });
  expect(decoded).toMatchObject({ online: true });
});

test.each([
  ["", "says neither"],
  ["maybe", "says neither"],
  ['{"online":{}}', "says neither"],
  ['{"state":true}', 'no field "online"'],
  ['{"__proto__":{"online":true}}', 'no field "online"'],
  ["{", "not JSON"],
])("%j is refused: %s", (payload, reason) => {
  const decoded = decodeConnectivity(Buffer.from(payload), { online: "online" });
  expect(decoded.kind === "problem" ? decoded.problem : null).toContain(reason);
});

test("bytes that are no text are refused", () => {
  expect(decodeConnectivity(Buffer.from([0xff]), { online: "online" }).kind).toBe("problem");
});
