/** A Mars that asks for keys, and the ways in. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestMars } from "../support/mars.ts";

export const adminKey = "an-admin-key-of-more-than-32-characters";

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** The token of who can read the data directory. */
export async function localToken({ dataDir }: Pick<TestMars, "dataDir">): Promise<string> {
  return (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
}
