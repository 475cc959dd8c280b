/** The database of a Mars that runs, opened beside it. */
import { type Client, createClient } from "@libsql/client";

/** Waits for locks that Mars holds, as long as Mars waits for its own. */
export function openBeside({ dataDir }: { readonly dataDir: string }): Client {
  return createClient({ url: `file:${dataDir}/messages.db`, timeout: 5_000 });
}
