/** The events of all messages of a list: what is exported, in few calls. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { storedEventToJson } from "../core/json.ts";
import { listedEventsMax } from "../core/limits.ts";
import type { ListedEventsPage } from "../core/message-events.ts";
import { pageEnd } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed } from "./attribute-filter.ts";
import { cursor, defined, minSeq, whole } from "./fields.ts";
import { event } from "./message-answers.ts";
import { goesByState, messageFilters, queryOf, refuseHalf, withStages } from "./message-filters.ts";
import { rpcEventsBytesMax } from "./messages.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

export const listEvents = operation({
  name: "listEvents",
  summary:
    "The events of the messages that the filters choose, a page at a time: messages by their first event, the earliest first, and of each its events in their order.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/events",
  rpc: "mars.v1.MessageService/ListEvents",
  command: "export",
  lines: "events",
  input: z
    .strictObject({
      ...messageFilters,
      limit: whole(
        1,
        listedEventsMax,
        "How many events are on a page; it has fewer where they are more than 1 MiB.",
      ).default(listedEventsMax),
      cursor: cursor.optional(),
      min_seq: minSeq,
      since_seq: whole(
        0,
        Number.MAX_SAFE_INTEGER,
        "Only what came behind this seq, in the order of the sequence; with no filter but `app_id`.",
      ).optional(),
    })
    .transform(withStages)
    .superRefine(refuseHalf)
    .superRefine(refuseBeside),
  output: z.strictObject({
    events: z.array(event.extend({ app_id: z.string(), message_id: z.string() })),
    ...pageEnd,
  }),
  async handle({ reader, progress, projected }, { min_seq, limit, cursor, since_seq, ...filters }, caller) {
    if (since_seq !== undefined) {
      await visible(progress, min_seq, caller);
      const { apps, ...app } = narrow(caller, filters.app_id);
      if (apps !== undefined) refuse("app_id", "must be given: the key is for some apps");
      return toJson(
        await reader(caller).eventsSince({ ...app, sinceSeq: since_seq, ...defined({ cursor }) }),
      );
    }
    const messages = { ...queryOf(filters), ...narrow(caller, filters.app_id) };
    await visible(goesByState(messages) ? projected : progress, min_seq, caller);
    const read = reader(caller);
    await assertIndexed(read, filters.app_id, messages.attributes);
    const page = await read.listedEvents({
      messages,
      limit,
      ...defined({ cursor }),
      ...(caller.protocol !== "rest" && { bytesMax: rpcEventsBytesMax }),
    });
    return toJson(page);
  },
});

function toJson({ events, nextCursor, asOfSeq }: ListedEventsPage) {
  return {
    events: events.map((one) => ({
      app_id: one.appId,
      message_id: one.messageId,
      ...storedEventToJson(one),
    })),
    next_cursor: nextCursor ?? null,
    as_of_seq: asOfSeq,
  };
}

/** For `superRefine`: filters that choose messages, which a place in the sequence of events does not go with. */
function refuseBeside(
  { since_seq, ...given }: Readonly<Record<string, unknown>>,
  context: z.RefinementCtx,
): void {
  if (since_seq === undefined) return;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || ["app_id", "limit", "cursor", "min_seq"].includes(name)) continue;
    context.addIssue({ code: "custom", path: [name], message: "must not be given with since_seq" });
  }
}

function refuse(field: string, message: string): never {
  throw new MarsError("invalid_argument", `${field}: ${message}`, { problems: [{ field, message }] });
}
