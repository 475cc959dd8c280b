/** What is known of the message beside its stages. */

import type { ComponentChildren } from "preact";
import { betweenMs } from "../../../api/between.ts";
import type { Message, TimelineEvent } from "../../data/message-events.ts";
import { countText, durationText, shortDuration } from "../../data/text.ts";
import { Ago, Moment } from "../../parts/time.tsx";

/** An arrival so long after it happened is worth a word. */
const delayMin = 5_000;

export function Facts({ message, events }: { message: Message; events: readonly TimelineEvent[] }) {
  const last = events.at(-1);
  const delay = Math.max(
    0,
    ...events.slice(-200).map((event) => betweenMs(event.created_at, event.received_at)),
  );
  const ahead = Math.max(
    0,
    ...events.slice(-200).map((event) => betweenMs(event.received_at, event.created_at)),
  );
  return (
    <dl class="facts">
      <Fact name="Events">{countText(message.event_count)}</Fact>
      <Fact name="Began">
        <Moment at={message.created_at} />
      </Fact>
      {last !== undefined && (
        <Fact name="Last event">
          <code>{message.last_event}</code> <Ago at={message.updated_at} />
        </Fact>
      )}
      <Fact name="First to last">{durationText(betweenMs(message.created_at, message.updated_at))}</Fact>
      {message.external_ids.length > 0 && (
        <Fact name={message.external_ids.length === 1 ? "External id" : "External ids"}>
          <span class="id">{message.external_ids.join(", ")}</span>
        </Fact>
      )}
      {message.lifecycle !== null && <Fact name="Lifecycle">version {message.lifecycle.version}</Fact>}
      {delay > delayMin && <Fact name="Reported">up to {shortDuration(delay)} after it happened</Fact>}
      {ahead > 1_000 && <Fact name="Clocks">a producer's clock is {shortDuration(ahead)} ahead</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
