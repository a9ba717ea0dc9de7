import type { Logger } from "../../src/kernel/logger.js";

const nothing = () => undefined;

/** Says nothing, unless TEST_LOG is set. */
export const silentLogger: Logger = {
  debug: nothing,
  info: process.env.TEST_LOG ? write : nothing,
  warn: process.env.TEST_LOG ? write : nothing,
  error: process.env.TEST_LOG ? write : nothing,
  child: () => silentLogger,
};

function write(fields: object, message: string): void {
  const { err } = fields as { err?: unknown };
  process.stderr.write(`${message} ${err instanceof Error ? err.stack : JSON.stringify(fields)}\n`);
}
