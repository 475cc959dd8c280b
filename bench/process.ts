/** A process's CPU time and memory, from the kernel. Linux only; elsewhere there is no /proc, and the bench ends with an error. */
import { readFileSync } from "node:fs";

/** The kernel's unit in /proc/PID/stat: 100 a second on every architecture that Mars is built for. */
const ticksPerSecond = 100;

/** Throws where these figures cannot be had. */
export function assertLinux(): void {
  if (process.platform !== "linux") {
    throw new Error(
      `the bench reads CPU time and memory from /proc, which ${process.platform} does not have`,
    );
  }
}

/** Seconds of CPU that the process has used until now, all of its threads together. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name is in brackets and may contain anything; what follows it is numbers. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory in bytes, now and at its highest. */
export function memoryBytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const bytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
}
