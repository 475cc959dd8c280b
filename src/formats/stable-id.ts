/** Ids that are made of what a record says. */
import { createHash } from "node:crypto";

/** An id that is the same whenever the same record comes again, 32 characters. */
export function stableId(parts: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
