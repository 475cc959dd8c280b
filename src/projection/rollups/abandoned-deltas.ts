/**
 * How many findings of each hop ended because their messages were abandoned. An open incident that counted them has to know:
 * nothing has come, so it is not resolved by that.
 */
import type { InStatement } from "@libsql/client";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { forRows } from "../../db/rows.ts";
import { rollupsSql } from "../../gen/sql.ts";
import type { RetractedFinding } from "../../lifecycle/reconcile.ts";

export class AbandonedDeltas {
  /** By app and stage. */
  readonly #counts = new Map<string, number>();

  change({ appId }: Pick<StoredLifecycle, "appId">, { stage, endedBy }: RetractedFinding): void {
    if (endedBy !== "abandoned") return;
    const key = JSON.stringify([appId, stage]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  statements(): InStatement[] {
    const rows = this.#counts.entries().map(([key, count]) => `[${key},${count}]`);
    return forRows(rollupsSql.abandonIncidents, rows);
  }
}
