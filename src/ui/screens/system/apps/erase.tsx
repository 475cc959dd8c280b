/** Forgets a message, or all messages of an app, before retention does. */
import { useSignal } from "@preact/signals";
import { useAct } from "../../../data/act.ts";
import { call } from "../../../data/call.ts";
import { to } from "../../../data/route.ts";
import { Confirm } from "../../../parts/confirm.tsx";

export function Erase({ app }: { app: string }) {
  /** A message's id, or all of them. */
  const asked = useSignal<{ readonly message?: string } | undefined>(undefined);
  const { working, run } = useAct();
  const close = () => {
    asked.value = undefined;
  };
  const message = asked.value?.message;
  return (
    <section aria-labelledby="erase-title">
      <h2 id="erase-title">Erase</h2>
      <p class="muted">
        For good, with all that names it. Counts stay.{" "}
        <a href={to("/system", { part: "erasures" })}>Erasures so far</a>
      </p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          asked.value = { message: String(new FormData(event.currentTarget).get("message_id")).trim() };
        }}
      >
        <label class="filter">
          <span>Message id</span>
          <input
            type="text"
            name="message_id"
            required
            maxLength={512}
            autoComplete="off"
            spellcheck={false}
          />
        </label>
        <button type="submit" class="button" disabled={working}>
          Erase this message …
        </button>
        <button
          type="button"
          class="button quiet"
          disabled={working}
          onClick={() => {
            asked.value = {};
          }}
        >
          Erase all messages of the app …
        </button>
      </form>
      {message !== undefined && (
        <Confirm
          title="Erase this message?"
          action="Erase"
          confirmed={() =>
            void run(
              () => call("eraseMessage", { app_id: app, message_id: message }),
              `The message ${message} is erased.`,
            )
          }
          close={close}
        >
          <p>
            <code class="id">{message}</code> of {app}: its events, findings and places in lists.
          </p>
        </Confirm>
      )}
      {asked.value !== undefined && message === undefined && (
        <Confirm
          title={`Erase all messages of ${app}?`}
          action="Erase all"
          typed={app}
          confirmed={() => void run(() => call("eraseApp", { app_id: app }), `${app} is being erased.`)}
          close={close}
        >
          <p>All messages that have begun by now. The lifecycle and the counts of the app stay.</p>
        </Confirm>
      )}
    </section>
  );
}
