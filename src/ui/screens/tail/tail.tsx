/** Events as they arrive, with filters. Paused, it counts what is new; what it has missed meanwhile is not lost. */
import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { attributeFilters, topicSuffix } from "../../data/attribute-filters.ts";
import { call } from "../../data/call.ts";
import { type Watcher, watch } from "../../data/live.ts";
import { parameter } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { AttributeFilter } from "../../parts/attribute-filter.tsx";
import { ExportRows, type FileColumn } from "../../parts/export.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { AppFilter, TextFilter } from "../../parts/filters.tsx";
import { FirstEvent } from "../../parts/first-event.tsx";
import { Empty } from "../../parts/notice.tsx";
import { Lines, type TailEvent } from "./lines.tsx";

/** Of the file; the screen has lines of its own. */
const columns: readonly FileColumn<TailEvent>[] = [
  { name: "Time", text: ({ created_at }) => created_at },
  { name: "App", text: ({ app_id }) => app_id },
  { name: "Event", text: ({ event }) => event },
  { name: "Message", text: ({ message_id }) => message_id },
  { name: "External id", text: ({ external_id }) => external_id ?? "" },
  {
    name: "Attributes",
    text: ({ attributes }) => (attributes === null ? "" : JSON.stringify(attributes)),
  },
];

/** Rows that are shown, and events that are kept while it is paused. */
const shownMax = 500;
const keptMax = 10_000;
/** Between two changes of the rows. */
const drawEveryMs = 100;
/** The same while more rows come than anyone reads: what is left is the browser's, for its frames. */
const rushEveryMs = 200;
/** With as many new rows in a change it is a rush. */
const rushRows = 10;
const quietMs = 1_000;
/** Events from before that it begins with, of all apps together. */
const recent = 300;

export default function Tail() {
  const app = parameter("app_id");
  const name = parameter("event")?.toLowerCase();
  const id = parameter("id")?.toLowerCase();
  const suffix = topicSuffix(attributeFilters());
  const rows = useSignal<readonly TailEvent[]>([]);
  const paused = useSignal(false);
  const waiting = useRef<TailEvent[]>([]);
  const held = useSignal(0);
  /** Events that came, whether they match or not; `seen` is what of it is shown. */
  const came = useRef(0);
  const seen = useSignal(0);
  /** The last seq when the screen was opened; absent until that is known, and what is empty is not called empty before. */
  const begun = useSignal<number | undefined>(undefined);
  const lost = useSignal(false);
  const refused = useSignal<string | undefined>(undefined);
  const rushing = useSignal(false);

  // What is drawn some times a second reads the rows itself, and nothing around it does.
  const empty = useComputed(() => rows.value.length === 0);

  const show = () => {
    const arrived = waiting.current;
    if (arrived.length === 0) return;
    waiting.current = [];
    held.value = 0;
    rows.value = [...arrived.slice(-shownMax).reverse(), ...rows.peek()].slice(0, shownMax);
  };

  useEffect(() => {
    rows.value = [];
    waiting.current = [];
    refused.value = undefined;
    const matches = (event: TailEvent) =>
      (name === undefined || event.event.toLowerCase().includes(name)) &&
      (id === undefined ||
        event.message_id.toLowerCase().includes(id) ||
        event.external_id?.toLowerCase().includes(id));
    let [timer, frame, drawnAt, quietTimer] = [0, 0, 0, 0];
    // None while nobody looks: a hidden page has no frames.
    const draw = () => {
      [timer, frame, drawnAt] = [0, 0, performance.now()];
      if (waiting.current.length > rushRows && !paused.peek()) {
        rushing.value = true;
        clearTimeout(quietTimer);
        quietTimer = window.setTimeout(() => {
          rushing.value = false;
        }, quietMs);
      }
      held.value = waiting.current.length;
      seen.value = came.current;
      if (!paused.peek()) show();
    };
    const topic = (app === undefined ? "all" : `apps/${encodeURIComponent(app)}`) + suffix;
    let stop = () => {};
    let ended = false;
    // Begins with what came last, so that a quiet Mars does not look like an empty one.
    void call("listMessages", { limit: 1 })
      .then(({ as_of_seq }) => as_of_seq)
      .catch(() => undefined)
      .then((seq) => {
        if (ended) return;
        // Before the help for the first event follows the same topic, from now on.
        stop = watch(topic, seq === undefined ? undefined : Math.max(0, seq - recent), watcher);
        begun.value = seq ?? 0;
      });
    const watcher: Watcher = {
      frame: ({ event }) => {
        const arrived = event as TailEvent;
        came.current += 1;
        // What does not match is drawn too: as a number.
        if (matches(arrived)) waiting.current.push(arrived);
        if (waiting.current.length > keptMax) waiting.current.splice(0, waiting.current.length - keptMax);
        const everyMs = rushing.peek() ? rushEveryMs : drawEveryMs;
        timer ||= window.setTimeout(
          () => {
            frame = requestAnimationFrame(draw);
          },
          drawnAt + everyMs - performance.now(),
        );
      },
      lost: () => {
        lost.value = true;
      },
      refused: (message) => {
        refused.value = message;
      },
    };
    return () => {
      ended = true;
      clearTimeout(timer);
      clearTimeout(quietTimer);
      cancelAnimationFrame(frame);
      stop();
    };
  }, [app, name, id, suffix]);

  const toggle = () => {
    paused.value = !paused.value;
    if (!paused.value) show();
  };

  return (
    <Page
      title="Live tail"
      controls={
        <button type="button" class="button primary" data-key="p" aria-keyshortcuts="p" onClick={toggle}>
          {paused.value ? `Go on${held.value > 0 ? ` (${countText(held.value)} new)` : ""}` : "Pause"}
        </button>
      }
    >
      <FilterBar names={["app_id", "event", "id"]} end={<ExportTail rows={rows} />}>
        <AppFilter />
        <TextFilter name="event" label="Event has" />
        <TextFilter name="id" label="Id has" />
        <AttributeFilter />
      </FilterBar>
      {lost.value && (
        <p class="failure">Some events could not be sent again after a break: look at Messages.</p>
      )}
      {refused.value !== undefined && <p class="failure">{refused.value}</p>}
      {empty.value ? (
        begun.value !== undefined &&
        (begun.value === 0 && seen.value === 0 ? (
          <FirstEvent />
        ) : (
          <Empty title="No event matches yet">
            <p>
              {seen.value === 0
                ? "Events appear here as they arrive."
                : `${countText(seen.value)} have come and do not match.`}
            </p>
          </Empty>
        ))
      ) : (
        <Lines rows={rows} rushing={rushing} paused={paused} />
      )}
    </Page>
  );
}

function ExportTail({ rows }: { rows: ReadonlySignal<readonly TailEvent[]> }) {
  return <ExportRows rows={rows.value} columns={columns} file="events" />;
}
