/** Short sentences about what has just been done, or could not be. */
import { signal } from "@preact/signals";

interface Toast {
  readonly id: number;
  readonly text: string;
  /** Takes back what was done. */
  readonly undo?: () => void;
}

const shownMs = 6_000;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

export function say(text: string, undo?: () => void): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value.slice(-3), { id, text, ...(undo !== undefined && { undo }) }];
  setTimeout(() => dismiss(id), shownMs);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, undo }) => (
        <p key={id}>
          {text}
          {undo !== undefined && (
            <button
              type="button"
              onClick={() => {
                dismiss(id);
                undo();
              }}
            >
              Undo
            </button>
          )}
        </p>
      ))}
    </div>
  );
}
