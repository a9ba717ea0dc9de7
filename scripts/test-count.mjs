// Prints `N passed, N failed` from the file that vitest's json reporter wrote. Fails when a test failed or none ran;
// with --no-skips also when one was skipped or is a todo.
import { readFileSync } from "node:fs";

const args = process.argv.slice(2);
const noSkips = args[0] === "--no-skips";
const file = args.at(-1) ?? "";

/** @type {{ name: string, status: string, assertionResults: { fullName: string, status: string }[] }[]} */
let suites = [];
try {
  suites = JSON.parse(readFileSync(file, "utf8")).testResults;
} catch {
  process.stderr.write("vitest wrote no result\n");
}

const tests = suites.flatMap((suite) => suite.assertionResults);
const passed = tests.filter((test) => test.status === "passed");
// A file that could not be loaded has no tests to count, and is a failure all the same.
const broken = suites.filter(
  (suite) => suite.status === "failed" && !suite.assertionResults.some((test) => test.status === "failed"),
);
const failed = tests.filter((test) => test.status === "failed").length + broken.length;
const skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");

if (noSkips) for (const test of skipped) process.stderr.write(`skipped: ${test.fullName}\n`);
process.stdout.write(`${passed.length} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed.length === 0 || (noSkips && skipped.length > 0) ? 1 : 0;
