/** A bound on what a program and its children may have in memory: the kernel ends them beyond it. Needs Linux, and root. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface MemoryLimit {
  /** To be put before the program and its arguments. */
  readonly prefix: readonly string[];
  /** Once the program is gone. */
  remove(): void;
}

/** @returns `undefined` where no memory cgroup can be made */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  const first = "/sys/fs/cgroup/memory";
  const [root, file] = existsSync(first)
    ? [first, "memory.limit_in_bytes"]
    : ["/sys/fs/cgroup", "memory.max"];
  const directory = join(root, `mars-test-${process.pid}`);
  try {
    mkdirSync(directory);
    writeFileSync(join(directory, file), String(bytes));
  } catch {
    // No right to, no such controller, or no cgroups: the caller says so.
    if (existsSync(directory)) rmdirSync(directory);
    return undefined;
  }
  return {
    prefix: ["sh", "-c", `echo $$ > ${join(directory, "cgroup.procs")} && exec "$@"`, "sh"],
    remove: () => rmdirSync(directory),
  };
}
