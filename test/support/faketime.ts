/** Another clock for a process of its own, by libfaketime. */
import { existsSync } from "node:fs";

const libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`,
);

/** @param file has the offset, such as `+3600` or `+0 x60`, which may change at any time. @returns variables of the process */
export function faketimeEnv(file: string): Record<string, string> {
  const library = libraries.find((path) => existsSync(path));
  if (library === undefined) throw new Error("libfaketime is not there: apt-get install faketime");
  return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" };
}
