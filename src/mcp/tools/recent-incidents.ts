/** `recent_incidents`. */
import * as z from "zod";
import { figures } from "../../api/alert-fields.ts";
import { incident, listIncidents } from "../../api/alert-incidents.ts";
import { whole } from "../../api/fields.ts";
import { fieldsOf, link, rowOf, tool } from "../tool.ts";
import { counted, quote } from "../words.ts";

const limitDefault = 10;
const limitMax = 50;

const shownFigures = figures.pick({
  count: true,
  count_exceeded: true,
  since: true,
  new: true,
  samples: true,
});

const row = incident
  .pick({
    id: true,
    rule: true,
    app_id: true,
    kind: true,
    stage: true,
    after: true,
    state: true,
    reason: true,
    silenced: true,
    text: true,
    opened_at: true,
    closed_at: true,
    acknowledged_by: true,
    assigned_to: true,
    snoozed_until: true,
  })
  .extend({ figures: shownFigures.nullable(), link });

export const recentIncidents = tool({
  name: "recent_incidents",
  title: "Recent incidents",
  description:
    "What alert rules have found: active incidents first, then the latest that ended, each with its app, stage, times, how many messages it counts, and who takes care of it. " +
    "Use it for questions such as 'is there an incident?', 'who is on it?' or 'what happened last night?'. stuck_now has what is stuck, alert or not.",
  input: z.strictObject({
    ...fieldsOf(listIncidents, ["app_id", "rule", "state", "acknowledged", "assigned_to", "cursor"]),
    limit: whole(1, limitMax, "How many are in the answer.").default(limitDefault),
  }),
  output: z.strictObject({ incidents: z.array(row), next_cursor: z.string().nullable() }),
  lists: ["incidents"],
  async answer({ ask, links }, input) {
    const page = await ask(listIncidents, { ...input, limit: input.limit ?? limitDefault });
    const incidents = page.incidents.map((one) => ({
      ...rowOf(row, one),
      figures: one.figures === null ? null : rowOf(shownFigures, one.figures),
      link: links.incident(one.id),
    }));
    const lines = page.incidents.map((one) => {
      const { app_id, kind, stage, state, opened_at, closed_at, acknowledged_by, assigned_to } = one;
      const care = assigned_to ?? acknowledged_by;
      return [
        `- ${state}: ${kind} ${stage === "" ? "" : `${quote(stage)} `}in ${quote(app_id)}, opened ${opened_at}`,
        closed_at === null ? "" : `, ended ${closed_at}`,
        one.figures === null ? "" : `, ${counted(one.figures.count, "finding")}`,
        care === null ? (state === "active" ? ", nobody has acknowledged it" : "") : `, with ${quote(care)}`,
      ].join("");
    });
    const more = page.next_cursor === null ? "" : "\nThere are more: pass next_cursor as cursor.";
    const head = lines.length === 0 ? "No incident matches." : counted(lines.length, "incident");
    return {
      summary: lines.length === 0 ? head : `${head}:\n${lines.join("\n")}${more}`,
      data: { incidents, next_cursor: page.next_cursor },
    };
  },
});
