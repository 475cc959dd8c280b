/** Which process has something that only one may have, as it is written down for others to read. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface Holder {
  /** The machine and what it calls a process id's namespace. */
  readonly host: string;
  readonly pid: number;
  /** Random, so that two holders in one process differ. */
  readonly token: string;
}

export function thisProcess(): Holder {
  // A container that begins again has the same name and the same process ids.
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 8));
  const namespace = read(() => readlinkSync("/proc/self/ns/pid").replace(/\D/g, ""));
  return {
    host: [hostname().slice(0, 64), boot, namespace].filter((part) => part !== "").join(" "),
    pid: process.pid,
    token: crypto.randomUUID(),
  };
}

/** Whether a holder has certainly ended: one of this machine whose process is gone, or is this one. */
export function hasEnded(holder: Holder, self: Holder): boolean {
  if (holder.host !== self.host) return false;
  if (holder.pid === self.pid) return true;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    // Another user's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Empty on systems that do not have it. */
function read(call: () => string): string {
  try {
    return call();
  } catch {
    return "";
  }
}
