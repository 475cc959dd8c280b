/** A table of messages. */
import type { AnswerOf } from "../../api/operation-types.ts";
import { messageAddress } from "../data/route.ts";
import { countText } from "../data/text.ts";
import { AppName } from "./app-name.tsx";
import { WordBadge } from "./badge.tsx";
import { type Column, Table } from "./table.tsx";
import { Ago } from "./time.tsx";

export type Summary = AnswerOf<"listMessages">["messages"][number];

export const messageColumns: readonly Column<Summary>[] = [
  {
    name: "Message",
    wide: true,
    cell: (message) => (
      <>
        <a class="id" href={messageAddress(message)}>
          {message.message_id}
        </a>
        {message.external_ids.length > 0 && <span class="also id">{message.external_ids.join(", ")}</span>}
      </>
    ),
    text: ({ message_id }) => message_id,
  },
  { name: "App", cell: ({ app_id }) => <AppName id={app_id} />, text: ({ app_id }) => app_id },
  { name: "State", cell: ({ state }) => <WordBadge word={state} />, text: ({ state }) => state },
  {
    name: "Last event",
    cell: ({ last_event }) => <code>{last_event}</code>,
    text: ({ last_event }) => last_event,
  },
  {
    name: "Events",
    align: "end",
    cell: ({ event_count }) => countText(event_count),
    text: ({ event_count }) => event_count,
  },
  {
    name: "Began",
    align: "end",
    cell: ({ created_at }) => <Ago at={created_at} />,
    text: ({ created_at }) => created_at,
  },
  {
    name: "Updated",
    align: "end",
    cell: ({ updated_at }) => <Ago at={updated_at} />,
    text: ({ updated_at }) => updated_at,
  },
];

export function MessageTable({ caption, messages }: { caption: string; messages: readonly Summary[] }) {
  return (
    <Table
      caption={caption}
      columns={messageColumns}
      rows={messages}
      keyOf={({ app_id, message_id }) => JSON.stringify([app_id, message_id])}
    />
  );
}
