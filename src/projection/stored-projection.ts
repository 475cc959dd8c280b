/** The projection as it is in the database: its position, and what there is to do behind it. Each step is written by it. */

import type { InStatement } from "@libsql/client";
import type { Micros } from "../core/event.ts";
import type { Database } from "../db/database.ts";
import type { Result } from "../db/embedded.ts";
import { readMessageIds } from "../db/messages/message-ids.ts";
import { projectionSql } from "../gen/sql.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { noPausedApps, type PausedApps } from "./again/due-instances.ts";
import { leapFindings } from "./findings/finding-leap.ts";
import type { InstanceSteps } from "./instances/instance-steps.ts";
import { movePosition, type ProjectionPosition, positionOf } from "./position.ts";
import { HistogramCache } from "./rollups/histogram-cache.ts";
import type { RollupDeltas } from "./rollups/rollup-deltas.ts";

/** What one step writes. */
export interface StepWrites {
  readonly steps: InstanceSteps;
  readonly deltas: RollupDeltas;
  /** How far it comes. */
  readonly position: Omit<ProjectionPosition, "step" | "findingSeq">;
  /** Before and behind all else. */
  readonly first?: readonly InStatement[];
  readonly more?: readonly InStatement[];
}

export class StoredProjection {
  readonly #database: Database;
  readonly #histograms: HistogramCache;
  /** Read again after a step that failed: it may have been written. */
  #position: ProjectionPosition | undefined;
  #paused = noPausedApps;
  #nextAt: Micros | undefined;
  #revisits = false;
  #children = false;
  /** The last change of a finding that a step has returned; `undefined` until the sequence has leapt after the start. */
  returned: number | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#histograms = new HistogramCache(database);
  }

  /** How far it is; known once it is open. */
  get position(): ProjectionPosition {
    return this.#position!;
  }

  /** When the next finding becomes active, of apps that are not paused; absent where none will. */
  get nextAt(): Micros | undefined {
    return this.#nextAt;
  }

  /** Whether a finding becomes active before this time. */
  isDue(watermark: Micros): boolean {
    return this.#nextAt !== undefined && this.#nextAt < watermark;
  }

  /** Whether messages are to be judged again. */
  get revisits(): boolean {
    return this.#revisits;
  }

  get paused(): PausedApps {
    return this.#paused;
  }

  /** Reads it, unless it is known. */
  async open(): Promise<ProjectionPosition> {
    if (this.#position !== undefined) return this.#position;
    const [known, outlook] = await this.#database.batch([projectionSql.position, this.#outlook()], "read");
    this.#look(outlook);
    let position = positionOf(known?.rows[0]);
    if (this.returned === undefined) {
      position = await leapFindings(this.#database, position);
      this.returned = position.findingSeq;
    }
    this.#position = position;
    return position;
  }

  /** Looks at what there is to do. */
  async look(): Promise<void> {
    this.#look(await this.#database.execute(this.#outlook()));
  }

  /** Looks again where other apps are paused than before. @param changed whether something else has changed what is due */
  async pause(paused: PausedApps, changed: boolean): Promise<void> {
    if (paused === this.#paused && !changed) return;
    this.#paused = paused;
    await this.look();
  }

  /** All is read again. */
  forget(): void {
    this.#position = undefined;
    this.#histograms.clear();
  }

  /** Writes a step. @returns the findings that it has changed */
  async write({ steps, deltas, position, first = [], more = [] }: StepWrites): Promise<Finding[]> {
    const names = await readMessageIds(this.#database, steps.findings.messages);
    await steps.owed.readStored(this.#database, steps.findings.owingMessages);
    const histograms = await this.#histograms.load(deltas.histogramKeys);
    const { step, findingSeq } = this.position;
    const next = { ...position, step: step + 1, findingSeq: findingSeq + steps.findings.count };
    const results = await this.#database.batch(
      [
        movePosition(next),
        ...first,
        ...steps.statements(this.#children),
        ...deltas.statements(histograms),
        ...more,
        this.#outlook(),
      ],
      "write",
    );
    this.#position = next;
    this.#look(results.at(-1));
    return steps.findings.published(names, steps.owed);
  }

  #outlook(): InStatement {
    return { sql: projectionSql.outlook, args: [this.#paused] };
  }

  #look(outlook: Result | undefined): void {
    const row = outlook?.rows[0];
    const at = row?.next_at;
    this.#revisits = row?.revisits === 1;
    this.#children = row?.children === 1;
    this.#nextAt = at === null || at === undefined ? undefined : Number(at);
  }
}
