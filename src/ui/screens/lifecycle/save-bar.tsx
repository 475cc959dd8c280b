/** Saves a version of a lifecycle: with a reason, and for which messages it holds. */
import { useSignal } from "@preact/signals";

interface SaveBarProps {
  readonly disabled: boolean;
  readonly saving: boolean;
  save(options: { readonly note?: string; readonly backfill?: string }): Promise<void>;
}

export function SaveBar({ disabled, saving, save }: SaveBarProps) {
  const note = useSignal("");
  const backfill = useSignal("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    await save({
      ...(note.value.trim() !== "" && { note: note.value.trim() }),
      ...(backfill.value !== "" && { backfill: backfill.value }),
    });
    note.value = "";
  };
  return (
    <form class="filters" onSubmit={submit}>
      <label class="filter">
        <span>Why</span>
        <input
          type="text"
          maxLength={1_024}
          placeholder="optional"
          value={note.value}
          onInput={({ currentTarget }) => {
            note.value = currentTarget.value;
          }}
        />
      </label>
      <label class="filter">
        <span>Holds for</span>
        <select
          value={backfill.value}
          onChange={({ currentTarget }) => {
            backfill.value = currentTarget.value;
          }}
        >
          <option value="">new messages</option>
          <option value="1d">and those of the last day</option>
          <option value="7d">and those of the last 7 days</option>
          <option value="all">all messages</option>
        </select>
      </label>
      <button type="submit" class="button primary" disabled={disabled}>
        {saving ? "Saving …" : "Save"}
      </button>
    </form>
  );
}
