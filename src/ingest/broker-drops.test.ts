import { expect, test } from "vitest";
import { T0 } from "../../test/support/twins.js";
import { BrokerDrops, isBrokerTopic } from "./broker-drops.js";

const MOSQUITTO = "$SYS/broker/publish/messages/dropped";
const EMQX = (node: string) => `$SYS/brokers/${node}/metrics/delivery/dropped/queue_full`;

function told(...all: [topic: string, total: string, at?: number][]): BrokerDrops {
  const drops = new BrokerDrops();
  for (const [topic, total, at] of all) drops.take(topic, Buffer.from(total), T0 + (at ?? 0));
  return drops;
}

test.each<[string, [string, string][], number]>([
  ["the first total is where it begins", [[MOSQUITTO, "500"]], 0],
  [
    "then its growth counts",
    [
      [MOSQUITTO, "500"],
      [MOSQUITTO, "500"],
      [MOSQUITTO, "507"],
    ],
    7,
  ],
  [
    "a total that fell is that of a restarted broker",
    [
      [MOSQUITTO, "500"],
      [MOSQUITTO, "3"],
      [MOSQUITTO, "5"],
    ],
    5,
  ],
  [
    "each node of a cluster has a total of its own",
    [
      [EMQX("a@1"), "10"],
      [EMQX("b@2"), "90"],
      [EMQX("a@1"), "11"],
      [EMQX("b@2"), "92"],
    ],
    3,
  ],
  [
    "other words are passed over",
    [
      [MOSQUITTO, "1"],
      [MOSQUITTO, "many"],
      [MOSQUITTO, "-5"],
      [MOSQUITTO, "9".repeat(16)],
      ["$SYS/broker/uptime", "77 seconds"],
      ["$SYS/brokers/a/b/metrics/delivery/dropped/queue_full", "7"],
      [MOSQUITTO, "2"],
    ],
    1,
  ],
])("%s", (_, all, dropped) => {
  expect(told(...all).dropped).toBe(dropped);
});

test("is told as a problem until nothing was dropped for 10 minutes, and then begins anew", () => {
  const drops = told([MOSQUITTO, "5"]);
  expect(drops.problem(T0)).toBeNull();
  const take = (total: string, at: number) => drops.take(MOSQUITTO, Buffer.from(total), T0 + at);
  take("6", 1_000);
  take("12", 500_000);
  const since = new Date(T0 + 1_000).toISOString();
  expect(drops.problem(T0 + 1_100_000)).toBe(
    `the broker has dropped 7 messages since ${since}, for this or another client: raise max_queued_messages`,
  );
  expect(drops.problem(T0 + 1_100_001)).toBeNull();
  take("13", 2_000_000);
  expect(drops.problem(T0 + 2_000_000)).toContain("dropped 1 message since");
  expect(drops.dropped).toBe(8);
});

test.each([
  ["$SYS/broker/uptime", true],
  ["$SYSTEM/x", false],
  ["a/$SYS/x", false],
])("%s is the broker's own: %s", (topic, own) => {
  expect(isBrokerTopic(topic)).toBe(own);
});
