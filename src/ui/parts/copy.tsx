/** Copies a text, and says so for a moment. */
import { useSignal } from "@preact/signals";
import { say } from "../frame/toasts.tsx";

export function Copy({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages without TLS have no clipboard, beyond loopback.
      say(`Copying is not possible here. ${text}`);
      return;
    }
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, 1_500);
  };
  return (
    <button type="button" class="button" onClick={copy}>
      {copied.value ? "Copied" : label}
    </button>
  );
}
