/** One stage of a lifecycle as a form: what the drawing changes is in the text at once. */
import { Dialog } from "../../parts/dialog.tsx";
import type { StageFields } from "./definition-text.ts";

interface StageDialogProps {
  readonly fields: StageFields;
  /** Absent for a stage that is new. */
  remove?: () => void;
  change(fields: StageFields): void;
  close(): void;
}

export function StageDialog({ fields, remove, change, close }: StageDialogProps) {
  const title = remove === undefined ? "New stage" : `Stage ${fields.names.join(" | ")}`;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const names = namesIn(form.get("names"));
    if (names.length === 0) return;
    change({
      names,
      after: namesIn(form.get("after")),
      within: String(form.get("within") ?? "").trim(),
      optional: form.has("optional"),
      completes: form.has("completes"),
    });
    close();
  };
  return (
    <Dialog title={title} close={close}>
      <h2>{title}</h2>
      <form class="fields" onSubmit={submit}>
        <label>
          Event
          <input
            type="text"
            name="names"
            required
            autoFocus
            spellcheck={false}
            autoComplete="off"
            defaultValue={fields.names.join(" | ")}
          />
          <span class="muted">Several with | between them: one of them is enough.</span>
        </label>
        <label>
          Comes after
          <input
            type="text"
            name="after"
            spellcheck={false}
            autoComplete="off"
            placeholder="nothing: messages begin with it"
            defaultValue={fields.after.join(" | ")}
          />
        </label>
        <label>
          Within
          <input
            type="text"
            name="within"
            spellcheck={false}
            autoComplete="off"
            placeholder="no deadline"
            defaultValue={fields.within}
          />
          <span class="muted">Such as 30s, 5m, 2h or 1d.</span>
        </label>
        <label class="check">
          <input type="checkbox" name="optional" defaultChecked={fields.optional} /> A message may go on
          without it
        </label>
        <label class="check">
          <input type="checkbox" name="completes" defaultChecked={fields.completes} /> A message is complete
          with it
        </label>
        <div class="actions">
          <button type="submit" class="button primary">
            Put it in
          </button>
          {remove !== undefined && (
            <button
              type="button"
              class="button danger"
              onClick={() => {
                remove();
                close();
              }}
            >
              Remove the stage
            </button>
          )}
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function namesIn(value: FormDataEntryValue | null): string[] {
  return typeof value === "string" ? value.split("|").flatMap((name) => name.trim() || []) : [];
}
