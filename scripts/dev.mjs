// The server while one works on it: tsc writes dist/ on every change, node restarts on what tsc wrote.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

process.chdir(dirname(import.meta.dirname));
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const children = [
  [tsc, "-p", "tsconfig.build.json", "--watch", "--preserveWatchOutput"],
  ["--watch", "--watch-preserve-output", "--enable-source-maps", "dist/src/main.js"],
].map((args) => spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }));

for (const child of children) {
  child.once("exit", () => {
    for (const other of children) other.kill("SIGTERM");
  });
}
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
