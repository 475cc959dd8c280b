/**
 * The lease of a database server's database: one Mars at a time writes to it. An embedded database has file locks instead.
 *
 * The holder increments a number every few seconds. Another Mars takes the lease when it has seen no increment for a while by
 * its own clock, so no two clocks are compared. It takes it at once when the holder's process has ended.
 */

import { MarsError } from "../core/error.ts";
import { hasEnded, thisProcess } from "../runtime/holder.ts";
import type { Database } from "./database.ts";

/** A lease without an increment for so long is free. The holder renews it more often. */
const silenceMs = 6_000;
const pollMs = 500;
/** A lease renewed longer ago is renewed before the next write: this process may have been paused. */
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

  /** To be called before a write. Renews the lease when the last renewal is not recent, else does nothing. */
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
