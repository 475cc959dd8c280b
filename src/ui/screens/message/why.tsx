/** What the event that ended a message says of itself. */
import type { TimelineEvent } from "../../data/message-events.ts";

const shownMax = 8;
const charsMax = 300;

export function Why({ event: { attributes } }: { event: Pick<TimelineEvent, "attributes"> }) {
  const entries = Object.entries(attributes ?? {}).slice(0, shownMax);
  if (entries.length === 0) return null;
  return (
    <dl class="cause">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{(typeof value === "string" ? value : JSON.stringify(value)).slice(0, charsMax)}</dd>
        </div>
      ))}
    </dl>
  );
}
