import { pino } from "pino";
import pretty from "pino-pretty";
import { type App, createApp } from "./app.js";
import { type Config, ConfigError, helpText, readConfig, withEnvFile } from "./config.js";
import { messageOf } from "./kernel/result.js";

const STOP_TIMEOUT_MS = 30_000;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(helpText());
    return 0;
  }
  if (args.length > 0)
    return fail(`unknown argument ${args[0]}: settings are environment variables, see --help`);
  let config: Config;
  try {
    config = readConfig(withEnvFile(process.env, ".env"));
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.message);
    throw error;
  }
  const logger = process.stdout.isTTY
    ? pino({ level: config.logLevel, base: null }, pretty({ ignore: "pid,hostname" }))
    : pino({ level: config.logLevel, base: null });

  const starting = new AbortController();
  const stopped = nextSignal(() => starting.abort(new Error("told to stop")));
  let app: App;
  try {
    app = await createApp(config, logger, starting.signal);
  } catch (error) {
    if (starting.signal.aborted) return 0;
    return fail(messageOf(error));
  }
  welcome(app);
  const signal = await stopped;
  logger.info({ signal }, "stopping");
  const late = setTimeout(() => {
    logger.error({}, `did not stop within ${STOP_TIMEOUT_MS / 1000} s`);
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  await app.stop();
  clearTimeout(late);
  logger.info({}, "stopped");
  return 0;
}

/** Resolves with the first signal to stop; a second one ends the process at once. */
function nextSignal(onSignal: () => void): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, () => {
        process.once(name, () => process.exit(1));
        onSignal();
        resolve(name);
      });
    }
  });
}

function welcome(app: App): void {
  const lines = [`mes-twin answers at ${app.url}/graphql`, `devices publish to ${app.mqttUrl}`];
  if (app.newAdminKey !== null) {
    lines.push(
      `sign in once with ${app.url}/graphql#key=${app.newAdminKey}`,
      `the key is kept in ${app.adminKeyFile}`,
    );
  } else if (app.adminKeyFile !== null) lines.push(`the key to sign in with is in ${app.adminKeyFile}`);
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join("\n")}\n\n`);
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
