/** What a pasted delivery would become: by the definition in the form, saved or not. Nothing is stored. */
import { type Signal, useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { call, type Problem } from "../../data/call.ts";
import { countText } from "../../data/text.ts";
import { AppName } from "../../parts/app-name.tsx";
import { parseObject } from "../../parts/json-text.tsx";
import { Problems, problemsOfText } from "../../parts/problems.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Moment } from "../../parts/time.tsx";

type Result = AnswerOf<"trySource">;

/** A delivery as it is pasted: the headers are lines. */
export interface Paste {
  readonly headers: string;
  readonly body: string;
}

export const emptyPaste: Paste = { headers: "", body: "" };

interface TrialProps {
  /** Absent for one that is not put yet. */
  readonly id?: string;
  /** The definition to try; that which is stored where absent. */
  readonly text?: Signal<string>;
  readonly paste: Signal<Paste>;
}

export function Trial({ id, text, paste }: TrialProps) {
  const result = useSignal<Result | undefined>(undefined);
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const tryIt = async (event: SubmitEvent) => {
    event.preventDefault();
    problems.value = [];
    working.value = true;
    try {
      result.value = await call("trySource", {
        id: id ?? "new",
        body: paste.value.body,
        headers: headersOf(paste.value.headers),
        ...(text !== undefined && { definition: parseObject(text.value) }),
      });
    } catch (error) {
      result.value = undefined;
      problems.value = problemsOfText(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <section aria-labelledby="try-title">
      <h2 id="try-title">Try a delivery</h2>
      <form class="put" onSubmit={tryIt}>
        <label>
          Headers, one in a line
          <textarea
            rows={3}
            spellcheck={false}
            placeholder="X-GitHub-Event: issues"
            value={paste.value.headers}
            onInput={({ currentTarget }) => {
              paste.value = { ...paste.value, headers: currentTarget.value };
            }}
          />
        </label>
        <label>
          Body
          <textarea
            required
            rows={8}
            spellcheck={false}
            value={paste.value.body}
            onInput={({ currentTarget }) => {
              paste.value = { ...paste.value, body: currentTarget.value };
            }}
          />
        </label>
        <Problems problems={problems.value} />
        <div class="actions">
          <button type="submit" class="button" disabled={working.value}>
            Try
          </button>
          <span class="muted">
            {text === undefined ? "By the definition above." : "By the definition above, saved or not."}{" "}
            Nothing is stored.
          </span>
        </div>
      </form>
      {result.value !== undefined && <Outcome result={result.value} />}
    </section>
  );
}

const eventColumns: readonly Column<Result["events"][number]>[] = [
  { name: "App", cell: ({ app_id }) => <AppName id={app_id} /> },
  { name: "Message", cell: ({ message_id }) => <span class="id">{message_id}</span> },
  { name: "Event", cell: ({ event }) => <code>{event}</code> },
  {
    name: "Created",
    cell: ({ created_at }) => (created_at === null ? "when it comes" : <Moment at={created_at} />),
  },
  { name: "Event id", cell: ({ event_id }) => event_id && <span class="id">{event_id}</span> },
  {
    name: "Attributes",
    wide: true,
    cell: ({ attributes }) => attributes !== null && <code>{JSON.stringify(attributes)}</code>,
  },
];

const dropColumns: readonly Column<Result["drops"][number]>[] = [
  { name: "Item", align: "end", cell: ({ index }) => countText(index) },
  { name: "Rule", cell: ({ rule }) => <code>{rule}</code> },
  { name: "Why", wide: true, cell: ({ reason }) => reason },
];

function Outcome({ result }: { result: Result }) {
  const { events, event_count, items, drops, ignored, faulty, fault, notes } = result;
  return (
    <div role="status">
      {fault !== null && <p class="problem">The delivery cannot be read: {fault}</p>}
      <p>
        {countText(items)} {items === 1 ? "item" : "items"}: {countText(event_count)}{" "}
        {event_count === 1 ? "event" : "events"}, {countText(ignored)} left out, {countText(faulty)} with a
        rule at fault.
      </p>
      {events.length > 0 && (
        <Table
          caption="Events that would come out"
          columns={eventColumns}
          rows={events.map((event, index) => ({ ...event, index }))}
          keyOf={(event) => (event as unknown as { readonly index: number }).index}
        />
      )}
      {drops.length > 0 && (
        <Table
          caption="Items that become no event"
          columns={dropColumns}
          rows={drops}
          keyOf={({ index, rule }) => `${index} ${rule}`}
        />
      )}
      {notes.length > 0 && (
        <ul class="plain-list">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Lines such as `X-Name: value`. Throws an `Error` for one without a colon. */
function headersOf(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      if (colon <= 0) throw new Error(`a header is a name, a colon and a value, not ${line.trim()}`);
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
