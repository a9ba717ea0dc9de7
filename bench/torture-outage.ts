import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./parts.js";
import type { Victims } from "./torture-faults.js";

/** What had its COMMIT before PostgreSQL ended is still acknowledged. */
const GRACE_MS = 1_000;
/** How soon `/readyz` must have noticed. */
const NOTICE_MS = 5_000;
const ASK_MS = 500;
/** What the server may hold more than before, while nothing can be stored. */
const MOST_MORE_BYTES = 256 * 1_048_576;
const RETURN_MS = 60_000;
const MEBIBYTE = 1_048_576;

/**
 * Stops PostgreSQL for so long while machines go on sending, and starts it again; nobody helps the server.
 * @param say tells what was seen.
 * @returns what was not as it must be.
 */
export async function outage(
  seconds: number,
  { server, postgres, brokerLink, databaseLink }: Victims,
  say: (text: string) => void,
): Promise<string[]> {
  const wrong: string[] = [];
  const inMebibytes = (bytes: number) => `${Math.round(bytes / MEBIBYTE)} MiB`;
  const before = await server.memory();
  say(`PostgreSQL stops for ${seconds} s (the server holds ${inMebibytes(before)})`);
  await postgres.stop();
  await sleep(GRACE_MS);
  const acknowledged = brokerLink.acknowledgements;
  const noticed = Date.now() + NOTICE_MS;
  const deadline = Date.now() + seconds * 1_000 - GRACE_MS;
  let most = before;
  let reasons = "";
  while (Date.now() < deadline) {
    most = Math.max(most, await server.memory());
    const { status, problems } = await server.readiness();
    const told = `/readyz says ${status}: ${problems.join("; ")}`;
    if (told !== reasons) say(told);
    reasons = told;
    if (Date.now() > noticed && (status !== 503 || problems.length === 0))
      wrong.push(`without PostgreSQL ${told}`);
    await sleep(Math.min(ASK_MS, Math.max(0, deadline - Date.now())));
  }
  const broken = brokerLink.acknowledgements - acknowledged;
  if (broken !== 0) wrong.push(`${broken} messages were acknowledged without PostgreSQL`);
  if (most > before + MOST_MORE_BYTES) wrong.push(`the server's memory grew to ${inMebibytes(most)}`);
  await postgres.start();
  databaseLink.target = postgres.target;
  const began = performance.now();
  await until(() => server.ready(), "the server is ready after the outage", RETURN_MS);
  await until(() => brokerLink.acknowledgements > acknowledged, "messages are acknowledged again", RETURN_MS);
  const back = ((performance.now() - began) / 1_000).toFixed(1);
  const after = await server.memory();
  say(`acknowledged without PostgreSQL: ${broken}; ready and acknowledging again ${back} s after its start`);
  say(`memory: ${inMebibytes(before)} before, ${inMebibytes(most)} at most, ${inMebibytes(after)} after`);
  return wrong;
}
