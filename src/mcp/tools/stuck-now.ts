/** `stuck_now`. */
import * as z from "zod";
import { finding, listOverdue } from "../../api/findings.ts";
import { listOverdueGroups, overdueGroup } from "../../api/overdue-groups.ts";
import { fieldsOf, link, rowOf, tool } from "../tool.ts";
import { counted, durationWords, quote, sinceWords } from "../words.ts";

const groupsMax = 20;
const messagesMax = 10;

const group = overdueGroup
  .pick({
    app_id: true,
    stage: true,
    after: true,
    total: true,
    new: true,
    acknowledged: true,
    longest: true,
    normal_p99_ms: true,
  })
  .extend({ link });

const message = finding
  .pick({ app_id: true, message_id: true, stage: true, after: true, due_at: true })
  .extend({ overdue_for_ms: z.number(), link });

export const stuckNow = tool({
  name: "stuck_now",
  title: "What is stuck now",
  description:
    "What should have happened by now and has not: for each app and stage how many messages wait for an event that is overdue, how many are new " +
    `(due in the last 15 minutes), for how long, and the ${messagesMax} that have waited longest. ` +
    "Use it for questions such as 'what is wrong right now?' or 'which orders are stuck?'. Then explain_message has the reason for one of them.",
  input: z.strictObject({ ...fieldsOf(listOverdueGroups, ["app_id"]) }),
  output: z.strictObject({
    stages: z.array(group).meta({ description: "The stages with the most new ones first." }),
    more_stages: z.boolean(),
    longest: z.array(message).meta({ description: "The messages that are overdue for longest." }),
  }),
  lists: ["stages", "longest"],
  async answer({ ask, links }, { app_id }) {
    const [{ groups, next_cursor }, { overdue }] = await Promise.all([
      ask(listOverdueGroups, { app_id, limit: groupsMax }),
      ask(listOverdue, { app_id, limit: messagesMax }),
    ]);
    const data = {
      stages: groups.map((one) => ({
        ...rowOf(group, one),
        link: links.stuck(one.app_id, one.stage, one.after),
      })),
      more_stages: next_cursor !== null,
      longest: overdue.map((one) => ({
        ...rowOf(message, one),
        link: links.message(one.app_id, one.message_id),
      })),
    };
    if (groups.length === 0) return { summary: "Nothing is stuck.", data };
    const lines = groups.map(({ app_id, stage, after, total, new: fresh, longest, normal_p99_ms }) =>
      [
        `- ${quote(app_id)}: ${counted(total, "message")} without ${quote(stage)}`,
        after === null ? "" : ` after ${quote(after)}`,
        `, ${fresh} of them new`,
        longest === null ? "" : `; the longest is overdue for ${sinceWords(longest.due_at)}`,
        normal_p99_ms === null ? "" : `; normally 99 % take at most ${durationWords(normal_p99_ms)}`,
        ".",
      ].join(""),
    );
    const more = next_cursor === null ? "" : `\nThere are more stages: name an app_id.`;
    return { summary: `Stuck now:\n${lines.join("\n")}${more}`, data };
  },
});
