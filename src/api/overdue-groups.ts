/** Overdue messages by hop: where the trouble is. */
import * as z from "zod";
import type { Micros } from "../core/event.ts";
import { normalDays } from "../core/normal.ts";
import { nowMicros } from "../core/time.ts";
import { overdueGroupPageToJson } from "../lifecycle/json.ts";
import { overdueAges } from "../lifecycle/overdue-groups.ts";
import { count, pageEnd, stageNames, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { assertIndexed, attributes } from "./attribute-filter.ts";
import { duration } from "./duration.ts";
import { appId, cursor, defined, minSeq, whole } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { overdueTriage } from "./triage-filters.ts";
import { visible } from "./visible.ts";

const minute = 60_000_000;
const newWithinDefaultMs = 15 * 60_000;

/** The overdue messages of one app and hop. */
export const overdueGroup = z.strictObject({
  app_id: z.string(),
  ...stageNames,
  total: count,
  new: count,
  acknowledged: count,
  longest: z
    .strictObject({ message_id: z.string(), due_at: timestamp })
    .nullable()
    .meta({ description: "The one that was due first." }),
  ages: z.array(z.strictObject({ over: z.enum(overdueAges.map(({ over }) => over)), count })).meta({
    description: "How many are overdue for so long, up to the next of these; by whole minutes.",
  }),
  normal_p99_ms: z
    .number()
    .nullable()
    .meta({
      description: `So long or less 99 % of the messages took for this hop in the last ${normalDays} days (UTC), today among them.`,
    }),
  messages: z.string().meta({ description: "The path of the list of its messages." }),
});

export const listOverdueGroups = operation({
  name: "listOverdueGroups",
  summary:
    "How many messages are stuck at each hop, how many of them are new, and for how long; the hops with the most new ones first.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/overdue/groups",
  rpc: "mars.v1.LifecycleService/ListOverdueGroups",
  command: "overdue groups",
  input: z.strictObject({
    app_id: appId.optional(),
    new_within: duration(
      { min: 60_000, max: 86_400_000 },
      "What was due within so long before now is new; by whole minutes. `15m` by default.",
    ).default(newWithinDefaultMs),
    triage: overdueTriage.default("any"),
    attributes: attributes.optional(),
    limit: whole(1, 200, "How many are on a page.").default(50),
    cursor: cursor.optional(),
    min_seq: minSeq,
  }),
  output: z.strictObject({
    groups: z.array(overdueGroup),
    new_since: timestamp,
    partial: z.literal(true).optional().meta({
      description:
        "There are over 10,000 hops, or by attributes over 10,000 overdue stages, of which the latest are counted: not all were looked at.",
    }),
    ...pageEnd,
    clock: timestamp,
  }),
  async handle(
    { reader, projected },
    { app_id, new_within, min_seq, cursor, attributes, ...filters },
    caller,
  ) {
    await visible(projected, min_seq, caller);
    const asOfSeq = projected.storedSeq;
    const read = reader(caller);
    const clock = nowMicros();
    const newSince = newSinceOf(clock, new_within);
    await assertIndexed(read, app_id, attributes);
    const query = {
      ...narrow(caller, app_id),
      ...filters,
      ...defined({ cursor, attributes }),
      ...{ clock, newSince },
    };
    const page = await read.overdueGroups(query);
    if (app_id !== undefined && page.groups.length === 0) await assertApp(read, app_id);
    const valued = Object.fromEntries(
      (attributes ?? []).map(({ name, value }) => [`attributes.${name}`, value]),
    );
    return overdueGroupPageToJson(page, query, (own) => messagesPath({ ...own, ...valued }), asOfSeq);
  },
});

/** From when on what was due is new, in microseconds. @param newWithinMs as `new_within` */
export function newSinceOf(clock: Micros, newWithinMs = newWithinDefaultMs): Micros {
  return Math.floor((clock - newWithinMs * 1_000) / minute) * minute;
}

/** The list of a group's messages. */
export function messagesPath(filters: Readonly<Record<string, string>>): string {
  return `/api/messages?${new URLSearchParams(filters)}`;
}
