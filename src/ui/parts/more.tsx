/** The end of a list that has more. */
import { useSignal } from "@preact/signals";
import { say } from "../frame/toasts.tsx";

export function More({ more }: { more: (() => Promise<void>) | undefined }) {
  const loading = useSignal(false);
  if (more === undefined) return null;
  const load = async () => {
    loading.value = true;
    await more().catch((error) => say(`More cannot be read: ${error.message}`));
    loading.value = false;
  };
  return (
    <p class="more">
      <button type="button" class="button" disabled={loading.value} onClick={load}>
        {loading.value ? "Reading …" : "Show more"}
      </button>
    </p>
  );
}
