/**
 * Follows messages along their lifecycles, behind the store: it has a place of its own in the sequence of events, and
 * moves it in the same transaction as all that follows from them. So a crash at any point loses and doubles nothing, and
 * the batches that store events never wait for it.
 *
 * What it knows of a message is in `lives`; what is due when is in an index there, so finding what is missing costs
 * nothing for all that is not.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../event/event.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { TrackStep, TrackTarget } from "../lifecycle/ports.ts";
import type { Database } from "./database.ts";
import { dueFindings, dueLives, nextDue, noHeldApps } from "./due-lives.ts";
import { type ChangeRow, changesAfter, findingOfChange } from "./finding-changes.ts";
import { hear } from "./heard.ts";
import { HistogramCache } from "./histogram-cache.ts";
import { type Life, LifeSteps } from "./life-steps.ts";
import { hasPlan, type LifecycleFile, lifecycleOf, type StoredLifecycles } from "./lifecycle-file.ts";
import { Tally } from "./tally.ts";
import {
  aheadFindings,
  aheadLives,
  type EventRow,
  eventsOf,
  type FindingRow,
  forgetRechecks,
  forRows,
  knownTracking,
  type LifeRow,
  type MessageRow,
  messageIds,
  moveTracking,
  type NameRow,
  recheckedMessages,
  recheckedTimes,
  rechecksMax,
  rowsOf,
  type Stretch,
  stretchEnd,
  type TimeRow,
  type Tracking,
  touchedFindings,
  touchedLives,
  touchedMessages,
  upsertFindings,
  upsertLives,
} from "./tracker-sql.ts";

/** Events that one step takes in. A step that fails is tried again with fewer: a server limits what it sends at once. */
const stepEventsMax = 10_000;
/** Lives of which one step raises what holds. */
const stepLivesMax = 2_000;
/** Changes of findings that one step reads again. */
const stepChangesMax = 1_000;

/**
 * How far the sequence of findings leaps at a start: a power cut may have taken back changes that were published already,
 * and no seq may be used twice.
 */
const findingSeqLeap = 1_000_000;

export class Tracker {
  readonly #database: Database;
  readonly #lifecycles: LifecycleFile;
  /** What follows is as it is in the database; forgotten when a step fails, for then nobody knows. */
  #tracking: Tracking | undefined;
  #nextAt: Micros | undefined;
  /** As JSON: the apps that `#nextAt` leaves out. */
  #held = noHeldApps;
  /** Whether there may be messages to be taken in anew. */
  #rechecks = true;
  readonly #histograms: HistogramCache;
  #stepEvents = stepEventsMax;
  /** The last change of a finding that a step has returned; `undefined` until the sequence has leapt after the start. */
  #returned: number | undefined;

  constructor(database: Database, lifecycles: LifecycleFile) {
    this.#database = database;
    this.#lifecycles = lifecycles;
    this.#histograms = new HistogramCache(database);
  }

  /** See `Tracker.track` of `lifecycle/ports.ts`. */
  async track(target: TrackTarget): Promise<TrackStep> {
    try {
      const step = await this.#track(target);
      this.#returned = step.findingSeq;
      return step;
    } catch (error) {
      this.#tracking = undefined;
      this.#rechecks = true;
      this.#histograms.clear();
      this.#stepEvents = Math.max(1, Math.floor(this.#stepEvents / 2));
      throw error;
    }
  }

  async #track({ upTo, clock, raise, heldApps }: TrackTarget): Promise<TrackStep> {
    await this.#hold(heldApps === undefined ? noHeldApps : JSON.stringify(heldApps));
    let tracking = this.#tracking ?? (await this.#open());
    if (this.#returned !== undefined && this.#returned < tracking.findingSeq) {
      return this.#changesAgain(tracking, this.#returned);
    }
    const lifecycles = await this.#lifecycles.load();
    const findings: Finding[] = [];
    if (tracking.seq < upTo || this.#rechecks) {
      findings.push(...(await this.#takeIn(tracking, { upTo, clock }, lifecycles)));
      tracking = this.#tracking!;
    }
    let done = tracking.seq >= upTo && !this.#rechecks;
    if (done && clock < tracking.clock) {
      findings.push(...(await this.#review(tracking, clock, lifecycles)));
      tracking = this.#tracking!;
      done = clock >= tracking.clock;
    }
    if (done && raise && this.#nextAt !== undefined && this.#nextAt < clock) {
      findings.push(...(await this.#raise(tracking, clock, lifecycles)));
      tracking = this.#tracking!;
      done = this.#nextAt === undefined || this.#nextAt >= clock;
    }
    this.#stepEvents = Math.min(stepEventsMax, this.#stepEvents * 2);
    return {
      seq: tracking.seq,
      done,
      findings,
      findingSeq: tracking.findingSeq,
      ...(this.#nextAt !== undefined && { nextAt: this.#nextAt }),
    };
  }

  /** What is due next is another life where other apps are held. */
  async #hold(held: string): Promise<void> {
    if (held === this.#held) return;
    this.#held = held;
    this.#setNext((await this.#database.execute(nextDue(held))).rows[0]?.at);
  }

  async #open(): Promise<Tracking> {
    const [known, next] = await this.#database.batch([knownTracking, nextDue(this.#held)], "read");
    const row = known?.rows[0];
    let tracking: Tracking = {
      step: Number(row?.step),
      seq: Number(row?.seq),
      clock: Number(row?.clock),
      findingSeq: Number(row?.finding_seq),
    };
    if (this.#returned === undefined) {
      const { step, findingSeq } = tracking;
      tracking = { ...tracking, step: step + 1, findingSeq: findingSeq + findingSeqLeap };
      // Stored at once: whoever reads how far changes have come must not see less than what is published.
      await this.#database.batch([moveTracking(tracking)], "write");
      this.#returned = tracking.findingSeq;
    }
    this.#tracking = tracking;
    this.#setNext(next?.rows[0]?.at);
    return tracking;
  }

  /** The answer to a step was lost, and with it what had changed: that is read again. */
  async #changesAgain(tracking: Tracking, returned: number): Promise<TrackStep> {
    const rows = rowsOf<ChangeRow>(await this.#database.execute(changesAfter(returned, stepChangesMax)));
    const last = rows.length === stepChangesMax ? rows.at(-1)?.[0] : undefined;
    return {
      seq: tracking.seq,
      done: false,
      findings: rows.map(findingOfChange),
      findingSeq: last ?? tracking.findingSeq,
    };
  }

  /** Takes in a stretch of events. They can only retract what was found, and say when there is something to find. */
  async #takeIn(
    tracking: Tracking,
    { upTo, clock }: Pick<TrackTarget, "upTo" | "clock">,
    lifecycles: StoredLifecycles,
  ): Promise<Finding[]> {
    const stretch = { from: tracking.seq, to: await this.#end({ from: tracking.seq, to: upTo }) };
    const someFollowed = lifecycles.byApp.size > 0;
    const [events, messages, rechecked, times, lives, findings] = await this.#database.batch(
      [
        eventsOf(stretch),
        touchedMessages(stretch),
        recheckedMessages,
        recheckedTimes,
        ...(someFollowed ? [touchedLives(stretch), touchedFindings(stretch)] : []),
      ],
      "read",
    );
    const anew = rowsOf<[number]>(rechecked).map(([message]) => message);
    const tally = new Tally();
    const judged = { clock: Math.min(clock, tracking.clock), findingSeq: tracking.findingSeq };
    const steps = new LifeSteps({ ...judged, now: clock, raising: false }, tally);
    const known = this.#lives(rowsOf<LifeRow>(lives), rowsOf<FindingRow>(findings), lifecycles);
    const rows = {
      events: rowsOf<EventRow>(events),
      messages: rowsOf<MessageRow>(messages),
      anew: rowsOf<TimeRow>(times),
    };
    for (const heard of hear(rows, (appId) => lifecycles.byApp.has(appId), tally)) {
      const life = known.get(heard.message);
      const lifecycle = life?.lifecycle ?? lifecycleOf(lifecycles, heard.appId, heard.message);
      if (lifecycle !== undefined) steps.hear(heard, life, lifecycle);
    }
    const found = await this.#write(steps, tally, { ...tracking, seq: stretch.to }, [
      ...(anew.length > 0 ? [forgetRechecks(anew)] : []),
    ]);
    this.#rechecks = anew.length === rechecksMax;
    return found;
  }

  /** Raises what holds by `clock`, of a bounded number of lives. */
  async #raise(tracking: Tracking, clock: Micros, lifecycles: StoredLifecycles): Promise<Finding[]> {
    const due = [dueLives, dueFindings].map((of) => of(clock, stepLivesMax, this.#held));
    const [lives, findings] = await this.#database.batch(due, "read");
    const tally = new Tally();
    const steps = new LifeSteps({ ...tracking, clock, now: clock, raising: true }, tally);
    for (const life of this.#lives(rowsOf<LifeRow>(lives), rowsOf<FindingRow>(findings), lifecycles).values())
      steps.look(life);
    return this.#write(steps, tally, { ...tracking, clock }, []);
  }

  /**
   * The clock was ahead and has been put right: retracts what was raised by it and does not hold by now, of a bounded
   * number of lives. `tracking.clock` goes back with the last of them, so a crash in between changes nothing.
   */
  async #review(tracking: Tracking, clock: Micros, lifecycles: StoredLifecycles): Promise<Finding[]> {
    const [lives, findings] = await this.#database.batch(
      [aheadLives(clock, stepLivesMax), aheadFindings(clock, stepLivesMax)],
      "read",
    );
    const tally = new Tally();
    const steps = new LifeSteps({ ...tracking, clock, now: clock, raising: false }, tally);
    const ahead = this.#lives(rowsOf<LifeRow>(lives), rowsOf<FindingRow>(findings), lifecycles);
    for (const life of ahead.values()) steps.look(life);
    const last = ahead.size < stepLivesMax;
    return this.#write(steps, tally, { ...tracking, clock: last ? clock : tracking.clock }, []);
  }

  #lives(
    rows: readonly LifeRow[],
    findings: readonly FindingRow[],
    lifecycles: StoredLifecycles,
  ): ReadonlyMap<number, Life> {
    const found = Map.groupBy(findings, ([message]) => message);
    const lives = new Map<number, Life>();
    for (const row of rows) {
      const lifecycle = lifecycles.byId.get(row[1]);
      if (!hasPlan(lifecycle))
        throw new Error(`message ${row[0]} goes by lifecycle ${row[1]}, which is not there`);
      lives.set(row[0], { row, lifecycle, findings: found.get(row[0]) ?? [] });
    }
    return lives;
  }

  async #write(
    steps: LifeSteps,
    tally: Tally,
    tracking: Tracking,
    more: readonly InStatement[],
  ): Promise<Finding[]> {
    const names = await this.#namesOf(steps.changedMessages);
    const histograms = await this.#histograms.load(tally.histogramKeys);
    const next = { ...tracking, step: tracking.step + 1, findingSeq: tracking.findingSeq + steps.changes };
    const results = await this.#database.batch(
      [
        moveTracking(next),
        ...forRows(upsertLives, steps.lifeRows()),
        ...forRows(upsertFindings, steps.findingRows()),
        ...tally.statements(histograms),
        ...more,
        nextDue(this.#held),
      ],
      "write",
    );
    this.#tracking = next;
    this.#setNext(results.at(-1)?.rows[0]?.at);
    return steps.findings(names);
  }

  async #namesOf(messages: readonly number[]): Promise<ReadonlyMap<number, string>> {
    if (messages.length === 0) return new Map();
    return new Map(rowsOf<NameRow>(await this.#database.execute(messageIds(messages))));
  }

  async #end(stretch: Stretch): Promise<number> {
    if (stretch.to - stretch.from <= this.#stepEvents) return Math.max(stretch.from, stretch.to);
    const { rows } = await this.#database.execute(stretchEnd(stretch, this.#stepEvents));
    return Number(rows[0]?.seq ?? stretch.to);
  }

  #setNext(at: unknown): void {
    this.#nextAt = at === null || at === undefined ? undefined : Number(at);
  }
}
