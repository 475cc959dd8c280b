/** `funnel`. */
import * as z from "zod";
import { count, stageNames, timestamp } from "../../api/answers.ts";
import { getFunnel } from "../../api/statistics.ts";
import { fieldsOf, link, tool } from "../tool.ts";
import { counted, quote } from "../words.ts";

export const funnel = tool({
  name: "funnel",
  title: "Where messages are lost",
  description:
    "Of the messages of one app that began in a window of time: how many reached each stage of its lifecycle, how many still wait, are overdue, or never reached it. " +
    "Use it for rates and comparisons, such as 'how many orders of today were paid?' or 'where do we lose messages?'. Without since it has the last 24 hours.",
  input: z.strictObject({ ...fieldsOf(getFunnel, ["app_id", "since", "until"]) }),
  output: z.strictObject({
    since: timestamp,
    until: timestamp,
    opened: count.meta({ description: "Messages that began in the window." }),
    stages: z.array(
      z.strictObject({
        stage: stageNames.stage,
        after: stageNames.after,
        reached: count,
        waiting: count,
        overdue: count,
        never: count,
      }),
    ),
    link,
  }),
  lists: ["stages"],
  async answer({ ask, links }, input) {
    const { since, until, opened, stages } = await ask(getFunnel, input);
    const rows = stages.map(({ stage, after, reached, waiting, overdue, never }) => ({
      stage,
      after,
      reached: reached.count,
      waiting: waiting.count,
      overdue: overdue.count,
      never: never.count,
    }));
    const lines = rows.map(({ stage, reached, waiting, overdue, never }) => {
      const all = reached + waiting + overdue + never;
      const share = all === 0 ? "" : ` (${Math.round((reached / all) * 1_000) / 10} %)`;
      return `- ${quote(stage)}: ${reached} reached${share}, ${waiting} waiting, ${overdue} overdue, ${never} never`;
    });
    const head = `${counted(opened.count, "message")} began from ${since} to ${until}`;
    const none = ": the app has no lifecycle in this window, so stages are not known.";
    const data = { since, until, opened: opened.count, stages: rows, link: links.flow(String(input.app_id)) };
    return { summary: rows.length === 0 ? head + none : `${head}:\n${lines.join("\n")}`, data };
  },
});
