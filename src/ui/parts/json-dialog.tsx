/** A thing as JSON, to be changed and put. */
import { useSignal } from "@preact/signals";
import { JsonText, parseObject } from "./json-text.tsx";
import { PutDialog } from "./put-dialog.tsx";

interface JsonDialogProps {
  readonly title: string;
  /** Absent: the user chooses it. */
  readonly id?: string;
  readonly value: object;
  readonly hint?: string;
  put(id: string, value: Record<string, unknown>): Promise<unknown>;
  close(): void;
}

export function JsonDialog({ title, id, value, hint, put, close }: JsonDialogProps) {
  const text = useSignal(JSON.stringify(value, null, 2));
  return (
    <PutDialog
      title={title}
      {...(id !== undefined && { id })}
      put={async (name) => put(name, parseObject(text.value))}
      close={close}
    >
      <JsonText
        text={text.value}
        set={(now) => {
          text.value = now;
        }}
      />
      {hint !== undefined && <p class="muted">{hint}</p>}
    </PutDialog>
  );
}
