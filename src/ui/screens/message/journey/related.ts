/** Reads which messages belong to a message; again when one of them has a new event or finding, by the topics of them all. */
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../../data/call.ts";
import { watch } from "../../../data/live.ts";
import type { Message } from "../../../data/message-events.ts";
import { useLoaded, useRead } from "../../../data/resource.ts";
import type { Related } from "./members.ts";

/** External ids that are looked up. */
const idsMax = 3;
/** Parts that are drawn. */
const partsMax = 60;
const namesakesMax = 20;
const eventsMax = 1_000;
/** No topic has the new parts of a message, so these alone are read now and then. */
const partsEveryMs = 5_000;
/** Messages whose findings are followed: a deadline that passes changes a state without an event. */
const followedMax = 100;
/** What comes together causes one read. */
const gatherMs = 300;

export function useRelated({ app_id, message_id, external_ids, parent_id }: Message): Related | undefined {
  const ids = external_ids.slice(0, idsMax);
  const key = JSON.stringify([app_id, message_id, parent_id, ids]);
  const others = useLoaded(key, async (aborted) => {
    const [journeys, parents, namesakes] = await Promise.all([
      Promise.all(ids.map((external_id) => call("getJourney", { external_id, limit: eventsMax }, aborted))),
      parent_id === null
        ? undefined
        : call("listMessages", { app_id, message_id: parent_id, limit: 1 }, aborted),
      call("listMessages", { message_id, limit: namesakesMax }, aborted),
    ]);
    return {
      journeys,
      parents: parents?.messages ?? [],
      namesakes: namesakes.messages,
      asOfSeq: Math.min(namesakes.as_of_seq, ...journeys.map(({ as_of_seq }) => as_of_seq)),
    };
  });
  const parts = useRead(
    "listMessages",
    { app_id, parent_id: message_id, order: "oldest", limit: partsMax },
    { everyMs: partsEveryMs },
  );

  const related: Related | undefined =
    others.data === undefined || parts.data === undefined
      ? undefined
      : {
          ...others.data,
          parts: parts.data.messages,
          moreParts: parts.data.next_cursor !== null,
        };
  const latest = useRef(0);
  latest.current = others.data?.asOfSeq ?? 0;
  const topics = related === undefined ? "" : JSON.stringify(topicsOf(message_id, related));
  useEffect(() => {
    if (topics === "") return;
    let gather: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      clearTimeout(gather);
      gather = setTimeout(() => {
        others.reload();
        parts.reload();
      }, gatherMs);
    };
    const names: string[] = JSON.parse(topics);
    // Findings have a sequence of their own, and are followed from now on.
    const afterOf = (topic: string) => (topic.endsWith("/findings") ? undefined : latest.current);
    const stops = names.map((topic) => watch(topic, afterOf(topic), { frame: again, lost: again }));
    return () => {
      clearTimeout(gather);
      for (const stop of stops) stop();
    };
  }, [key, topics]);
  return related;
}

/** Some 160 at most, of the thousand that a connection may have. */
function topicsOf(messageId: string, { journeys, parents, parts, namesakes }: Related): string[] {
  const topicOf = ({ app_id, message_id }: { readonly app_id: string; readonly message_id: string }) =>
    `apps/${encodeURIComponent(app_id)}/messages/${encodeURIComponent(message_id)}`;
  const found = [...parents, ...namesakes, ...journeys.flatMap(({ messages }) => messages), ...parts];
  return [
    // This id in every app, also in one that has not had it so far.
    `event_timeline:${messageId}`,
    ...journeys.map(({ external_id }) => `journeys/${encodeURIComponent(external_id)}`),
    ...[...parents, ...parts].map(topicOf),
    ...new Set(found.slice(0, followedMax).map((one) => `${topicOf(one)}/findings`)),
  ];
}
