/** The search at the top: ids that begin with what is typed, as it is typed; `Enter` finds the message, or lists what matches. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { AnswerOf } from "../../api/operation-types.ts";
import { call } from "../data/call.ts";
import { go, messageAddress, path, query, to } from "../data/route.ts";
import { WordBadge } from "../parts/badge.tsx";

type Summary = AnswerOf<"listMessages">["messages"][number];

const shownMax = 8;
/** Between a letter and the read. */
const restMs = 120;

export function Search() {
  const text = useSignal("");
  const found = useSignal<readonly Summary[]>([]);
  const chosen = useSignal(-1);
  const open = useSignal(false);
  const reading = useRef<AbortController>(undefined);
  const sought = path.value === "/search/event" ? (query.value.get("message_id") ?? "") : "";

  useEffect(() => {
    text.value = sought;
    open.value = false;
  }, [sought, text, open]);

  const look = (typed: string) => {
    text.value = typed;
    chosen.value = -1;
    reading.current?.abort();
    const id = typed.trim();
    if (id === "") {
      found.value = [];
      open.value = false;
      return;
    }
    const ended = new AbortController();
    reading.current = ended;
    setTimeout(async () => {
      if (ended.signal.aborted) return;
      const pages = await Promise.allSettled([
        call("listMessages", { prefix: id, limit: shownMax, order: "updated" }, ended.signal),
        call("listMessages", { external_id: id, limit: shownMax, order: "updated" }, ended.signal),
      ]);
      if (ended.signal.aborted) return;
      const all = pages.flatMap((page) => (page.status === "fulfilled" ? page.value.messages : []));
      const keys = new Set<string>();
      found.value = all
        .filter((one) => {
          const key = JSON.stringify([one.app_id, one.message_id]);
          return !keys.has(key) && keys.add(key);
        })
        .slice(0, shownMax);
      open.value = true;
    }, restMs);
  };

  const submit = () => {
    const id = text.value.trim();
    const one = found.value[chosen.value];
    open.value = false;
    reading.current?.abort();
    if (one !== undefined) go(messageAddress(one));
    else if (id !== "") go(to("/search/event", { message_id: id }));
  };

  const move = (event: KeyboardEvent) => {
    const last = found.value.length - 1;
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
          submit();
        }}
      >
        <label class="unseen" for="query">
          Message id or external id
        </label>
        <input
          id="query"
          type="text"
          inputMode="search"
          role="combobox"
          maxLength={512}
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          placeholder="Find a message by its id or external id"
          aria-keyshortcuts="/"
          aria-expanded={open.value}
          aria-controls="matches"
          aria-activedescendant={chosen.value >= 0 ? `match-${chosen.value}` : undefined}
          value={text.value}
          onInput={({ currentTarget }) => look(currentTarget.value)}
          onKeyDown={move}
          onBlur={() =>
            setTimeout(() => {
              open.value = false;
            }, 150)
          }
          onFocus={() => {
            open.value = found.value.length > 0;
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <ul id="matches" role="listbox" aria-label="Matches" hidden={!open.value}>
        {found.value.map((one, index) => (
          <li
            key={`${one.app_id} ${one.message_id}`}
            id={`match-${index}`}
            role="option"
            aria-selected={index === chosen.value}
          >
            <a href={messageAddress(one)} tabIndex={-1}>
              <span class="id">{one.message_id}</span>
              <span class="muted">{one.app_id}</span>
              <WordBadge word={one.state} />
            </a>
          </li>
        ))}
        {found.value.length === 0 && (
          <li class="muted none">
            No message id begins with this, and no external id is this. Enter waits for its first event.
          </li>
        )}
      </ul>
    </search>
  );
}
