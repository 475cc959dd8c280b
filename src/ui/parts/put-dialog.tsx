/** A dialog that puts a thing under a name. What Mars refuses is said field by field. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Problem } from "../data/call.ts";
import { Dialog } from "./dialog.tsx";
import { Problems, problemsOfText } from "./problems.tsx";

interface PutDialogProps {
  readonly title: string;
  /** Absent: the user chooses it. */
  readonly id?: string;
  readonly class?: string;
  /** Rejects with `ApiError`, or with an `Error` for what cannot be sent. */
  put(id: string): Promise<unknown>;
  close(): void;
  readonly children: ComponentChildren;
}

export function PutDialog({ title, id, class: kind = "", put, close, children }: PutDialogProps) {
  const name = useSignal(id ?? "");
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    problems.value = [];
    working.value = true;
    try {
      await put(name.value.trim());
      close();
    } catch (error) {
      problems.value = problemsOfText(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <Dialog title={title} class={kind} close={close}>
      <h2>{title}</h2>
      <form class="put" onSubmit={save}>
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
        {children}
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
