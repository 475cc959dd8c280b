/**
 * Keeps a second Mars out of a data directory, or away from a database's file: a transaction on an empty database, open as
 * long as the process runs. The operating system releases it when the process ends, however that happens.
 */
import { type Client, createClient, type Transaction } from "@libsql/client";
import { fileUrl } from "../db/database-address.ts";
import { makePrivate, refuseLink } from "./private-files.ts";

export class DirectoryLock {
  #held: { readonly client: Client; readonly transaction: Transaction } | undefined;

  /**
   * Rejects when another process has it.
   *
   * @param path of what is locked
   * @param file that has the lock; made if it is not there
   */
  async take(path: string, file = `${path}/lock.db`): Promise<void> {
    await refuseLink(file);
    await makePrivate(file, true);
    let client: Client | undefined;
    try {
      client = createClient({ url: fileUrl(file) });
      this.#held = { client, transaction: await client.transaction("write") };
    } catch (cause) {
      client?.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (!/SQLITE_BUSY|database is locked/.test(reason))
        throw new Error(`${path} cannot be locked: ${reason}`, { cause });
      throw new Error(`${path} is in use by another process: is Mars already running on it?`, { cause });
    }
  }

  release(): void {
    this.#held?.transaction.close();
    this.#held?.client.close();
    this.#held = undefined;
  }
}
