/** `mars send` and `mars import`: events into Mars, each once, however often a call has to be made. */
import { randomBytes } from "node:crypto";
import { parseDuration } from "../../core/duration.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import type { Arguments } from "../arguments.ts";
import { harmless } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import { PatientCalls } from "../patience.ts";
import { createProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { deliver, type Totals } from "./delivery.ts";
import type { IdsFor } from "./event-line.ts";
import { linesOf } from "./lines.ts";
import type { Mapped } from "./mapped.ts";
import { payloadsOf } from "./payloads.ts";
import type { Source } from "./source.ts";

/** A line that is longer is refused here; what an event may have is for Mars to say. */
const lineBytesMax = bodyBytesMax / 16;
/** What a source takes unless it says otherwise. */
const payloadBytesMax = bodyBytesMax / 8;
export const patienceDefault = "1m";
/** Of payloads: faults that are named, and events of a dry run that are shown. */
const faultsMax = 20;
const shownMax = 20;

interface SendOptions {
  readonly source: () => Source;
  readonly ids: IdsFor;
  /** The source is one event, whose line needs no number. */
  readonly alone?: boolean;
  /** The lines are payloads, which Mars maps by a source. */
  readonly mapped?: Omit<Mapped, "shown">;
}

/** @returns the exit code */
export async function sendFrom(
  given: Arguments,
  session: Session,
  { source: open, ids, alone = false, mapped }: SendOptions,
): Promise<number> {
  const { client, host, agent } = session;
  let source: Source;
  try {
    source = open();
  } catch (error) {
    host.complain(
      harmless(`cannot read the events: ${error instanceof Error ? error.message : String(error)}`),
    );
    return exitCode.usage;
  }
  const run = given.general.get("--run") ?? randomBytes(8).toString("hex");
  const signal = host.stopAsked();
  const progress = createProgress(host);
  const began = performance.now();
  const calls = new PatientCalls(client, {
    agent,
    signal,
    patienceMs: parseDuration(given.general.get("--retry-for") ?? patienceDefault) ?? 0,
    waiting: (sentence) => progress.show(`waiting: ${harmless(sentence)}`),
  });
  const chunks = untilStopped(source.chunks, signal);
  const { lines, word } =
    mapped === undefined
      ? { lines: linesOf(chunks, lineBytesMax), word: () => "line" }
      : payloadsOf(chunks, payloadBytesMax);
  const place = (line: number) => (alone ? "" : `${word()} ${line}: `);
  const shown: unknown[] = [];
  let faults = 0;
  const isNamed = () => mapped === undefined || ++faults <= faultsMax;
  const latest: { totals: Totals } = { totals: { accepted: 0, rejected: 0 } };
  try {
    const { totals, ended } = await deliver(lines, calls, {
      run,
      ids,
      ...(mapped !== undefined && {
        mapped: {
          ...mapped,
          shown: (events) => shown.push(...events.slice(0, shownMax - shown.length)),
        },
      }),
      refused(line, problem) {
        if (isNamed()) progress.complain(harmless(`${place(line)}${problem}`));
      },
      unnamed(count, first, last) {
        if (isNamed()) progress.complain(`${word()}s ${first} to ${last}: ${count} more were refused`);
      },
      sent: (totals) => {
        latest.totals = totals;
        progress.show(rateText(totals, began), source.share?.());
      },
    });
    latest.totals = totals;
    progress.end();
    for (const sentence of ended?.sentences ?? []) host.complain(harmless(sentence));
    if (ended !== undefined) return stopped(exitCode.failed);
    if (signal.aborted) return stopped(stoppedCode(signal.reason));
  } catch (error) {
    progress.end();
    if (signal.aborted) return stopped(stoppedCode(signal.reason));
    host.complain(harmless(`cannot go on: ${error instanceof Error ? error.message : String(error)}`));
    return stopped(exitCode.failed);
  }
  if (mapped !== undefined) {
    const { dryRun } = mapped;
    const outcome = { totals: latest.totals, dryRun, events: shown };
    host.print(session.json ? mappedJson(outcome) : mappedText(outcome, began));
  } else host.print(session.json ? summaryJson(latest.totals, run) : summaryText(latest.totals, began));
  return latest.totals.rejected > 0 ? exitCode.failed : exitCode.done;

  function stopped(code: number): number {
    const { accepted } = latest.totals;
    if (mapped !== undefined) {
      if (!mapped.dryRun)
        host.complain(`${accepted} events are on disk. To go on: all of it again; those stay as they are`);
      return code;
    }
    host.complain(
      alone && accepted === 0
        ? `not sent, or not known to be; to try again: the same with --run ${run}`
        : `${accepted} events are on disk. To go on: all of it again with --run ${run}; those stay as they are`,
    );
    return code;
  }
}

/** A read that waits for input would keep a stopped command from its end. */
async function* untilStopped(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  signal.addEventListener("abort", stop);
  const each = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([each.next(), aborted]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function summaryJson({ accepted, rejected, seq }: Totals, run: string): string {
  return `${JSON.stringify({ success: rejected === 0, accepted, rejected, seq: seq ?? null, run })}\n`;
}

function summaryText(totals: Totals, began: number): string {
  const { accepted, rejected, seq } = totals;
  const sent = `${accepted} ${accepted === 1 ? "event is" : "events are"} on disk`;
  const last = seq === undefined ? "" : `, the last with seq ${seq}`;
  const refused = rejected === 0 ? "" : `; ${rejected} refused`;
  return `${sent}${last}${refused} (${secondsText(began)} s)\n`;
}

interface Outcome {
  readonly totals: Totals;
  readonly dryRun: boolean;
  /** Of a dry run, the first ones. */
  readonly events: readonly unknown[];
}

function mappedJson({ totals, dryRun, events }: Outcome): string {
  const { accepted, ignored = 0, rejected, seq = null } = totals;
  const counts = { success: rejected === 0, dry_run: dryRun, accepted, ignored, rejected, seq };
  return `${JSON.stringify(dryRun ? { ...counts, events } : counts)}\n`;
}

function mappedText({ totals, dryRun, events }: Outcome, began: number): string {
  const { accepted, ignored = 0, rejected } = totals;
  const shown = events.map((event) => `${harmless(JSON.stringify(event))}\n`).join("");
  const what = dryRun ? "would be stored" : "stored";
  return `${shown}${accepted} ${what}, ${ignored} ignored, ${rejected} failed (${secondsText(began)} s)\n`;
}

function rateText({ accepted, rejected }: Totals, began: number): string {
  const perSecond = Math.round((accepted / Math.max(1, performance.now() - began)) * 1_000);
  const refused = rejected === 0 ? "" : `, ${rejected} refused`;
  return `${accepted} events, ${perSecond}/s${refused}`;
}

function secondsText(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}
