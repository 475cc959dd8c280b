/** `find_messages`. */
import * as z from "zod";
import { whole } from "../../api/fields.ts";
import { summaryAnswer } from "../../api/message-answers.ts";
import { listMessages } from "../../api/messages.ts";
import { fieldsOf, link, rowOf, tool } from "../tool.ts";
import { counted } from "../words.ts";

const limitDefault = 20;
const limitMax = 50;
/** Of a message that has more, its page shows them. */
const externalIdsMax = 5;

const row = summaryAnswer
  .pick({
    app_id: true,
    message_id: true,
    state: true,
    overdue_since: true,
    last_event: true,
    created_at: true,
    updated_at: true,
    event_count: true,
    external_ids: true,
    parent_id: true,
  })
  .extend({ link });

export const findMessages = tool({
  name: "find_messages",
  title: "Find messages",
  description:
    "List messages by filter, such as orders, payments or files that services report events about: by id, the beginning of an id, " +
    "another system's id (external_id), an event that they have had (event) or have not had (missing), state, time or attributes. " +
    "Use it to find which app a message belongs to, or to see which messages are affected. " +
    "For why one message is stuck use explain_message; for what is stuck in all use stuck_now.",
  input: z.strictObject({
    ...fieldsOf(listMessages, [
      "app_id",
      "message_id",
      "prefix",
      "external_id",
      "event",
      "missing",
      "state",
      "attributes",
      "since",
      "until",
      "order",
      "cursor",
    ]),
    limit: whole(1, limitMax, "How many are in the answer.").default(limitDefault),
  }),
  output: z.strictObject({ messages: z.array(row), next_cursor: z.string().nullable() }),
  lists: ["messages"],
  async answer({ ask, links }, input) {
    const page = await ask(listMessages, { ...input, limit: input.limit ?? limitDefault });
    const messages = page.messages.map((message) => ({
      ...rowOf(row, message),
      external_ids: message.external_ids.slice(0, externalIdsMax),
      link: links.message(message.app_id, message.message_id),
    }));
    const overdue = page.messages.filter(({ state }) => state === "overdue").length;
    const more = page.next_cursor === null ? "" : " There are more: pass next_cursor as cursor.";
    const found = counted(messages.length, "message");
    const summary =
      messages.length === 0
        ? `No message matches.${more}`
        : `${found}, ${overdue === 0 ? "none" : overdue} of them overdue.${more}`;
    return { summary, data: { messages, next_cursor: page.next_cursor } };
  },
});
