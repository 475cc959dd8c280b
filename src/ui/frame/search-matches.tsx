/** What the search has found, as the options of its box. */
import { addressOfMatch, appsMax, type Found, type Match } from "../data/search.ts";
import { countText } from "../data/text.ts";
import { WordBadge } from "../parts/badge.tsx";

interface MatchesProps {
  readonly found: Found;
  readonly chosen: number;
  readonly shown: boolean;
  /** An option that is no link is chosen by the pointer. */
  choose(match: Match): void;
}

export function Matches({ found: { matches, attribute }, chosen, shown, choose }: MatchesProps) {
  return (
    <ul id="matches" role="listbox" aria-label="Matches" hidden={!shown}>
      {attribute !== undefined && attribute.apps > 1 && (
        <li class="muted none" role="option" aria-selected={false} aria-disabled>
          {countText(attribute.apps)} apps have <bdi>{attribute.name}</bdi>: choose one
          {attribute.apps > appsMax && ", or choose another app in Messages first"}.
        </li>
      )}
      {matches.map((match, index) => (
        <li key={keyOf(match)} role="presentation">
          <Option match={match} id={`match-${index}`} selected={index === chosen} choose={choose} />
        </li>
      ))}
      {matches.length === 0 && (
        <li class="muted none" role="option" aria-selected={false} aria-disabled>
          No message id begins with this, and no external id or indexed attribute is this. Enter waits for its
          first event.
        </li>
      )}
    </ul>
  );
}

interface OptionProps {
  readonly match: Match;
  readonly id: string;
  readonly selected: boolean;
  choose(match: Match): void;
}

/** A link where it leads somewhere: it can be opened in another tab. */
function Option({ match, id, selected, choose }: OptionProps) {
  const option = { id, role: "option", "aria-selected": selected, tabIndex: -1 } as const;
  if (match.kind === "name") {
    const { name, apps } = match;
    return (
      <button type="button" {...option} onClick={() => choose(match)}>
        <span class="id">
          <bdi>{name}</bdi>=
        </span>{" "}
        <span class="muted">
          attribute in {apps.length === 1 ? <bdi>{apps[0]}</bdi> : `${countText(apps.length)} apps`}
        </span>
      </button>
    );
  }
  const address = addressOfMatch(match);
  if (match.kind === "message") {
    const { message_id, app_id, state } = match.message;
    return (
      <a href={address} {...option}>
        <bdi class="id">{message_id}</bdi> <bdi class="muted">{app_id}</bdi> <WordBadge word={state} />
      </a>
    );
  }
  const { app, name, value, messages } = match;
  return (
    <a href={address} {...option}>
      <span class="id">
        <bdi>{name}</bdi>=<bdi>{value}</bdi>
      </span>{" "}
      <bdi class="muted">{app}</bdi>{" "}
      <span class="muted">
        {messages === undefined ? "in none of the latest" : `${countText(messages)} messages`}
      </span>
    </a>
  );
}

function keyOf(match: Match): string {
  if (match.kind === "message") return JSON.stringify([match.message.app_id, match.message.message_id]);
  return JSON.stringify(match.kind === "name" ? [match.name] : [match.app, match.name, match.value, ""]);
}
