/**
 * The search at the top: ids that begin with what is typed, and attributes, as they are typed; `Enter` finds the message, or lists what
 * matches.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { go, path, query, to } from "../data/route.ts";
import { addressOfMatch, type Found, type Match, meantBy, nothing, partsOf, search } from "../data/search.ts";
import { Matches } from "./search-matches.tsx";

/** Between a letter and the read. */
const restMs = 120;

export function Search() {
  const text = useSignal("");
  const found = useSignal<Found>(nothing);
  const chosen = useSignal(-1);
  const open = useSignal(false);
  const reading = useRef<AbortController>(undefined);
  const box = useRef<HTMLInputElement>(null);
  const sought = path.value === "/search/event" ? (query.value.get("message_id") ?? "") : "";

  useEffect(() => {
    text.value = sought;
    open.value = false;
  }, [sought, text, open]);

  const look = (typed: string) => {
    text.value = typed;
    chosen.value = -1;
    reading.current?.abort();
    const wanted = typed.trim();
    if (wanted === "") {
      found.value = nothing;
      open.value = false;
      return;
    }
    const ended = new AbortController();
    reading.current = ended;
    setTimeout(async () => {
      if (ended.signal.aborted) return;
      const next = await search(wanted, ended.signal);
      if (ended.signal.aborted) return;
      found.value = next;
      open.value = true;
    }, restMs);
  };

  const choose = (match: Match) => {
    if (match.kind === "name") {
      // Its values come next.
      box.current?.focus();
      return look(`${match.name}=`);
    }
    open.value = false;
    reading.current?.abort();
    if (match.kind === "value") text.value = "";
    go(addressOfMatch(match));
  };

  const submit = async () => {
    const wanted = text.value.trim();
    const marked = found.value.matches[chosen.value];
    if (marked !== undefined) return choose(marked);
    if (wanted === "") return;
    reading.current?.abort();
    const asId = () => {
      open.value = false;
      go(to("/search/event", { message_id: wanted }));
    };
    if (partsOf(wanted) === undefined) return asId();
    const ended = new AbortController();
    reading.current = ended;
    // What is shown may be of the text before.
    const next = await search(wanted, ended.signal);
    if (ended.signal.aborted) return;
    found.value = next;
    const meant = meantBy(wanted, next);
    if (meant === "id") asId();
    else if (meant !== undefined) choose(meant);
    else open.value = true;
  };

  const move = (event: KeyboardEvent) => {
    const last = found.value.matches.length - 1;
    if (event.key === "ArrowDown") chosen.value = Math.min(last, chosen.value + 1);
    else if (event.key === "ArrowUp") chosen.value = Math.max(-1, chosen.value - 1);
    else if (event.key === "Escape") {
      open.value = false;
      (event.target as HTMLElement).blur();
    } else return;
    event.preventDefault();
  };

  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="unseen" for="query">
          Message id, external id, or attribute=value
        </label>
        <input
          ref={box}
          id="query"
          type="text"
          dir="auto"
          inputMode="search"
          role="combobox"
          maxLength={512}
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          placeholder="Find by id, external id, or attribute=value"
          aria-keyshortcuts="/"
          aria-expanded={open.value}
          aria-controls="matches"
          aria-activedescendant={chosen.value >= 0 ? `match-${chosen.value}` : undefined}
          value={text.value}
          onInput={({ currentTarget }) => look(currentTarget.value)}
          onKeyDown={move}
          onBlur={() =>
            setTimeout(() => {
              open.value = document.activeElement === box.current && open.value;
            }, 150)
          }
          onFocus={() => {
            open.value = found.value.matches.length > 0;
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <Matches found={found.value} chosen={chosen.value} shown={open.value} choose={choose} />
    </search>
  );
}
