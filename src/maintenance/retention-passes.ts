/**
 * Passes of retention over the messages: one for all apps without a retention of their own, and one for each other app. One small step at
 * a time, of the pass that is most overdue.
 *
 * The pass over all apps reads each message once, when it becomes old, in the order of arrival, and again only those that it had to keep. So
 * apps that keep theirs for longer cost it nothing. The pass of an app reads the app's messages by an index; its distance is a
 * fraction of its retention, so that each message is read a bounded number of times.
 */
import type { Log } from "../core/ports.ts";
import { type KeptFor, type PruneScope, type RetentionStore, wholeApp } from "../core/retention.ts";
import type { Clock } from "../runtime/clock.ts";

/** Between two steps of a pass, so that ingest and checkpoints have their turn. */
const stepPauseMs = 2;
/** The distance of passes over all apps, at most; less where the retention itself is short. */
const passEveryMs = 60_000;
/** The distance of passes over an app: a fraction of its retention, within these bounds. */
const appFraction = 16;
const appEveryMs = { min: 250, max: 3_600_000 };
/** How long the loop sleeps, at most: a retention may be put meanwhile. */
const sleepMs = 1_000;
/** Of those that are examined again, in one step. */
const stepMessages = 500;
/** Messages that are kept though they are old and examined in each pass. Beyond it a pass reads all messages again. */
const keptMax = 100_000;
/** How often all messages are read again: a journal that was away may bring some from before. */
const wholeEveryMs = 86_400_000;

export interface RetentionPassesOptions {
  readonly store: Pick<RetentionStore, "prune">;
  readonly clock: Pick<Clock, "elapsed" | "latest">;
  /** How long messages of apps without a retention of their own are kept; `Infinity` for ever. */
  readonly retentionMs: number;
  readonly log: Log;
  /** Called with the number of events that a step has deleted. */
  readonly deleted: (events: number) => void;
}

interface Pass {
  /** Absent for all apps without a retention of their own. */
  readonly appId?: string;
  readonly keepForMs: number;
  /** When it begins, by `performance.now()`. */
  dueAt: number;
  /** The steps that are left of it; empty between two passes. */
  scopes: PruneScope[];
  messages: number;
  events: number;
}

export class RetentionPasses {
  readonly #options: RetentionPassesOptions;
  readonly #common: Pass;
  /** By app; those that keep their messages for ever have none. */
  readonly #apps = new Map<string, Pass>();
  /** The pass over all apps has examined the messages up to here, and of these is to examine some again. */
  #examinedTo = 0;
  #kept: number[] = [];
  #wholeAt = performance.now();
  #current: Pass | undefined;
  #messages = 0;
  #events = 0;

  constructor(options: RetentionPassesOptions) {
    this.#options = options;
    this.#common = newPass(options.retentionMs, {});
  }

  /** Deleted since the start. */
  get totals(): { messages: number; events: number } {
    return { messages: this.#messages, events: this.#events };
  }

  /** `undefined` where all messages are kept for ever. */
  get keptFor(): KeptFor | undefined {
    const all = [this.#common, ...this.#apps.values()]
      .map(({ keepForMs }) => keepForMs)
      .filter(Number.isFinite);
    if (all.length === 0) return undefined;
    const [shortest, longest] = all.reduce(
      ([a, b], ms) => [Math.min(a, ms), Math.max(b, ms)],
      [all[0]!, all[0]!],
    );
    return { shortest: shortest * 1_000, longest: longest * 1_000 };
  }

  /** The app's messages are kept for so long from now on. @param keepForMs `Infinity` for ever */
  put(appId: string, keepForMs: number): void {
    if (this.#current?.appId === appId) this.#current = undefined;
    if (keepForMs === Number.POSITIVE_INFINITY) this.#apps.delete(appId);
    else this.#apps.set(appId, newPass(keepForMs, { appId }));
  }

  /** The app's messages are kept as those of others from now on. */
  remove(appId: string): void {
    if (this.#current?.appId === appId) this.#current = undefined;
    this.#apps.delete(appId);
    this.#readAgain();
  }

  /** One step of the pass that is most overdue. @returns how long to pause, in milliseconds */
  async step(): Promise<number> {
    const pass = this.#current ?? this.#nextPass();
    const now = performance.now();
    if (pass.dueAt > now) return Math.min(sleepMs, pass.dueAt - now);
    if (pass !== this.#current) this.#begin(pass);
    const scope = pass.scopes[0]!;
    const { store, clock, deleted } = this.#options;
    const { elapsed, latest } = clock;
    const step = await store.prune({ elapsed, latest, keepFor: pass.keepForMs * 1_000, scope });
    deleted(step.events);
    pass.messages += step.messages;
    pass.events += step.events;
    this.#messages += step.messages;
    this.#events += step.events;
    // A change of the app's retention has ended it meanwhile.
    if (this.#current !== pass) return stepPauseMs;
    if (pass === this.#common) this.#keep(step.kept);
    if (step.next !== null) pass.scopes[0] = step.next;
    else pass.scopes.shift();
    if (scope.kind === "range" && step.next === null)
      this.#examinedTo = Math.max(this.#examinedTo, step.oldTo);
    if (pass.scopes.length === 0) this.#end(pass);
    return stepPauseMs;
  }

  #nextPass(): Pass {
    let next = this.#common;
    for (const pass of this.#apps.values()) if (pass.dueAt < next.dueAt) next = pass;
    return next;
  }

  #begin(pass: Pass): void {
    this.#current = pass;
    pass.messages = 0;
    pass.events = 0;
    if (pass.appId !== undefined) {
      pass.scopes = [wholeApp(pass.appId)];
      return;
    }
    if (this.#kept.length > keptMax || performance.now() - this.#wholeAt >= wholeEveryMs) this.#readAgain();
    pass.scopes = [];
    for (let from = 0; from < this.#kept.length; from += stepMessages) {
      pass.scopes.push({ kind: "messages", ids: this.#kept.slice(from, from + stepMessages) });
    }
    pass.scopes.push({ kind: "range", after: this.#examinedTo });
    this.#kept = [];
  }

  #end(pass: Pass): void {
    this.#current = undefined;
    pass.dueAt = performance.now() + pauseOf(pass);
    const { messages, events } = pass;
    if (messages === 0) return;
    this.#options.log.info("retention deleted old messages", {
      event: "retention_deleted",
      messages,
      events,
    });
  }

  #keep(ids: readonly number[]): void {
    // One more than the bound says that some are left out.
    for (const id of ids) if (this.#kept.length <= keptMax) this.#kept.push(id);
  }

  #readAgain(): void {
    this.#examinedTo = 0;
    this.#kept = [];
    this.#wholeAt = performance.now();
    // What is under way goes on from where it is; the next pass reads all.
    if (this.#current === this.#common) this.#current = undefined;
    this.#common.scopes = [];
  }
}

function newPass(keepForMs: number, of: { readonly appId?: string }): Pass {
  // What is kept for ever is never due.
  const dueAt = keepForMs === Number.POSITIVE_INFINITY ? keepForMs : 0;
  return { ...of, keepForMs, dueAt, scopes: [], messages: 0, events: 0 };
}

function pauseOf({ appId, keepForMs }: Pass): number {
  if (appId === undefined) return Math.min(passEveryMs, keepForMs / 4);
  return Math.max(appEveryMs.min, Math.min(keepForMs / appFraction, appEveryMs.max));
}
