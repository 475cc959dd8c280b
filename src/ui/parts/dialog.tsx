/** A modal dialog of the browser's own: focus stays in it, and Escape closes it. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  readonly class?: string;
  close(): void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, class: kind = "", close, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  // Before it is painted: a key that follows at once goes to the dialog, not to the page.
  useLayoutEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${kind}`}
      aria-label={title}
      onClose={close}
      onClick={(event) => {
        // The backdrop belongs to the dialog.
        if (event.target === element.current) element.current?.close();
      }}
    >
      <div class="inside">{children}</div>
    </dialog>
  );
}
