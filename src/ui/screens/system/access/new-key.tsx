/** A new key: its rights, and then its text, which is shown this once. */
import { useSignal } from "@preact/signals";
import { mayAllApps } from "../../../data/account.ts";
import { call, type Problem } from "../../../data/call.ts";
import { Copy } from "../../../parts/copy.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { Problems, problemsOf } from "../../../parts/problems.tsx";
import { kindTexts } from "./keys.tsx";

const dayMs = 86_400_000;

/** Days and their text. */
const ends: readonly (readonly [days: number, text: string])[] = [
  [0, "never"],
  [1, "in a day"],
  [30, "in 30 days"],
  [90, "in 90 days"],
  [365, "in a year"],
];

interface NewKeyProps {
  issued(name: string, token: string): void;
  close(): void;
}

export function NewKey({ issued, close }: NewKeyProps) {
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [name, days] = [textOf(form, "name"), Number(textOf(form, "days"))];
    working.value = true;
    problems.value = [];
    try {
      const { token } = await call("createKey", {
        name,
        kind: textOf(form, "kind"),
        apps: textOf(form, "apps")
          .split(",")
          .flatMap((one) => one.trim() || []),
        ...(days > 0 && { expires_at: new Date(Date.now() + days * dayMs).toISOString() }),
      });
      close();
      issued(name, token);
    } catch (error) {
      problems.value = problemsOf(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <Dialog title="New key" close={close}>
      <h2>New key</h2>
      <form class="fields" onSubmit={make}>
        <label>
          What it is for
          <input type="text" name="name" required maxLength={128} autoFocus autoComplete="off" />
        </label>
        <label>
          It
          <select name="kind">
            {Object.entries(kindTexts).map(([kind, text]) => (
              <option key={kind} value={kind}>
                {kind === "ad" ? "does everything" : text}
              </option>
            ))}
          </select>
        </label>
        <label>
          Apps
          <input
            type="text"
            name="apps"
            required
            autoComplete="off"
            spellcheck={false}
            aria-describedby="apps-hint"
            defaultValue={mayAllApps() ? "*" : ""}
          />
          <span id="apps-hint" class="muted">
            shop is this app, shop-* every app whose id begins so, * every app; several with commas
          </span>
        </label>
        <label>
          Ends
          <select name="days">
            {ends.map(([days, text]) => (
              <option key={days} value={days}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <Problems problems={problems.value} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={working.value}>
            Make the key
          </button>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ShownOnceProps {
  readonly name: string;
  readonly token: string;
  close(): void;
}

/** The text of a key: it is in no other answer. */
export function ShownOnce({ name, token, close }: ShownOnceProps) {
  return (
    <Dialog title={`The key ${name}`} close={close}>
      <h2>The key {name}</h2>
      <p>This is its text. It is shown here only: copy it now.</p>
      <pre class="token">{token}</pre>
      <div class="actions">
        <Copy label="Copy the key" text={token} />
        <button type="button" class="button" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}
