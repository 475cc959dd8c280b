/** The other messages that share an external id with this one. */
import { call } from "../../data/call.ts";
import type { Message } from "../../data/message-events.ts";
import { useLoaded } from "../../data/resource.ts";
import { messageAddress } from "../../data/route.ts";
import { WordBadge } from "../../parts/badge.tsx";

/** External ids that are looked up. */
const idsMax = 3;
const refreshMs = 10_000;

export function Journey({ message }: { message: Message }) {
  const ids = message.external_ids.slice(0, idsMax);
  const { data } = useLoaded(
    JSON.stringify(ids),
    async (aborted) => {
      const pages = await Promise.all(
        ids.map((external_id) => call("listMessages", { external_id, order: "oldest", limit: 50 }, aborted)),
      );
      return pages.flatMap(({ messages }) => messages);
    },
    { when: ids.length > 0, everyMs: refreshMs },
  );
  const others = (data ?? []).filter(
    (one) => one.app_id !== message.app_id || one.message_id !== message.message_id,
  );
  if (others.length === 0) return null;
  const apps = new Set(others.map(({ app_id }) => app_id)).size;
  return (
    <section class="journey" aria-labelledby="journey-title">
      <h2 id="journey-title">
        Same external id <span class="id muted">{ids.join(", ")}</span>{" "}
        <span class="muted">
          {others.length} {others.length === 1 ? "message" : "messages"} in {apps}{" "}
          {apps === 1 ? "app" : "apps"}
        </span>
      </h2>
      <ul>
        {others.map((one) => (
          <li key={`${one.app_id} ${one.message_id}`}>
            <a href={messageAddress(one)} title={one.message_id}>
              <strong>{one.app_id}</strong> <code>{one.last_event}</code> <WordBadge word={one.state} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
