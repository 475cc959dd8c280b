/** Which messages belong to a message, as what, and what is known of when they were. Pure. */
import type { AnswerOf } from "../../../../api/operation-types.ts";
import type { Message, TimelineEvent } from "../../../data/message-events.ts";

export type Summary = AnswerOf<"listMessages">["messages"][number];
export type JourneyAnswer = AnswerOf<"getJourney">;

export interface Related {
  readonly journeys: readonly JourneyAnswer[];
  /** The message that it is a part of. */
  readonly parents: readonly Summary[];
  readonly parts: readonly Summary[];
  /** Of other apps, with the same id. */
  readonly namesakes: readonly Summary[];
  /** There are more parts than these. */
  readonly moreParts: boolean;
}

export interface Mark {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
}

export interface Member {
  readonly key: string;
  readonly message: Summary;
  /** What it is to the message of the screen; empty where it only shares an external id. */
  readonly relation: string;
  readonly own: boolean;
  readonly marks: readonly Mark[];
}

/** Rows of the axis: what it is a part of, the message itself, and all others as they began. Each message once. */
export function membersOf(
  message: Message,
  events: readonly Pick<TimelineEvent, "event" | "created_at">[],
  related: Related,
): Member[] {
  const made = new Map(
    (message.lifecycle?.stages ?? []).flatMap(({ done_by, stage }) =>
      done_by === null ? [] : [[keyOf(done_by), stage] as const],
    ),
  );
  const eventsOf = Map.groupBy(
    related.journeys.flatMap((journey) => journey.events),
    keyOf,
  );
  const own = keyOf(message);
  const members = new Map<string, Member>();
  const add = (one: Summary, relation: string) => {
    const key = keyOf(one);
    if (members.has(key) || key === own) return;
    const stage = made.get(key);
    const said = [relation, stage === undefined ? "" : `made ${stage}`].filter((part) => part !== "");
    members.set(key, {
      key,
      message: one,
      relation: said.join(", "),
      own: false,
      marks: marksOf(eventsOf.get(key) ?? endsOf(one)),
    });
  };
  for (const one of related.parents) add(one, "the whole");
  for (const one of related.parts) add(one, "part");
  for (const { messages, external_id } of related.journeys) {
    for (const one of messages) add(one, message.external_ids.length > 1 ? external_id : "");
  }
  for (const one of related.namesakes) add(one, "same id");
  const parents = new Set(related.parents.map(keyOf));
  const others = [...members.values()].sort((a, b) =>
    a.message.created_at < b.message.created_at ? -1 : a.message.created_at > b.message.created_at ? 1 : 0,
  );
  const { events: _, lifecycle: __, next_cursor: ___, as_of_seq: ____, ...summary } = message;
  return [
    ...others.filter(({ key }) => parents.has(key)),
    { key: own, message: summary, relation: "this message", own: true, marks: marksOf(events) },
    ...others.filter(({ key }) => !parents.has(key)),
  ];
}

function keyOf({ app_id, message_id }: { readonly app_id: string; readonly message_id: string }): string {
  return JSON.stringify([app_id, message_id]);
}

function marksOf(events: readonly Pick<TimelineEvent, "event" | "created_at">[]): Mark[] {
  return events.map(({ event, created_at }) => ({ at: Date.parse(created_at), event }));
}

/** What a summary says of its events. */
function endsOf({ created_at, updated_at, stages, last_event }: Summary) {
  const last = { event: last_event, created_at: updated_at };
  return created_at === updated_at ? [last] : [{ event: stages[0] ?? "", created_at }, last];
}
