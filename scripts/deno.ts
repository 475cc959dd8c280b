/**
 * Runs Mars from source on Deno, which is installed apart, into `.cache`, at the first use: its hundred megabytes are
 * not a dependency of Mars.
 *
 *     bun scripts/deno.ts [serve] [flags of mars]
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

const version = "2.9.6";
const root = join(import.meta.dir, "..");
const prefix = join(root, ".cache/deno");
const program = join(prefix, "node_modules/deno/deno");

/** What Mars may do: no more than it needs. `ffi` is the database driver; `sys` is names and priorities. */
const rights = [
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-sys",
  `--allow-ffi=${join(root, "node_modules/@libsql")}`,
];

/** The program and its first arguments. */
export function denoCommand(): string[] {
  if (!existsSync(program)) install();
  // Without the flag a request's signal aborts when it has been answered.
  return [
    program,
    "run",
    ...rights,
    "--no-lock",
    "--unstable-no-legacy-abort",
    join(root, "src/main-deno.ts"),
  ];
}

function install(): void {
  const { exitCode, stderr } = Bun.spawnSync([
    "npm",
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefix",
    prefix,
    `deno@${version}`,
  ]);
  if (exitCode !== 0 || !existsSync(program)) throw new Error(`deno could not be installed: ${stderr}`);
}

if (import.meta.main) {
  const child = Bun.spawn([...denoCommand(), ...process.argv.slice(2)], {
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  process.exit(await child.exited);
}
