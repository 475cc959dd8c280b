/** A filter by a text, with texts that it may be: they are read while it is typed. */
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";

/** Between a letter and the read. */
const restMs = 120;

export interface Suggestion {
  readonly value: string;
  /** Beside it, as how many there are. */
  readonly hint?: string;
}

interface SuggestProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  /** A failure shows none. */
  suggest(text: string, aborted: AbortSignal): Promise<readonly Suggestion[]>;
  /** @param value trimmed */
  choose(value: string): void;
}

export function Suggest({ label, value, placeholder = "", disabled = false, suggest, choose }: SuggestProps) {
  const list = useId();
  const known = useSignal<readonly Suggestion[]>([]);
  const reading = useRef<AbortController>(undefined);
  const look = (text: string, afterMs: number) => {
    reading.current?.abort();
    const ended = new AbortController();
    reading.current = ended;
    setTimeout(async () => {
      if (ended.signal.aborted) return;
      // Without suggestions it can be typed as well.
      const found = await suggest(text.trim(), ended.signal).catch(() => []);
      if (!ended.signal.aborted) known.value = found;
    }, afterMs);
  };
  return (
    <label class="filter">
      <span>{label}</span>
      <input
        type="text"
        list={list}
        autoComplete="off"
        autoCapitalize="off"
        spellcheck={false}
        placeholder={placeholder}
        disabled={disabled}
        defaultValue={value}
        key={value}
        onFocus={({ currentTarget }) => look(currentTarget.value, 0)}
        onInput={(event) => {
          const text = event.currentTarget.value;
          // One of the list that is clicked comes at once, and not by letters.
          const typed = event instanceof InputEvent && event.inputType.startsWith("insertText");
          if (!typed && known.peek().some((one) => one.value === text)) choose(text);
          else look(text, restMs);
        }}
        onChange={({ currentTarget }) => choose(currentTarget.value.trim())}
      />
      <datalist id={list}>
        {known.value.map(({ value: one, hint }) => (
          <option key={one} value={one}>
            {hint}
          </option>
        ))}
      </datalist>
    </label>
  );
}
