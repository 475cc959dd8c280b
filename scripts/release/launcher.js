#!/usr/bin/env node
/** Starts the binary of this machine, which npm has installed beside this file. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";

const require = createRequire(import.meta.url);
const { optionalDependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit" });
// A terminal sends these to both; a supervisor to this process alone. Mars takes the second for what it is: the same stop.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", fail);
child.on("exit", (code, signal) => {
  process.exitCode = signal === null ? code : 128 + constants.signals[signal];
});

/** npm installs the packages whose `os`, `cpu` and `libc` fit. */
function binary() {
  for (const name of Object.keys(optionalDependencies)) {
    try {
      return require.resolve(`${name}/mars`);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return fail(
    new Error(
      `there is no binary for ${process.platform}-${process.arch}, or npm left optional packages out`,
    ),
  );
}

function fail(error) {
  process.stderr.write(`mars: ${error.message}\n`);
  process.exit(1);
}
