/** Views that are kept under a name: this screen with its filters is saved, others are opened, shared and deleted. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../api/operation-types.ts";
import { useAct } from "../data/act.ts";
import { call } from "../data/call.ts";
import { nothingPicked } from "../data/picks.ts";
import { useRead } from "../data/resource.ts";
import { here, path } from "../data/route.ts";
import { Dialog } from "./dialog.tsx";
import { Failure, Pending } from "./notice.tsx";

type View = AnswerOf<"listViews">["views"][number];

export function SavedViews() {
  const open = useSignal(false);
  const close = () => {
    open.value = false;
  };
  return (
    <>
      <button
        type="button"
        class="button quiet"
        aria-haspopup="dialog"
        onClick={() => {
          open.value = true;
        }}
      >
        Views
      </button>
      {open.value && <Views close={close} />}
    </>
  );
}

function Views({ close }: { close(): void }) {
  const { data, error, reload } = useRead("listViews", { limit: 1_000 });
  const name = useSignal("");
  const shared = useSignal(false);
  const { working, run } = useAct();
  // A view is for every day, and what is picked is of one moment.
  const address = here(nothingPicked);
  const put = (view: Pick<View, "name" | "address" | "shared">, done: string) =>
    run(() => call("putView", { ...view }), done).then(reload);
  const views = data?.views ?? [];
  // Those of this screen come first.
  const ofScreen = views.filter((one) => one.address.split("?")[0] === path.value);
  const others = views.filter((one) => !ofScreen.includes(one));
  return (
    <Dialog title="Views" class="wide" close={close}>
      <h2>Views</h2>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          const view = { name: name.value.trim(), address, shared: shared.value };
          if (view.name !== "") void put(view, `Saved as ${view.name}.`);
        }}
      >
        <label class="filter">
          <span>Save this view as</span>
          <input
            type="text"
            required
            maxLength={100}
            autoFocus
            value={name.value}
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value;
            }}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={shared.value}
            onChange={({ currentTarget }) => {
              shared.value = currentTarget.checked;
            }}
          />
          Share it
        </label>
        <button type="submit" class="button primary" disabled={working}>
          Save
        </button>
      </form>
      {error !== undefined && <Failure error={error} what="The views" />}
      {data === undefined && error === undefined && <Pending what="views" rows={3} />}
      {data !== undefined && views.length === 0 && (
        <p class="muted">None is saved yet. A view is this screen with its filters and its range of time.</p>
      )}
      <ul class="views">
        {[...ofScreen, ...others].map((view) => (
          <li key={`${view.owner} ${view.name}`}>
            <a href={view.address} onClick={close}>
              {view.name}
            </a>
            <span class="muted">
              {view.address.split("?")[0]}
              {view.app_id !== null && ` · ${view.app_id}`}
              {!view.own && ` · shared by ${view.owner_name}`}
              {view.own && view.shared && " · shared"}
            </span>
            {view.own && (
              <span class="end">
                <button
                  type="button"
                  class="button quiet"
                  aria-label={`${view.shared ? "Stop sharing" : "Share"} ${view.name}`}
                  disabled={working}
                  onClick={() =>
                    void put(
                      { name: view.name, address: view.address, shared: !view.shared },
                      view.shared ? `${view.name} is yours alone.` : `${view.name} is shared.`,
                    )
                  }
                >
                  {view.shared ? "Stop sharing" : "Share"}
                </button>
                <button
                  type="button"
                  class="button quiet"
                  aria-label={`Delete ${view.name}`}
                  disabled={working}
                  onClick={() =>
                    void run(() => call("deleteView", { name: view.name }), `${view.name} is deleted.`).then(
                      reload,
                    )
                  }
                >
                  Delete
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
