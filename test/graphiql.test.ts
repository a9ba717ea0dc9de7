import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPages, repository } from "./support/build.js";
import { type ServerProcess, startServer } from "./support/server-process.js";
import { waitFor } from "./support/wait-for.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const available = existsSync(CHROMIUM);
if (!available) process.stderr.write(`there is no ${CHROMIUM}: the tests of GraphiQL are skipped\n`);

// A browser as root needs no sandbox, and without these flags it calls home.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

// The editor is large, and a busy machine takes its time to start it.
const PATIENT = { timeoutMs: 40_000 };

describe.skipIf(!available)("GraphiQL in a browser", { timeout: 90_000 }, () => {
  let server: ServerProcess;
  let browser: Browser;

  beforeAll(async () => {
    await buildPages();
    server = await startServer({
      AUTH: "on",
      DEMO: "on",
      PLANT_FILE: path.join(repository, "examples/demo-plant.yaml"),
    });
    await server.ready();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  async function open(address: string): Promise<{ page: Page; foreign: string[] }> {
    const page = await browser.newPage();
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (/^(https?|wss?):/.test(request.url()) && !request.url().startsWith(server.url))
        foreign.push(request.url());
    });
    await page.goto(address);
    return { page, foreign };
  }

  /** Opens an example and runs it until it shows what is wanted: right after a tab opens, GraphiQL still runs the last. */
  async function run(page: Page, tab: string, wanted: string): Promise<void> {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(".graphiql-query-editor", { hasText: tab }).waitFor();
    const execute = page.getByRole("button", { name: /^Execute/ });
    const shown = page.locator(".result-window", { hasText: wanted });
    await waitFor(async () => {
      if (await execute.isVisible()) await execute.click();
      return shown.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
    }, PATIENT);
  }

  test("the link of the first start signs in, and the examples run, subscriptions too", async () => {
    const key = (await readFile(path.join(server.dataDir, "admin.key"), "utf8")).trim();
    const { page, foreign } = await open(`${server.url}/#key=${key}`);
    expect(page.url()).not.toContain(key);
    await run(page, "MachinesOverview", "totalCount");
    await run(page, "TelemetryReceived", "telemetryReceived");
    await run(page, "LineKpis", "qualityRatio");
    await run(page, "DowntimesAndAlarms", "downtimes");
    expect(foreign).toEqual([]);
    await page.close();
  });

  test("without a key it asks for one", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/graphql`);
    await waitFor(() => page.getByRole("button", { name: /sign in/i }).isVisible(), PATIENT);
    await context.close();
  });
});
