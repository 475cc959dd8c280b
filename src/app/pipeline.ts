/**
 * The pipeline as a whole: admission → journal → collectors → store → publish, its start and its stop.
 */

import { MarsError } from "../core/error.ts";
import type { JournalState } from "../core/journal.ts";
import { Mask } from "../core/mask.ts";
import type { Ingest, Progress } from "../core/ports.ts";
import { receipts } from "../core/receipt.ts";
import type { Refusals } from "../core/refusals.ts";
import type { StoredBatch } from "../ingest/batch.ts";
import { Behind } from "../ingest/behind.ts";
import { Changes } from "../ingest/changes.ts";
import { GroupCommit } from "../ingest/group-commit.ts";
import { maskedIngest } from "../ingest/masked-ingest.ts";
import { SequenceStart } from "../ingest/sequence.ts";
import { SetAsideDesk } from "../ingest/set-aside.ts";
import { Writer } from "../ingest/writer.ts";
import { Checkpoints } from "../maintenance/checkpoints.ts";
import { PageRounds } from "../maintenance/page-rounds.ts";
import { Retention } from "../maintenance/retention.ts";
import { Grace } from "../projection/loop/grace.ts";
import { ProjectionLoop } from "../projection/loop/projection-loop.ts";
import { TriageDesk } from "../projection/loop/triage-desk.ts";
import { delay, within } from "../runtime/delay.ts";
import { StoreProgress } from "../runtime/progress.ts";
import type { PipelineStats } from "../runtime/stats.ts";
import type { Loop } from "../runtime/supervisor.ts";
import type { PipelineOptions } from "./pipeline-options.ts";
import { pipelineStats } from "./pipeline-stats.ts";

/** Share of the time for stopping; the rest is for the batch under way, and for its way to the disk. */
const storingShare = 0.75;
/** Between attempts to open the database at the start, in milliseconds. */
const openRetry = { firstMs: 500, lastMs: 500 };

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #abort = new AbortController();
  readonly #progress = new StoreProgress();
  readonly #projected = new StoreProgress();
  readonly #grace: Grace;
  readonly #commit: GroupCommit;
  readonly #mask: Mask | undefined;
  readonly ingest: Ingest;
  readonly #writer: Writer;
  readonly changes: Changes;
  readonly #checkpoints: Checkpoints;
  readonly retentions: Retention;
  readonly #projection: ProjectionLoop;
  readonly setAside: SetAsideDesk;
  readonly triage: TriageDesk;
  readonly #pages: PageRounds;
  readonly #opening: Loop;
  readonly #failed = Promise.withResolvers<Error>();
  #running: Promise<unknown> = Promise.resolve();
  #opened = false;
  #damagedFiles = 0;
  readonly #sequence: SequenceStart;
  #accepting = false;
  readonly #behind = new Behind();
  /** The loops have ended by a failure. */
  #stuck = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#opening = options.supervisor.loop("store_opening", openRetry);
    const shared = { ...options, signal: this.#abort.signal, progress: this.#progress };
    this.#sequence = new SequenceStart(options.log);
    options.clock.start(this.#abort.signal);
    this.#grace = new Grace({ graceMs: options.startGraceMs, log: options.log });
    this.#commit = new GroupCommit({
      ...options,
      committed: (commit) => this.#writer.push(commit),
      refused: (error, events) => this.#grace.refusedEvents(error, events),
    });
    this.#mask = Mask.of(options.maskAttributes);
    this.ingest = maskedIngest(this.#commit, this.#mask);
    this.setAside = new SetAsideDesk({
      store: options.store,
      list: options.listSetAside,
      ingest: this.ingest,
      nudge: this.nudge,
    });
    this.triage = new TriageDesk({ ...shared, nudge: this.nudge });
    const setAside = (count: number) => this.setAside.counted(count);
    const publish = ({ events, upTo }: StoredBatch) => {
      this.#behind.stored(upTo, events.length);
      options.publish(events, upTo);
      // A journal that was away may bring events from before the projector's place.
      if (upTo === this.#sequence.lastSeq) this.#projection.nudge();
      this.#progress.advance(upTo);
    };
    this.changes = new Changes({
      ...shared,
      write: (change, written) => this.#commit.change(change, written),
      stalled: () => (this.#opened ? this.#writer.lastError : undefined),
    });
    this.#writer = new Writer({ ...shared, make: (step) => this.changes.make(step), setAside, publish });
    this.#checkpoints = new Checkpoints({
      ...shared,
      pressed: () => options.journal.bytes > options.journal.bytesMax / 2,
    });
    this.retentions = new Retention({ ...shared, deleted: (events) => this.#checkpoints.deleted(events) });
    this.#projection = new ProjectionLoop({
      ...shared,
      projector: options.store,
      projected: this.#projected,
      barrier: () => this.#commit.barrier(),
      grace: this.#grace,
      publish: options.publishFindings,
      setAside,
    });
    this.#pages = new PageRounds(shared);
  }

  /** See `ProjectionLoop.nudge`. */
  readonly nudge = () => this.#projection.nudge();

  get progress(): Progress {
    return this.#progress;
  }

  get refusals(): Refusals {
    return this.#grace;
  }

  /** How far messages have been followed along their lifecycles. */
  get projected(): Progress {
    return this.#projected;
  }

  /** The last seq that was assigned. */
  get lastSeq(): number {
    return this.#commit.lastSeq;
  }

  /** Resolves, once everything that was admitted before the call is on disk or refused, to the last seq on disk. */
  acknowledged(): Promise<number> {
    return this.#commit.barrier();
  }

  /** See `SequenceStart.skipped`, `Judge`, `GroupCommit.block` and `Checkpoints.deleted`. */
  readonly skipped = (seq: number) => this.#sequence.skipped(seq);
  readonly judge = () => this.#projection.judge();
  readonly block = (reason: string) => this.#commit.block(reason);
  readonly deleted = (events: number) => this.#checkpoints.deleted(events);

  /** Why events are refused now; empty when they are not. */
  get refusal(): string {
    return this.#commit.refusal;
  }

  /** Problems that do not keep events from being accepted. */
  get warnings(): string[] {
    return [...this.#pages.warnings, ...this.#writer.warnings];
  }

  /** Resolves, with the reason, when the pipeline can go on no longer. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /**
   * Finds where the store continues and starts the loops. A database that is away does not keep Mars from
   * starting: events are accepted as soon as their seqs are certain, and stored when it is there. Rejects when it
   * answers that it is not ours to use.
   */
  async start(journal: JournalState): Promise<void> {
    this.#damagedFiles = journal.damaged ?? 0;
    this.changes.continue(journal);
    this.#sequence.begin(journal);
    const attempt = await this.#open(journal);
    if (this.#sequence.certain) this.#accept(journal);
    const running = this.#run(journal, attempt).catch((error: Error) => {
      this.#stuck = true;
      this.#failed.resolve(error);
    });
    this.#running = Promise.all([running, this.#pages.run()]);
  }

  /** Refuses events, stores what was accepted or leaves it to the journal at the deadline, and ends the loops. */
  async stop(deadlineMs: number): Promise<void> {
    const storingMs = deadlineMs * storingShare;
    if (!(await within(storingMs, this.#commit.close()))) {
      this.#options.log.error("journal does not answer", { event: "journal_hangs" });
    }
    const healthy = this.#opened && !this.#stuck && this.#writer.lastError === "";
    if (healthy && this.#progress.storedSeq < this.#commit.lastSeq) await this.#writer.drain(storingMs);
    const left = this.#notStored;
    if (left > 0)
      this.#options.log.warn("stopped before all events were stored, the next start stores them", {
        event: "stopped_behind",
        left,
      });
    this.#abort.abort();
    await this.#running;
    if (this.#opened) await this.retentions.record().catch(() => undefined);
    if (this.#opened) await this.#checkpoints.finish().catch(() => undefined);
  }

  stats(): PipelineStats {
    const { journal, clock } = this.#options;
    return pipelineStats({
      journal,
      clock,
      commit: this.#commit,
      writer: this.#writer,
      checkpoints: this.#checkpoints,
      projection: this.#projection,
      grace: this.#grace,
      retention: this.retentions,
      setAside: this.setAside,
      changes: this.changes,
      pages: this.#pages,
      mask: this.#mask,
      damagedFiles: this.#damagedFiles,
      storedSeq: this.#progress.storedSeq,
      opened: this.#opened,
      openingError: this.#opening.lastError,
      behind: { store: this.#notStored, projection: this.#behind.ofProjection(this.#projection.seq) },
    });
  }

  get #notStored(): number {
    if (this.#progress.storedSeq >= this.#commit.lastSeq) return 0;
    return this.#behind.ofStore({ ...this.#commit.totals, ...this.#writer.totals });
  }

  /** Continues after the last seq of the journal and the database. */
  #accept(journal: JournalState): void {
    const lastSeq = Math.max(journal.lastSeq, this.#progress.storedSeq);
    this.#accepting = true;
    this.#options.journal.startAt(this.#sequence.nextSeq);
    this.#commit.start(lastSeq);
  }

  /** @returns whether the store is open */
  async #open(journal: JournalState): Promise<boolean> {
    const { store } = this.#options;
    try {
      const position = await store.open(journal, this.#sequence.nextSeq);
      this.#sequence.meet(position, this.#accepting);
      this.#behind.opened(position, await this.#options.journal.eventsBeyond(position.seq));
      this.#opened = true;
      this.#opening.succeeded();
      this.setAside.counted(position.setAside);
      receipts.continueAfter(position.receivedAt);
      this.#progress.advance(position.seq);
      this.#options.publish([], position.seq);
      return true;
    } catch (thrown) {
      const error = MarsError.from(thrown);
      // A damaged one is not used until the operator has repaired it; until then events wait in the journal.
      if (!error.transient && error.code !== "corrupt") throw thrown;
      this.#opening.failed(thrown);
      return false;
    }
  }

  async #run(journal: JournalState, opened: boolean): Promise<void> {
    const { signal } = this.#abort;
    this.#writer.start(Math.max(journal.lastSeq, this.#commit.lastSeq));
    for (let reached = opened; !reached; reached = await this.#open(journal)) {
      await delay(openRetry.firstMs, signal);
      if (signal.aborted) return;
    }
    const { storedSeq } = this.#progress;
    if (!this.#accepting) {
      this.#accept(journal);
      this.#writer.start(storedSeq);
    }
    const [writing, following] = [this.#writer.run(storedSeq), this.#follow(journal, storedSeq)];
    await Promise.all([writing, following, this.#checkpoints.run()]);
  }

  /** What goes by the settings begins when the changes of earlier runs are made. */
  async #follow(journal: JournalState, storedSeq: number): Promise<void> {
    await this.changes.continued();
    await this.retentions.resume();
    // Producers may have been away since: Mars has run here before, with this journal or, before a copy was put back, another.
    if (journal.lastSeq > 0 || storedSeq > 0) this.#grace.start();
    await Promise.all([this.retentions.run(), this.#projection.run()]);
  }
}
