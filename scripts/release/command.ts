/** Other programs, run to their end. */
import { join } from "node:path";

export const root = join(import.meta.dir, "../..");

/** @returns its standard output @throws where it fails */
export function run(command: readonly string[], { cwd = root }: { readonly cwd?: string } = {}): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd, stdin: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed (${exitCode}): ${stderr}${stdout}`);
  return stdout.toString();
}
