/** `lifecycle`. */
import * as z from "zod";
import { getLifecycle, version } from "../../api/lifecycles.ts";
import { fieldsOf, link, tool } from "../tool.ts";
import { quote, quoteAll } from "../words.ts";

type Definition = NonNullable<z.output<typeof version>["lifecycle"]>;

const output = version.pick({ version: true, created_at: true, put_by: true, note: true, lifecycle: true });

export const lifecycle = tool({
  name: "lifecycle",
  title: "An app's lifecycle",
  description:
    "What should happen to the messages of an app: its stages (events), in which order, within which time, what completes a message and what fails it. " +
    "Use it for questions such as 'what is supposed to happen to an order?' or 'how long may a payment take?'. list_apps has the ids of apps.",
  input: z.strictObject({ ...fieldsOf(getLifecycle, ["app_id"]) }),
  output: output.extend({ link }),
  lists: ["lifecycle.stages"],
  async answer({ ask, links }, { app_id }) {
    const found = await ask(getLifecycle, { app_id });
    const { version, created_at, put_by, note, lifecycle } = found;
    const head = `Version ${version} of the lifecycle of ${quote(String(app_id))}`;
    return {
      summary:
        lifecycle === null ? `${head} ends it: no lifecycle is in force.` : `${head}:\n${wordsOf(lifecycle)}`,
      data: { version, created_at, put_by, note, lifecycle, link: links.lifecycle(String(app_id)) },
    };
  },
});

function wordsOf({ stages, complete_on, fail_on = [], grace, give_up }: Definition): string {
  const lines = stages.map(({ app, event, any_of = [], children, after, within, optional, each, times }) => {
    const names = event === undefined ? any_of.map(quote).join(" or ") : quote(event);
    const what = children === undefined ? names : "all parts complete";
    const previous = after === undefined ? [] : [after].flat();
    return [
      `- ${what}`,
      app === undefined ? "" : ` of the app ${quote(app)}`,
      each === undefined ? "" : `, from each that ${quote(each.of)} lists`,
      times === undefined ? "" : `, ${times} times`,
      previous.length === 0 ? "" : `, after ${quoteAll(previous)}`,
      within === undefined ? "" : `, within ${within}`,
      optional === true ? " (optional)" : "",
    ].join("");
  });
  const ends = [
    `Complete with ${quoteAll(complete_on)}`,
    fail_on.length === 0 ? "" : `, failed with ${quoteAll(fail_on)}`,
    give_up === undefined ? "" : `, given up after ${give_up}`,
    `. A stage is missing when its time and ${grace} of grace have passed.`,
  ].join("");
  return `${lines.join("\n")}\n${ends}`;
}
