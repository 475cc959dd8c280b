/**
 * Who writes to a database server's database: one Mars at a time. An embedded database has locks for that.
 *
 * The holder adds one to a number every few seconds. Whoever comes waits until that number has stood still for a while by
 * its own clock, so no two clocks are compared; or not at all where the holder has certainly ended.
 */

import { MarsError } from "../core/error.ts";
import { hasEnded, thisProcess } from "../runtime/holder.ts";
import type { Database } from "./database.ts";

/** How long a holder may be silent. It has to renew its lease more often than that. */
const silenceMs = 6_000;
const pollMs = 500;
/** After so long without it, the lease is renewed before the next write: this process may have stood still. */
const freshMs = 4_000;

export class Lease {
  readonly #database: Database;
  readonly #self = thisProcess();
  #held = false;
  #renewedAt = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Rejects with an error that is no `MarsError` while another Mars has it. */
  async take(): Promise<void> {
    if (this.#database.embedded) return;
    for (let quietSince = performance.now(), beat: number | undefined; ; ) {
      const { rows } = await this.#database.execute("SELECT host, pid, token, beat FROM lease");
      const holder = {
        host: String(rows[0]?.host),
        pid: Number(rows[0]?.pid),
        token: String(rows[0]?.token),
      };
      const now = Number(rows[0]?.beat);
      if (beat !== undefined && now !== beat) {
        throw new Error(
          `the database is in use by process ${holder.pid} of ${holder.host}: is another Mars running on it?`,
        );
      }
      if (beat === undefined) quietSince = performance.now();
      beat = now;
      const free = holder.token === "" || holder.token === this.#self.token || hasEnded(holder, this.#self);
      if (free || performance.now() - quietSince >= silenceMs) {
        const { host, pid, token } = this.#self;
        const taken = await this.#database.execute({
          sql: "UPDATE lease SET host = ?, pid = ?, token = ?, beat = beat + 1 WHERE token = ? AND beat = ?",
          args: [host, pid, token, holder.token, now],
        });
        if (taken.rowsAffected === 1) break;
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    this.#held = true;
    this.#renewedAt = performance.now();
  }

  /** Rejects with `fenced` when another Mars has taken it. */
  async renew(): Promise<void> {
    if (!this.#held) return;
    const { rowsAffected } = await this.#database.execute({
      sql: "UPDATE lease SET beat = beat + 1 WHERE token = ?",
      args: [this.#self.token],
    });
    if (rowsAffected !== 1) {
      throw new MarsError("fenced", "another Mars has taken the database: this one refuses events");
    }
    this.#renewedAt = performance.now();
  }

  /** Before a write: rejects when it is not certain any more whose the database is. Costs nothing as long as it is. */
  confirm(): Promise<void> | undefined {
    return this.#held && performance.now() - this.#renewedAt > freshMs ? this.renew() : undefined;
  }

  /** Lets the next Mars begin at once. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await this.#database.execute({
      sql: "UPDATE lease SET token = '' WHERE token = ?",
      args: [this.#self.token],
    });
  }
}
