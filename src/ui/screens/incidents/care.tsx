/** What people do about an incident: acknowledge it, take it, snooze it, write a note. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { Ago, Moment } from "../../parts/time.tsx";

export type CaredFor = AnswerOf<"getAlertIncident">;

export function Care({ incident, changed }: { incident: CaredFor; changed(): void }) {
  const { id, state, acknowledged_at, acknowledged_by, assigned_to, snoozed_until, silenced_until } =
    incident;
  const { working, run } = useAct();
  const act = (work: () => Promise<unknown>, done: string) => void run(work, done).then(changed);
  return (
    <section class="care" aria-label="Who takes care of it">
      {state === "active" && (
        <div class="actions">
          {acknowledged_at === null && (
            <button
              type="button"
              class="button primary"
              data-key="a"
              disabled={working}
              onClick={() =>
                act(() => call("acknowledgeAlertIncident", { id }), "Acknowledged: it has no reminders.")
              }
            >
              Acknowledge
            </button>
          )}
          {snoozed_until === null ? (
            ["1h", "8h"].map((length) => (
              <button
                key={length}
                type="button"
                class="button"
                disabled={working}
                onClick={() =>
                  act(() => call("snoozeAlertIncident", { id, for: length }), `Snoozed for ${length}.`)
                }
              >
                Snooze {length}
              </button>
            ))
          ) : (
            <button
              type="button"
              class="button"
              disabled={working}
              onClick={() => act(() => call("snoozeAlertIncident", { id, for: "off" }), "No longer snoozed.")}
            >
              End the snooze
            </button>
          )}
        </div>
      )}
      <dl class="facts">
        {acknowledged_at !== null && (
          <div>
            <dt>Acknowledged</dt>
            <dd>
              by {acknowledged_by} <Ago at={acknowledged_at} />
            </dd>
          </div>
        )}
        {silenced_until !== null && (
          <div>
            <dt>Silent</dt>
            <dd>
              until <Moment at={silenced_until} />, by <a href="/alerts?part=silences">a silence</a>
            </dd>
          </div>
        )}
        {snoozed_until !== null && (
          <div>
            <dt>Snoozed</dt>
            <dd>
              until <Moment at={snoozed_until} />
            </dd>
          </div>
        )}
        <div>
          <dt>Assigned to</dt>
          <dd>
            <Assignee key={assigned_to ?? ""} incident={incident} act={act} />
          </dd>
        </div>
      </dl>
      <Notes incident={incident} act={act} working={working} />
    </section>
  );
}

interface PartProps {
  readonly incident: CaredFor;
  act(work: () => Promise<unknown>, done: string): void;
}

function Assignee({ incident: { id, assigned_to }, act }: PartProps) {
  return (
    <input
      type="text"
      aria-label="Assigned to"
      placeholder="nobody"
      defaultValue={assigned_to ?? ""}
      onChange={({ currentTarget }) => {
        const to = currentTarget.value.trim();
        act(
          () => call("assignAlertIncident", { id, to }),
          to === "" ? "Assigned to nobody." : `Assigned to ${to}.`,
        );
      }}
    />
  );
}

function Notes({ incident: { id, notes }, act, working }: PartProps & { readonly working: boolean }) {
  const text = useSignal("");
  return (
    <>
      {notes.length > 0 && (
        <ol class="notes">
          {notes.map((note) => (
            <li key={note.at}>
              <span class="muted">
                {note.who}, <Moment at={note.at} />
              </span>
              <p>{note.text}</p>
            </li>
          ))}
        </ol>
      )}
      <form
        class="note"
        onSubmit={(event) => {
          event.preventDefault();
          const written = text.value.trim();
          if (written === "") return;
          text.value = "";
          act(() => call("noteAlertIncident", { id, text: written }), "Noted.");
        }}
      >
        <input
          type="text"
          aria-label="A note"
          placeholder="A note for the others"
          maxLength={4_000}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <button type="submit" class="button" disabled={working || text.value.trim() === ""}>
          Note
        </button>
      </form>
    </>
  );
}
