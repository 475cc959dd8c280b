/** The events of the message in their order, with the time between them. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { betweenMs } from "../../../../api/between.ts";
import { type EventRun, runsOf, type TimelineEvent } from "../../../data/message-events.ts";
import { countText, dayText, durationText, shortDuration } from "../../../data/text.ts";
import { say } from "../../../frame/toasts.tsx";
import { Chunks } from "../../../parts/chunks.tsx";
import { Precise } from "../../../parts/time.tsx";
import type { Place } from "../live-message.ts";
import { type Run, runOf } from "../runs.ts";
import { Jumps } from "./jumps.tsx";
import { TraceNote } from "./trace-note.tsx";

/** Fewer events need no jumps. */
const jumpsMin = 30;

/** An event that arrived later than this after `created_at` has a note. */
const lateMs = 5_000;

interface TimelineProps {
  readonly events: readonly TimelineEvent[];
  /** Of the message, where there are several: where one begins is said. */
  readonly runs: readonly Run[];
  /** Number of events of the message, those that are not loaded included. */
  readonly total: number;
  /** When the message failed; absent where it did not. */
  readonly failedAt: string | undefined;
  /** Loads the events before; absent where there are none. */
  earlier?(): Promise<void>;
  /** Loads the events behind; absent where there are none. */
  later?(): Promise<void>;
  /** Absent where only some of the events are shown. */
  goTo?(place: Place): Promise<void>;
}

export function Timeline({ events, runs, total, failedAt, earlier, later, goTo }: TimelineProps) {
  const loading = useSignal(false);
  const open = useSignal<ReadonlySet<number>>(new Set());
  const toggle = (key: number) => {
    const next = new Set(open.value);
    if (!next.delete(key)) next.add(key);
    open.value = next;
  };
  const load = async (read: (() => Promise<void>) | undefined) => {
    loading.value = true;
    await read?.().catch((error) => say(`These events cannot be read: ${error.message}`));
    loading.value = false;
  };
  const bottom = useRef<HTMLDivElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const jump = async (place: Place) => {
    await load(goTo && (() => goTo(place)));
    const target = place === "last" ? bottom : title;
    requestAnimationFrame(() =>
      target.current?.scrollIntoView({ block: place === "last" ? "end" : "start" }),
    );
  };
  const stored = events.filter(({ seq }) => seq !== 0).length;
  const rows = runsOf(events).flatMap((run) =>
    run.events.length > 1 && open.value.has(run.key) ? [run, ...singles(run)] : [run],
  );
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title" ref={title}>
        Events <span class="muted">{countText(total)}</span>
      </h2>
      {goTo !== undefined && total > jumpsMin && (
        <Jumps loading={loading.value} failedAt={failedAt} jump={(place) => void jump(place)} />
      )}
      {earlier !== undefined && (
        <p class="earlier">
          <button type="button" class="button" disabled={loading.value} onClick={() => load(earlier)}>
            Show earlier events
          </button>
          <span class="muted"> {countText(Math.max(0, total - stored))} are not shown</span>
        </p>
      )}
      <div class="timeline">
        <Chunks
          rows={rows}
          rowPx={44}
          keyOf={(run) => (run.events.length > 1 ? `run ${run.key}` : run.key)}
          render={(run) =>
            run.events.length > 1 ? (
              <RunRow run={run} open={open.value.has(run.key)} toggle={() => toggle(run.key)} />
            ) : (
              <EventRow event={run.events[0]!} before={run.before} runs={runs} />
            )
          }
        />
      </div>
      {later !== undefined && (
        <p class="earlier">
          <button type="button" class="button" disabled={loading.value} onClick={() => load(later)}>
            Show later events
          </button>
        </p>
      )}
      <div ref={bottom} />
    </section>
  );
}

function singles({ events, before }: EventRun): EventRun[] {
  return events.map((event, index) => ({
    key: event.seq,
    events: [event],
    before: index === 0 ? before : events[index - 1],
  }));
}

function RunRow({ run, open, toggle }: { run: EventRun; open: boolean; toggle(): void }) {
  const [first, last] = [run.events[0]!, run.events.at(-1)!];
  return (
    <div class="event run" data-row>
      <Gap from={run.before} to={first} />
      <div class="when">
        <Precise at={first.created_at} />
      </div>
      <button type="button" class="what" aria-expanded={open} onClick={toggle}>
        <strong>{first.event}</strong> × {countText(run.events.length)}
        <span class="muted"> over {durationText(betweenMs(first.created_at, last.created_at))}</span>
      </button>
    </div>
  );
}

interface EventRowProps {
  readonly event: TimelineEvent;
  readonly before: TimelineEvent | undefined;
  readonly runs: readonly Run[];
}

function EventRow({ event, before, runs }: EventRowProps) {
  const notes = notesOf(event);
  const run = runOf(event, runs);
  const begins =
    run !== undefined && runs.length > 1 && (before === undefined || runOf(before, runs) !== run);
  const { attributes } = event;
  return (
    <>
      {(before === undefined || dayText(before.created_at) !== dayText(event.created_at)) && (
        <p class="day">{dayText(event.created_at)}</p>
      )}
      {begins && <p class="day">Run {run}</p>}
      <div class="event" data-row>
        <Gap from={before} to={event} />
        <div class="when">
          <Precise at={event.created_at} />
        </div>
        <div class="what">
          <strong>{event.event}</strong>
          {(notes.length > 0 || event.trace_id !== undefined) && (
            <p class="muted">
              {notes.join(" · ")}
              {notes.length > 0 && event.trace_id !== undefined && " · "}
              <TraceNote event={event} />
            </p>
          )}
          {attributes !== null && Object.keys(attributes).length > 0 && (
            <details>
              <summary>{summaryOf(attributes)}</summary>
              <pre>{JSON.stringify(attributes, null, 2)}</pre>
            </details>
          )}
        </div>
      </div>
    </>
  );
}

/** The time since the event before; wide gaps are taller, so that waiting is seen. */
function Gap({ from, to }: { from: TimelineEvent | undefined; to: TimelineEvent }) {
  if (from === undefined) return <div class="gap" />;
  const ms = betweenMs(from.created_at, to.created_at);
  const tall = ms <= 1_000 ? 0 : Math.min(48, Math.round(Math.log10(ms / 1_000) * 10));
  return (
    <div class="gap" style={{ paddingBlockStart: `${tall}px` }}>
      +{shortDuration(ms)}
    </div>
  );
}

/** The first attributes in short, so that most need not be opened. */
function summaryOf(attributes: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(attributes);
  const shown = entries.slice(0, 3).map(([name, value]) => `${name}: ${short(value)}`);
  const more = entries.length - shown.length;
  return shown.join(", ") + (more > 0 ? `, ${more} more` : "");
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function notesOf(event: TimelineEvent): string[] {
  const notes: string[] = [];
  const delayMs = betweenMs(event.created_at, event.received_at);
  if (event.seq === 0) notes.push("a test, not stored");
  if (event.event_id !== null) notes.push(`event id ${event.event_id}`);
  if (event.external_id !== null) notes.push(`external id ${event.external_id}`);
  if (event.parent_id !== null) notes.push(`part of ${event.parent_id}`);
  if (delayMs > lateMs) notes.push(`reported ${durationText(delayMs)} later`);
  if (delayMs < -1_000) notes.push(`its clock was ${durationText(-delayMs)} ahead`);
  if (event.duplicates !== undefined && event.duplicates > 0) {
    notes.push(event.duplicates === 1 ? "reported twice" : `reported ${event.duplicates + 1} times`);
  }
  return notes;
}
