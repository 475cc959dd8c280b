/** Who has acknowledged a stage that several owe, and who has not. */
import { type Owed, type OwedGroup, owedGroups } from "../../../data/owed.ts";
import { countText } from "../../../data/text.ts";
import { Badge } from "../../../parts/badge.tsx";

/** Names that are shown at once. */
const namesShown = 12;

interface OwedProps {
  readonly owed: Owed;
  /** The address of what a missing name means, where it is a message. */
  readonly address?: ((name: string) => string) | undefined;
}

export function OwedNames({ owed, address }: OwedProps) {
  const { expected, received, partial, count_ignored } = owed;
  const share = expected === 0 ? 1 : Math.min(1, received / expected);
  return (
    <div class="owed">
      <p>
        <span class="meter" aria-hidden="true">
          <span style={{ width: `${share * 100}%` }} />
        </span>{" "}
        {countText(received)} of {partial && "at least "}
        {countText(expected)}
      </p>
      {count_ignored !== undefined && (
        <p class="muted">
          The number of parts, {count_ignored}, does not count: it is no whole number from 0 on.
        </p>
      )}
      {owedGroups(owed).map((group) => (
        <Names key={group.what} group={group} address={group.what === "missing" ? address : undefined} />
      ))}
    </div>
  );
}

function Names({ group, address }: { group: OwedGroup; address: OwedProps["address"] }) {
  const { what, tone, names, unnamed } = group;
  const [shown, rest] = [names.slice(0, namesShown), names.slice(namesShown)];
  const items = (some: readonly string[]) =>
    some.map((name) => (
      <li key={name} class="id" dir="auto">
        {address === undefined ? name : <a href={address(name)}>{name}</a>}
      </li>
    ));
  const others = unnamed > 0 && (
    <li class="muted">
      {countText(unnamed)} {names.length > 0 ? "more" : "in all"}
    </li>
  );
  return (
    <div class="names">
      <Badge tone={tone}>{what}</Badge>
      <ul>
        {items(shown)}
        {rest.length === 0 && others}
      </ul>
      {rest.length > 0 && (
        <details>
          <summary class="muted">{countText(rest.length + unnamed)} more</summary>
          <ul>
            {items(rest)}
            {others}
          </ul>
        </details>
      )}
    </div>
  );
}
