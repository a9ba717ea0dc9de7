import { expect, test } from "vitest";
import { PublishError } from "../mqtt/problems.js";
import { publishFailure } from "./device-publisher.js";

test.each([
  [new Error("there is no source shopfloor"), "NOT_SENT"],
  [new PublishError("NOT_CONNECTED", ""), "NOT_SENT"],
  [new PublishError("TOO_MANY_WAITING", ""), "NOT_SENT"],
  [new PublishError("CONNECTION_LOST", ""), "UNKNOWN"],
  [new PublishError("INVALID_TOPIC", ""), "REFUSED"],
  [new PublishError("REFUSED", "not authorized", 135), "REFUSED"],
  [new PublishError("REFUSED", "too large", 149), "REFUSED"],
  [new PublishError("REFUSED", "quota", 151), "NOT_SENT"],
  ["thrown text", "NOT_SENT"],
])("%o means %s", (error, failure) => {
  expect(publishFailure(error)).toBe(failure);
});
