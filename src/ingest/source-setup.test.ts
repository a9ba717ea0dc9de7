import { expect, test } from "vitest";
import { clientIdOf, sameBroker, shownUrl } from "./source-setup.js";

test.each([
  ["mqtt://host:1883", "mqtt://host:1883"],
  ["mqtts://user:secret@host", "mqtts://***@host"],
  ["mqtt://user@host", "mqtt://***@host"],
  ["mqtt://user:p@ss:word@host:1", "mqtt://***@host:1"],
  ["wss://:secret@host/mqtt", "wss://***@host/mqtt"],
  ["wss://host/mqtt?token=secret", "wss://host/mqtt?***"],
  ["ws://u:s@host/mqtt?token=secret&x=@y", "ws://***@host/mqtt?***"],
  ["MQTT://User:Secret@HOST", "MQTT://***@HOST"],
])("%s is shown as %s", (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});

test.each<[string, string, boolean]>([
  ["mqtt://host", "mqtt://host:1883", true],
  ["mqtt://a:b@host", "mqtt://c:d@host", true],
  ["mqtt://host", "mqtts://host", false],
  ["mqtt://host", "mqtt://other", false],
  ["mqtt://host:1", "mqtt://host:2", false],
  ["ws://host/a", "ws://host/b", false],
  ["ws://host", "ws://host/mqtt", true],
  ["not a url", "not a url", true],
])("%s and %s lead to one broker: %s", (one, other, same) => {
  expect(sameBroker(one, other)).toBe(same);
});

test("a source's first session has its name, and each other one a number that no name has", () => {
  expect(clientIdOf("0123456789-abc", "line-2", 1)).toBe("mes-twin-01234567-line-2");
  expect(clientIdOf("0123456789-abc", "line", 2)).toBe("mes-twin-01234567-line.2");
});
