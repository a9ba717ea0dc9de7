import { expect, test } from "vitest";
import { decodeReply } from "./reply.js";

const ID = "0190a000-0000-7000-8000-000000000001";

test.each([
  [`{"id":"${ID}","status":"ACCEPTED"}`, { status: "ACCEPTED", reason: null, result: null }],
  [`{"id":"${ID.toUpperCase()}","status":"ACCEPTED"}`, { status: "ACCEPTED", reason: null, result: null }],
  [
    `{"id":"${ID}","status":"REJECTED","reason":"not now"}`,
    { status: "REJECTED", reason: "not now", result: null },
  ],
  [
    `{"id":"${ID}","status":"COMPLETED","reason":null,"result":{"a":[1,"x"]},"more":1}`,
    { status: "COMPLETED", reason: null, result: { a: [1, "x"] } },
  ],
  [
    `{"id":"${ID}","status":"COMPLETED","result":false}`,
    { status: "COMPLETED", reason: null, result: false },
  ],
])("%s is a reply", (text, reply) => {
  expect(decodeReply(Buffer.from(text))).toEqual({ ok: true, value: { id: ID, ...reply } });
});

test.each([
  ["", /not JSON/],
  ["{", /not JSON/],
  ["[]", /not a JSON object/],
  ["null", /not a JSON object/],
  ['"COMPLETED"', /not a JSON object/],
  ['{"status":"COMPLETED"}', /no id/],
  ['{"id":"7","status":"COMPLETED"}', /id "7" is not a command's id/],
  ['{"id":7,"status":"COMPLETED"}', /id 7 is not/],
  [`{"id":"${ID}"}`, /one of ACCEPTED, REJECTED, COMPLETED, FAILED, not missing/],
  [`{"id":"${ID}","status":"Done"}`, /not "Done"/],
  [`{"id":"${ID}","status":"SENT"}`, /not "SENT"/],
  [`{"id":"${ID}","status":"FAILED","reason":{}}`, /reason must be a string, not an object/],
  [`{"id":"${ID}","status":"COMPLETED","result":${"[".repeat(65)}${"]".repeat(65)}}`, /nested deeper/],
])("%s is none", (text, problem) => {
  const decoded = decodeReply(Buffer.from(text));
  expect(decoded).toEqual({ ok: false, error: expect.stringMatching(problem) });
});

test("characters that Postgres cannot store are replaced", () => {
  const text = `{"id":"${ID}","status":"FAILED","reason":"a\\u0000b\\ud800","result":{"k\\u0000":["\\udc00","😀"]}}`;
  expect(decodeReply(Buffer.from(text))).toMatchObject({
    ok: true,
    value: { reason: "a\uFFFDb\uFFFD", result: { "k\uFFFD": ["\uFFFD", "😀"] } },
  });
});
