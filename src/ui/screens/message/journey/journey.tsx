/** The messages that belong to this one, of all apps, on one time axis. */
import { now } from "../../../data/clock.ts";
import type { Message, TimelineEvent } from "../../../data/message-events.ts";
import { messageAddress, to } from "../../../data/route.ts";
import { clockText, countText, momentText, utc } from "../../../data/text.ts";
import { WordBadge } from "../../../parts/badge.tsx";
import { Ago } from "../../../parts/time.tsx";
import { type Axis, apart, placeOf, ticksOf } from "./axis.ts";
import { type Member, membersOf } from "./members.ts";
import { useRelated } from "./related.ts";

/** Rows that are drawn. */
const rowsMax = 80;
const ticksMax = 5;
const day = 86_400_000;
/** How much of the axis is left for what still waits. */
const waitingShare = 0.15;
/** Events that are read out. */
const namedMax = 12;

interface JourneyProps {
  readonly message: Message;
  readonly events: readonly TimelineEvent[];
}

export function Journey({ message, events }: JourneyProps) {
  const related = useRelated(message);
  if (related === undefined) return null;
  const members = membersOf(message, events, related);
  if (members.length < 2) return null;
  const shown = members.slice(0, rowsMax);
  const axis = axisOf(shown, now.value);
  const apps = new Set(members.map((one) => one.message.app_id)).size;
  const partial = related.journeys.some((one) => one.partial || one.next_cursor !== null);
  return (
    <section class="journey" aria-labelledby="journey-title">
      <h2 id="journey-title">
        Journey{" "}
        <span class="muted">
          {message.external_ids.length > 0 && (
            <>
              <span class="id" dir="auto">
                {message.external_ids.join(", ")}
              </span>
              ,{" "}
            </>
          )}
          {countText(members.length)} messages in {apps} {apps === 1 ? "app" : "apps"}
        </span>
      </h2>
      <ol>
        {shown.map((member) => (
          <Way key={member.key} member={member} axis={axis} />
        ))}
        <Ticks axis={axis} />
      </ol>
      {(partial || related.moreParts || members.length > rowsMax) && (
        <p class="muted">
          Not all of it is drawn.{" "}
          {related.moreParts && (
            <a
              href={to("/messages", { app_id: message.app_id, parent_id: message.message_id, range: "14d" })}
            >
              All parts
            </a>
          )}
        </p>
      )}
    </section>
  );
}

function Way({ member, axis }: { member: Member; axis: Axis }) {
  const { message, relation, own, marks } = member;
  const [first, last] = [Date.parse(message.created_at), Date.parse(message.updated_at)];
  const waits = message.state === "open" || message.state === "overdue";
  const named = marks.slice(-namedMax).map(({ at, event }) => `${event} ${clockText(at)}`);
  const label = `${marks.length > namedMax ? `${marks.length} events, the last: ` : ""}${named.join(", ")}`;
  const from = placeOf(axis, first);
  return (
    <li class={own ? "way own" : "way"} data-row>
      <div class="name">
        <p>
          {own ? (
            <strong aria-current="true">{message.app_id}</strong>
          ) : (
            <a href={messageAddress(message)}>
              <strong>{message.app_id}</strong>{" "}
              <span class="id" dir="auto">
                {message.message_id}
              </span>
            </a>
          )}
        </p>
        {relation !== "" && <p class="muted">{relation}</p>}
      </div>
      <div class="track" role="img" aria-label={label}>
        <span
          class="went"
          style={{ insetInlineStart: `${from}%`, width: `${Math.max(0, placeOf(axis, last) - from)}%` }}
        />
        {waits && (
          <span
            class={`waits ${message.state}`}
            style={{ insetInlineStart: `${placeOf(axis, last)}%`, insetInlineEnd: 0 }}
          />
        )}
        {apart(marks, axis).map(({ at, event }) => (
          <span
            key={at}
            class="dot"
            style={{ insetInlineStart: `${placeOf(axis, at)}%` }}
            title={`${event}, ${momentText(at)}`}
          />
        ))}
      </div>
      <div class="took">
        <WordBadge word={message.state} />
        <p class="muted">
          <code>{message.last_event}</code> <Ago at={message.updated_at} />
        </p>
      </div>
    </li>
  );
}

function Ticks({ axis }: { axis: Axis }) {
  // Read here, so that they move where the zone is changed.
  const text = utc.value !== undefined && axis.to - axis.from > day ? momentText : clockText;
  return (
    <li class="ticks" aria-hidden="true">
      <div>
        {ticksOf(axis, ticksMax).map((at) => (
          <span key={at} style={{ insetInlineStart: `${placeOf(axis, at)}%` }}>
            {text(at)}
          </span>
        ))}
      </div>
    </li>
  );
}

/** From the first event to the last, and some more where a message waits. */
function axisOf(members: readonly Member[], nowMs: number): Axis {
  const from = Math.min(...members.map(({ message }) => Date.parse(message.created_at)));
  const last = Math.max(...members.map(({ message }) => Date.parse(message.updated_at)));
  const waits = members.some(({ message }) => message.state === "open" || message.state === "overdue");
  const room = Math.max(1_000, (last - from) * waitingShare);
  return { from, to: waits ? Math.max(last, Math.min(nowMs, last + room)) : last };
}
