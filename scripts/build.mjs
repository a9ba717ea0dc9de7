// Builds what is out of date: the server with tsc into dist/, the web pages with vite into dist/web/.
// With `server` as the argument, only the server. Nothing to do costs a few milliseconds, so `npm start` can ask each time.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

process.chdir(dirname(import.meta.dirname));
const require = createRequire(import.meta.url);

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string[]} inputs files and folders that it is made of
 * @property {string} output a file that is there when it was built
 * @property {string} stamp file whose time says when the inputs were read for the last good build
 * @property {() => string[]} command
 * @property {string[]} discard what would keep a lost output from being written again
 */

/** @type {Target[]} */
const targets = [
  {
    name: "server",
    inputs: ["src", "migrations", "bench", "tsconfig.json", "tsconfig.build.json", "package-lock.json"],
    output: "dist/src/main.js",
    stamp: "dist/.server-built",
    command: () => [join(packageFolder("typescript"), "bin/tsc"), "-p", "tsconfig.build.json"],
    discard: ["dist/.tsbuildinfo"],
  },
  {
    name: "web",
    inputs: ["web", "vite.config.ts", "package-lock.json"],
    output: "dist/web/graphiql.html",
    stamp: "dist/.web-built",
    command: () => [join(packageFolder("vite"), "bin/vite.js"), "build", "--logLevel", "warn"],
    discard: [],
  },
];

/** @param {string} name */
function packageFolder(name) {
  return dirname(require.resolve(`${name}/package.json`));
}

/**
 * Newest change of a file, or of anything in a folder. A folder's own time tells of removed files.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** @param {Target} target */
function isCurrent(target) {
  const built = statSync(target.stamp, { throwIfNoEntry: false });
  return (
    built !== undefined &&
    existsSync(target.output) &&
    target.inputs.every((path) => newest(path) <= built.mtimeMs)
  );
}

/**
 * @param {Target} target
 * @returns {Promise<boolean>} whether the target is built
 */
async function build(target) {
  if (isCurrent(target)) return true;
  // An install without the development packages has no compiler, and runs what was built before.
  if (!hasCompiler()) return existsSync(target.output);
  const started = new Date();
  if (!existsSync(target.output)) for (const path of target.discard) rmSync(path, { force: true });
  const child = spawn(process.execPath, target.command(), { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) return false;
  writeFileSync(target.stamp, "");
  utimesSync(target.stamp, started, started);
  process.stdout.write(
    `built the ${target.name} in ${((Date.now() - started.getTime()) / 1000).toFixed(1)} s\n`,
  );
  return true;
}

function hasCompiler() {
  return existsSync("node_modules/typescript") && existsSync("node_modules/vite");
}

const only = process.argv[2];
const wanted = targets.filter((target) => only === undefined || target.name === only);
const built = await Promise.all(wanted.map(build));
if (built.includes(false)) {
  const reason = hasCompiler()
    ? "see above"
    : "the development packages are not installed: run npm ci without --omit=dev";
  process.stderr.write(`The build failed: ${reason}.\n`);
  process.exitCode = 1;
}
