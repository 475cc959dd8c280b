/** Sends events over several connections for some time, as fast as they are acknowledged, and measures each call. */
import { delay } from "../../runtime/delay.ts";
import { Histogram } from "../../statistics/histogram.ts";
import { benchEvent } from "./bench-event.ts";
import type { Connection } from "./door.ts";
import { Ledger } from "./ledger.ts";

export interface LoadOptions {
  readonly app: string;
  /** Of the ids of its messages. */
  readonly prefix: string;
  readonly seconds: number;
  /** Events in a call. */
  readonly batch: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Called now and then, with what is acknowledged until now. */
  progress(acknowledged: number, share: number): void;
}

export interface LoadResult {
  readonly ledger: Ledger;
  /** Events. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Of the last event that is acknowledged; 0 where there is none. */
  readonly lastSeq: number;
  /** From the first call to the end of the last one. */
  readonly tookMs: number;
  /** Of the calls that were acknowledged, in microseconds. */
  readonly latency: Histogram;
  /** The first reason for what was not acknowledged. */
  readonly reason?: string;
  /** Why it has ended early. */
  readonly ended?: readonly string[];
}

export async function runLoad(connections: readonly Connection[], options: LoadOptions): Promise<LoadResult> {
  const { app, prefix, seconds, batch, signal, progress } = options;
  const ledger = new Ledger(connections.length);
  const latency = new Histogram();
  const counts = { acknowledged: 0, refused: 0, unanswered: 0 };
  let lastSeq = 0;
  let reason: string | undefined;
  let ended: readonly string[] | undefined;
  const beganMs = performance.now();
  const untilMs = beganMs + seconds * 1_000;

  async function run(connection: Connection, index: number): Promise<void> {
    while (performance.now() < untilMs && ended === undefined && !signal.aborted) {
      const first = ledger.count(index);
      const now = Date.now();
      const events = Array.from({ length: batch }, (_, at) =>
        benchEvent({ app, prefix }, index, first + at, now),
      );
      const startMs = performance.now();
      const sent = await connection.send(events);
      const endMs = performance.now();
      if (sent.outcome === "ended") {
        ended ??= sent.sentences;
        // Nothing of it was accepted.
        ledger.note(index, batch, "refused");
        return;
      }
      ledger.note(index, batch, sent.outcome);
      counts[sent.outcome] += batch;
      progress(counts.acknowledged, (endMs - beganMs) / (seconds * 1_000));
      if (sent.outcome === "acknowledged") {
        latency.add(Math.round((endMs - startMs) * 1_000), 0);
        lastSeq = Math.max(lastSeq, sent.seq);
        continue;
      }
      reason ??= sent.reason;
      const pauseMs = sent.outcome === "refused" ? sent.waitMs : 100;
      await delay(Math.min(pauseMs, Math.max(0, untilMs - performance.now())), signal);
    }
  }

  await Promise.all(connections.map(run));
  const tookMs = performance.now() - beganMs;
  const reasons = { ...(reason !== undefined && { reason }), ...(ended !== undefined && { ended }) };
  return { ledger, ...counts, lastSeq, tookMs, latency, ...reasons };
}
