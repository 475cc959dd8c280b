/** Reads which messages belong to a message; again when one of them has a new event, and now and then. */
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../../data/call.ts";
import { watch } from "../../../data/live.ts";
import type { Message } from "../../../data/message-events.ts";
import { useLoaded } from "../../../data/resource.ts";
import type { Related } from "./members.ts";

/** External ids that are looked up. */
const idsMax = 3;
/** Parts that are drawn. */
export const partsMax = 60;
const namesakesMax = 20;
const eventsMax = 1_000;
const refreshMs = 5_000;
/** Events that come together cause one read. */
const gatherMs = 300;

export function useRelated({ app_id, message_id, external_ids, parent_id }: Message): Related | undefined {
  const ids = external_ids.slice(0, idsMax);
  const key = JSON.stringify([app_id, message_id, parent_id, ids]);
  const { data, reload } = useLoaded(
    key,
    async (aborted): Promise<Related> => {
      const parent = parent_id ?? undefined;
      const [journeys, parents, parts, namesakes] = await Promise.all([
        Promise.all(ids.map((external_id) => call("getJourney", { external_id, limit: eventsMax }, aborted))),
        parent === undefined
          ? undefined
          : call("listMessages", { app_id, message_id: parent, limit: 1 }, aborted),
        call("listMessages", { app_id, parent_id: message_id, order: "oldest", limit: partsMax }, aborted),
        call("listMessages", { message_id, limit: namesakesMax }, aborted),
      ]);
      return {
        journeys,
        parents: parents?.messages ?? [],
        parts: parts.messages,
        namesakes: namesakes.messages,
        moreParts: parts.next_cursor !== null,
      };
    },
    { everyMs: refreshMs },
  );

  const known = data !== undefined;
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    if (!known) return;
    let gather: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      clearTimeout(gather);
      gather = setTimeout(reload, gatherMs);
    };
    const stops = (latest.current?.journeys ?? []).map(({ external_id, as_of_seq }) =>
      watch(`journeys/${encodeURIComponent(external_id)}`, as_of_seq, { frame: again, lost: again }),
    );
    return () => {
      clearTimeout(gather);
      for (const stop of stops) stop();
    };
  }, [key, known]);
  return data;
}
