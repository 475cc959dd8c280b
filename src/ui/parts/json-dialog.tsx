/** A thing as JSON, to be changed and put. What Mars refuses is said field by field. */
import { useSignal } from "@preact/signals";
import type { Problem } from "../data/call.ts";
import { Dialog } from "./dialog.tsx";
import { Problems, problemsOf } from "./problems.tsx";

interface JsonDialogProps {
  readonly title: string;
  /** Whether its id can be chosen; else it has one. */
  readonly id?: string;
  readonly value: object;
  readonly hint?: string;
  put(id: string, value: Record<string, unknown>): Promise<unknown>;
  close(): void;
}

export function JsonDialog({ title, id, value, hint, put, close }: JsonDialogProps) {
  const name = useSignal(id ?? "");
  const text = useSignal(JSON.stringify(value, null, 2));
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    problems.value = [];
    let parsed: Record<string, unknown>;
    try {
      parsed = JSON.parse(text.value);
    } catch (error) {
      problems.value = [{ field: "", message: String(error) }];
      return;
    }
    working.value = true;
    try {
      await put(name.value.trim(), parsed);
      close();
    } catch (error) {
      problems.value = problemsOf(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <Dialog title={title} close={close}>
      <h2>{title}</h2>
      <form class="json" onSubmit={save}>
        {id === undefined && (
          <label>
            Name
            <input
              type="text"
              required
              pattern="[A-Za-z0-9._\-]{1,64}"
              title="Letters, digits, dot, underscore and hyphen"
              autoFocus
              value={name.value}
              onInput={({ currentTarget }) => {
                name.value = currentTarget.value;
              }}
            />
          </label>
        )}
        <textarea
          aria-label="As JSON"
          spellcheck={false}
          rows={Math.min(24, text.value.split("\n").length + 1)}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        {hint !== undefined && <p class="muted">{hint}</p>}
        <Problems problems={problems.value} />
        <div class="actions">
          <button type="submit" class="button primary" disabled={working.value}>
            Save
          </button>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
