import { expect, test } from "vitest";
import { KeyedSerial } from "./keyed-serial.js";

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("work with a key in common runs in the order asked for, other work side by side", async () => {
  const serial = new KeyedSerial();
  const log: string[] = [];
  const { open, opened } = gate();
  const first = serial.run(["a"], async () => {
    log.push("first begins");
    await opened;
    log.push("first ends");
  });
  const both = serial.run(["a", "b"], async () => {
    log.push("both");
  });
  const behind = serial.run(["b"], async () => {
    log.push("behind both");
  });
  await serial.run(["c"], async () => {
    log.push("other");
  });
  expect(log).toEqual(["first begins", "other"]);
  open();
  await Promise.all([first, both, behind]);
  expect(log).toEqual(["first begins", "other", "first ends", "both", "behind both"]);
});

test("work that fails rejects its caller and lets the next one run", async () => {
  const serial = new KeyedSerial();
  const failed = serial.run(["a"], () => Promise.reject(new Error("broken")));
  const next = serial.run(["a"], async () => 7);
  await expect(failed).rejects.toThrow("broken");
  expect(await next).toBe(7);
});

test("idle waits for all that was asked for, failed or not", async () => {
  const serial = new KeyedSerial();
  const { open, opened } = gate();
  let ended = false;
  serial.run(["a"], () => opened).catch(() => undefined);
  serial.run(["a"], () => Promise.reject(new Error("broken"))).catch(() => undefined);
  const idle = serial.idle().then(() => {
    ended = true;
  });
  await Promise.resolve();
  expect(ended).toBe(false);
  open();
  await idle;
});
