import { describe, expect, test } from "vitest";
import { brokerAvailable } from "./support/broker.js";
import { EXACT, LINE, sourceStories } from "./support/sources.js";
import { waitFor } from "./support/wait-for.js";

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("what a mapping says of metrics that are known already", () => {
  const t = sourceStories();
  const { create, update, send, is } = t;
  const path = `${LINE}/filler-1`;

  async function speed(): Promise<{ value: number; unit: string | null } | null> {
    const question = `{ machine(path: "${path}") { metric(name: "speed") { value unit } } }`;
    return (await t.app.ask(question)).data.machine?.metric ?? null;
  }

  test("shows with the first message after it was said, and is gone with it", async () => {
    const says = async (unit: string | null, value: number) => {
      const metrics = unit === null ? [] : [{ from: "speed", unit }];
      expect((await update({ mappings: [{ ...EXACT, metrics }] })).userErrors).toEqual([]);
      await send("plc/filler-1/data", { ts: Date.now(), speed: value });
      await waitFor(async () => (await speed())?.value === value);
      expect(await speed()).toEqual({ value, unit });
    };
    await create();
    await is("CONNECTED");
    await says(null, 7);
    await says("rpm", 8);
    await says("1/min", 9);
    await says(null, 10);
  });
});
