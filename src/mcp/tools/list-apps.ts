/** `list_apps`. */
import * as z from "zod";
import { whole } from "../../api/fields.ts";
import { app, listApps } from "../../api/statistics.ts";
import { fieldsOf, link, rowOf, tool } from "../tool.ts";
import { counted, quote } from "../words.ts";

const limitDefault = 50;
const limitMax = 100;

const row = app
  .pick({
    app_id: true,
    lifecycle_version: true,
    messages: true,
    events: true,
    last_event: true,
    last_event_at: true,
  })
  .extend({ link });

export const listAllApps = tool({
  name: "list_apps",
  title: "Apps",
  description:
    "The apps that report events, each with how many of its messages are open, overdue, complete and failed, and its last event. " +
    "Use it first where the id of an app is not known: other tools take it as app_id.",
  input: z.strictObject({
    ...fieldsOf(listApps, ["cursor"]),
    limit: whole(1, limitMax, "How many are in the answer.").default(limitDefault),
  }),
  output: z.strictObject({ apps: z.array(row), next_cursor: z.string().nullable() }),
  lists: ["apps"],
  async answer({ ask, links }, input) {
    const page = await ask(listApps, { ...input, limit: input.limit ?? limitDefault });
    const apps = page.apps.map((one) => ({ ...rowOf(row, one), link: links.flow(one.app_id) }));
    const lines = page.apps.map(({ app_id, messages, lifecycle_version }) => {
      const way = lifecycle_version === null ? ", without a lifecycle" : "";
      return `- ${quote(app_id)}: ${messages.overdue} overdue, ${messages.open} open${way}`;
    });
    const more = page.next_cursor === null ? "" : "\nThere are more: pass next_cursor as cursor.";
    const summary = `${counted(apps.length, "app")}${lines.length === 0 ? "." : `:\n${lines.join("\n")}${more}`}`;
    return { summary, data: { apps, next_cursor: page.next_cursor } };
  },
});
