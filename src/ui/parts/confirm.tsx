/** Asks before something is done that cannot be taken back. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Dialog } from "./dialog.tsx";

interface ConfirmProps {
  readonly title: string;
  /** On the button that does it. */
  readonly action: string;
  /** To be typed first, for what touches much; nothing where absent. */
  readonly typed?: string;
  readonly children: ComponentChildren;
  confirmed(): void;
  close(): void;
}

export function Confirm({ title, action, typed, children, confirmed, close }: ConfirmProps) {
  const text = useSignal("");
  return (
    <Dialog title={title} close={close}>
      <h2>{title}</h2>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          close();
          confirmed();
        }}
      >
        {children}
        {typed !== undefined && (
          <label>
            Type <strong dir="auto">{typed}</strong> to go on
            <input
              type="text"
              autoFocus
              autoComplete="off"
              spellcheck={false}
              value={text.value}
              onInput={({ currentTarget }) => {
                text.value = currentTarget.value;
              }}
            />
          </label>
        )}
        <div class="actions">
          <button
            type="submit"
            class="button danger"
            disabled={typed !== undefined && text.value.trim() !== typed}
          >
            {action}
          </button>
          <button type="button" class="button" autoFocus={typed === undefined} onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
