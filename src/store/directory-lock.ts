/**
 * Keeps a second Mars out of a data directory: a transaction on an empty database, open as long as the process lives. The
 * operating system lets go of it when the process is gone, however it went.
 */
import { type Client, createClient, type Transaction } from "@libsql/client";
import { fileUrl } from "./database.ts";

export class DirectoryLock {
  #held: { readonly client: Client; readonly transaction: Transaction } | undefined;

  /** Rejects when another process has it. */
  async take(directory: string): Promise<void> {
    const client = createClient({ url: fileUrl(`${directory}/lock.db`) });
    try {
      this.#held = { client, transaction: await client.transaction("write") };
    } catch (cause) {
      client.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (!/SQLITE_BUSY|database is locked/.test(reason))
        throw new Error(`${directory} cannot be locked: ${reason}`, { cause });
      throw new Error(`${directory} is in use by another process: is Mars already running on it?`, { cause });
    }
  }

  release(): void {
    this.#held?.transaction.close();
    this.#held?.client.close();
    this.#held = undefined;
  }
}
