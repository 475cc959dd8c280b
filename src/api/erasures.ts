/** The operations that erase messages before retention would. */
import * as z from "zod";
import type { Erasure } from "../core/erasure.ts";
import { formatTime } from "../core/time.ts";
import { count, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { appId, cursor, defined, limit, messageId } from "./fields.ts";
import { operation } from "./operation.ts";

const erasure = z.strictObject({
  app_id: z.string(),
  up_to_seq: z.int().meta({ description: "Messages whose first event came up to here are erased." }),
  requested_at: timestamp,
  done_at: timestamp.nullable().meta({ description: "`null` while it is under way." }),
  messages_erased: count.meta({ description: "So far." }),
});

export const eraseMessage = operation({
  name: "eraseMessage",
  summary: "Erase a message with all that names it; its counts stay. 404 when nothing is stored of it.",
  scope: "admin",
  apps: "named",
  rest: "DELETE /api/apps/{app_id}/messages/{message_id}",
  rpc: "mars.v1.PrivacyService/EraseMessage",
  command: "erase message",
  input: z.strictObject({ app_id: appId, message_id: messageId }),
  output: z.strictObject({
    events_erased: count,
    traces_left: z.boolean().meta({
      description:
        "Whether the journal or the database's log hold bytes of it for a moment longer; `erasure.traces_up_to_seq` in the figures is 0 when they do not.",
    }),
  }),
  async handle({ erasures }, { app_id, message_id }, caller, by) {
    const { events, tracesLeft } = await erasures.eraseMessage(
      { appId: app_id, messageId: message_id },
      caller,
      by,
    );
    return { events_erased: events, traces_left: tracesLeft };
  },
});

export const eraseApp = operation({
  name: "eraseApp",
  summary:
    "Erase all messages of an app that have begun by now; its counts and lifecycles stay. Answers when it is done, or after 2 s with its progress.",
  scope: "admin",
  apps: "named",
  rest: "DELETE /api/apps/{app_id}",
  rpc: "mars.v1.PrivacyService/EraseApp",
  command: "erase app",
  input: z.strictObject({ app_id: appId }),
  output: z.strictObject({ erasure }),
  async handle({ erasures, reader }, { app_id }, caller, by) {
    const begun = await erasures.eraseApp(app_id, caller, by);
    if (begun.doneAt !== undefined) return { erasure: erasureJson(begun) };
    const [now = begun] = (await reader(caller).erasures({ appId: app_id, limit: 1 })).erasures;
    return { erasure: erasureJson(now) };
  },
});

export const listErasures = operation({
  name: "listErasures",
  summary: "Erasures of apps, the latest first, a page at a time; kept as long as counts.",
  scope: "admin",
  apps: "narrowed",
  rest: "GET /api/erasures",
  rpc: "mars.v1.PrivacyService/ListErasures",
  command: "erasures",
  input: z.strictObject({ app_id: appId.optional(), limit, cursor: cursor.optional() }),
  output: z.strictObject({ erasures: z.array(erasure), next_cursor: z.string().nullable() }),
  async handle({ reader }, { app_id, limit, cursor }, caller) {
    const { erasures, nextCursor = null } = await reader(caller).erasures({
      ...narrow(caller, app_id),
      ...defined({ cursor }),
      limit,
    });
    return { erasures: erasures.map(erasureJson), next_cursor: nextCursor };
  },
});

function erasureJson({ appId, upToSeq, requestedAt, doneAt, messages }: Erasure): z.input<typeof erasure> {
  return {
    app_id: appId,
    up_to_seq: upToSeq,
    requested_at: formatTime(requestedAt),
    done_at: doneAt === undefined ? null : formatTime(doneAt),
    messages_erased: messages,
  };
}
