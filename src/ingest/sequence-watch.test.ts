import { expect, test } from "vitest";
import { silentLogger } from "../../test/support/silent-logger.js";
import { T0 } from "../../test/support/twins.js";
import { SequenceWatch } from "./sequence-watch.js";
import { SourceStats } from "./source-stats.js";

test("what is missed is counted, and said at most once a minute with device and numbers", () => {
  const said: string[] = [];
  const fields: object[] = [];
  const logger = {
    ...silentLogger,
    warn: (what: object, message: string) => {
      fields.push(what);
      said.push(message);
    },
  };
  const stats = new SourceStats("s");
  const watch = new SequenceWatch({ stats, logger });
  const take = (number: number, at: number) =>
    watch.take("acme/m1", number, { dup: false, receivedAt: T0 + at });
  take(1, 0);
  take(4, 1);
  take(6, 2);
  take(9, 60_000);
  take(11, 60_001);
  expect(stats.missed).toBe(6);
  expect(said).toEqual([
    "2 messages of acme/m1 were lost on the way: after number 1 came 4",
    "1 messages of acme/m1 were lost on the way: after number 9 came 11",
  ]);
  expect(fields[1]).toMatchObject({ device: "acme/m1", missed: 1, others: 3 });
  watch.forget();
  take(100, 60_002);
  expect(stats.missed).toBe(6);
});
