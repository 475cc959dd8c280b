/** The plans of definitions, the last used of them, for a query thread. */
import type { InStatement, Row } from "@libsql/client";
import { lifecyclesSql } from "../../gen/sql.ts";
import type { LifecycleVersion } from "../../lifecycle/definition.ts";
import { readDefinition } from "../../lifecycle/definition.ts";
import { createPlan, type Plan } from "../../lifecycle/plan.ts";
import type { ReadConnection } from "../read-connection.ts";

/** Bytes of the definitions whose plans are in memory, the last used; a version never changes. */
const plansBytesMax = 2 * 1024 * 1024;

/** Definitions that are read at one time; each has up to 64 KiB. */
const definitionsMax = 16;

/** The lifecycle that a message goes by: the app's last one before its first event. */
export function lifecycleOfMessage(message: number, appId: string): InStatement {
  return { sql: lifecyclesSql.ofMessage, args: [message, appId] };
}

/** @param ids JSON: `lifecycles.id` */
export function lifecyclesById(ids: string): InStatement {
  return { sql: lifecyclesSql.byIds, args: [ids] };
}

export function versionOfRow(row: Row): LifecycleVersion {
  const text = String(row.definition);
  return {
    appId: String(row.app_id),
    version: Number(row.version),
    createdAt: Number(row.created_at),
    afterSeq: Number(row.after_seq),
    ...(row.put_by && { putBy: String(row.put_by) }),
    ...(row.note && { note: String(row.note) }),
    ...(text !== "" && { definition: readDefinition(text) }),
    ...(typeof row.done === "number" && {
      backfill: { done: row.done, of: Number(row.of_count), ended: row.ended === 1 },
    }),
  };
}

export class PlanCache {
  readonly #plans = new Map<number, { readonly plan: Plan; readonly bytes: number }>();
  #bytes = 0;

  /** @param id `lifecycles.id`; `undefined` where it has not been read, or not lately */
  known(id: number): Plan | undefined {
    return this.#plans.get(id)?.plan;
  }

  /** Those of these lifecycles, which are read where they are not known. @param ids `lifecycles.id` */
  async read(
    connection: Pick<ReadConnection, "read" | "decode">,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, Plan | undefined>> {
    const plans = new Map(ids.map((id) => [id, this.known(id)] as const));
    const unknown = [...plans].flatMap(([id, plan]) => (plan === undefined ? [id] : []));
    for (let at = 0; at < unknown.length; at += definitionsMax) {
      const some = JSON.stringify(unknown.slice(at, at + definitionsMax));
      const [rows = []] = await connection.read([lifecyclesById(some)]);
      connection.decode(rows, (row) => plans.set(Number(row.id), this.of(row)));
    }
    return plans;
  }

  /** @param row of `lifecycles`; `undefined` for one that ends a lifecycle */
  of(row: Row | undefined): Plan | undefined {
    if (row === undefined || row.definition === "") return undefined;
    const id = Number(row.id);
    const known = this.#plans.get(id);
    if (known !== undefined) return known.plan;
    const text = String(row.definition);
    const added = { plan: createPlan(readDefinition(text)), bytes: Buffer.byteLength(text) };
    this.#plans.set(id, added);
    this.#bytes += added.bytes;
    for (const [oldest, { bytes }] of this.#plans) {
      if (this.#bytes <= plansBytesMax) break;
      this.#plans.delete(oldest);
      this.#bytes -= bytes;
    }
    return added.plan;
  }
}
