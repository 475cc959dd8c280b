/** A lifecycle as users write it: what of it cannot be is refused, with the place named. */
import * as z from "zod";
import { appIdBytesMax } from "../core/limits.ts";
import { textProblem } from "../core/validate.ts";
import {
  attributeBytesMax,
  childrenName,
  type Definition,
  durationMsMax,
  durationMsMin,
  giveUpMsMax,
  linkedName,
  type Stage,
  stagesMax,
  timesMax,
  timesMin,
} from "../lifecycle/definition.ts";
import { type Problem, problemsOfWhole } from "./definition-problems.ts";
import { duration } from "./duration.ts";
import { eventNames, nameMeta, nameOrNames, namesMeta, stageNameBytesMax } from "./event-names.ts";
import { field, type Reading, text, whole, word } from "./fields.ts";

const graceMsDefault = 500;

const attributeName = "must be the name of an attribute";
const attribute = field(
  { type: "string", minLength: 1, description: "The name of an attribute, at the top level." },
  (value): Reading<string> => {
    if (typeof value !== "string" || value === "") return { problem: attributeName };
    // A name is a part of a JSON path, which has no way to quote these.
    if (JSON.stringify(value) !== `"${value}"`)
      return { problem: "must be a name without quotes, backslashes and control characters" };
    const problem = textProblem(value, attributeBytesMax);
    return problem === undefined ? { value } : { problem };
  },
  { absent: attributeName },
);

const each = z.strictObject({ of: attribute, by: attribute }).meta({
  description:
    "Several owe the stage: each that the attribute `of` of what it comes after lists, as the attribute `by` of its own event says.",
});

/** A reference to an event of a stage, be it of another app: `payments/CAPTURED`. */
const reference = { bytesMax: stageNameBytesMax };

/** A stage is checked as a whole even where one field is wrong, so that all of its problems are reported at once. */
const inStage = { goOn: true };
const stage = z
  .strictObject({
    app: text(
      appIdBytesMax,
      "Its events are those of this app's messages that belong to the same journey. The stage is called `app/event`.",
    ).optional(),
    event: nameOrNames(nameMeta, inStage).optional(),
    any_of: eventNames(inStage).optional(),
    children: word(
      ["complete"],
      "All messages have to be complete that name this one as their parent. The stage is called `children`.",
    ).optional(),
    count: attribute.optional(),
    events: eventNames(inStage).optional(),
    after: nameOrNames({ anyOf: [nameMeta, namesMeta] }, { ...inStage, ...reference }).optional(),
    within: duration({ min: durationMsMin, max: durationMsMax }, undefined, inStage).optional(),
    optional: z.boolean("must be true or false").optional(),
    each: each.optional(),
    times: whole(
      timesMin,
      timesMax,
      "How many events of it there have to be: then it is done, by the last of these.",
    ).optional(),
  })
  .check(({ value, issues }) => {
    const given = (["event", "any_of", "events", "children"] as const).filter(
      (name) => value[name] !== undefined,
    );
    if (value.count !== undefined && value.children === undefined) {
      issues.push({
        code: "custom",
        path: ["count"],
        message: "must be absent without children",
        input: value,
        continue: true,
      });
    }
    // A name that is wrong has been given all the same.
    const wrong = issues.some(
      ({ path }) => path?.[0] === "event" || path?.[0] === "any_of" || path?.[0] === "events",
    );
    if (wrong || given.length === 1) return;
    issues.push({
      code: "custom",
      message: "must have either event or any_of, or children",
      input: value,
      continue: true,
    });
  })
  .meta({ description: "Its `event`, or alternatives in `any_of`, of which `events` is another name." });

const stages = `must be a list of 1 to ${stagesMax} stages`;

/** The JSON form of a lifecycle's definition, and of its members. */
export const definition = z
  .strictObject({
    stages: z.array(stage, stages).min(1, stages).max(stagesMax, stages),
    complete_on: eventNames(reference),
    fail_on: eventNames(reference).optional(),
    grace: duration({ min: 0, max: durationMsMax }).optional(),
    recovers: z.boolean("must be true or false").optional().meta({
      description:
        "A message that failed is complete all the same once an event of `complete_on` comes at or after the last failure.",
    }),
    reopen_on: eventNames().optional(),
    give_up: duration(
      { min: durationMsMin, max: giveUpMsMax },
      "A message is abandoned so long after the first stage that it misses was due.",
    ).optional(),
    journey_by: word(
      ["external_id", "message_id"],
      "`message_id`: a message's id is a name of its journey, beside the external ids of its events.",
    ).optional(),
  })
  .transform((fields, context): Definition => {
    const read = readFields(fields);
    const problems = [...problemsOfFirst(fields.stages[0]!), ...problemsOfWhole(read)];
    for (const { path, message } of problems) {
      context.issues.push({ code: "custom", path, message, input: fields });
    }
    return read;
  })
  .meta({
    description: "Which stages a message goes through, and by when. The first one opens a message.",
    examples: [
      {
        stages: [
          { event: "created" },
          { event: "paid", after: "created", within: "3s" },
          { any_of: ["sent_by_mail", "sent_by_courier"], after: "paid", within: "1h" },
        ],
        complete_on: ["sent_by_mail", "sent_by_courier"],
        fail_on: ["cancelled"],
        grace: "500ms",
      },
    ],
  });

type StageFields = z.output<typeof stage>;

/** A stage without `after` comes after the first one; `grace` defaults to 500ms. */
function readFields({
  stages,
  complete_on,
  fail_on = [],
  grace = graceMsDefault,
  recovers = false,
  reopen_on,
  give_up,
  journey_by,
}: {
  readonly stages: readonly StageFields[];
  readonly complete_on: readonly string[];
  readonly fail_on?: readonly string[] | undefined;
  readonly grace?: number | undefined;
  readonly recovers?: boolean | undefined;
  readonly reopen_on?: readonly string[] | undefined;
  readonly give_up?: number | undefined;
  readonly journey_by?: "external_id" | "message_id" | undefined;
}): Definition {
  const eventsOf = ({ app, event, any_of, events, children }: StageFields) => {
    if (children !== undefined) return [childrenName];
    const names = event ?? any_of ?? events ?? [];
    return app === undefined ? names : names.map((name) => linkedName(app, name));
  };
  const opening = eventsOf(stages[0]!);
  return {
    stages: stages.map(
      (fields, index): Stage => ({
        events: eventsOf(fields),
        ...(fields.app !== undefined && { app: fields.app }),
        ...(fields.children !== undefined && {
          children: fields.count === undefined ? {} : { count: fields.count },
        }),
        after: fields.after ?? (index > 0 ? opening : []),
        ...(fields.within !== undefined && { withinMs: fields.within }),
        optional: fields.optional === true,
        ...(fields.each !== undefined && { each: fields.each }),
        ...(fields.times !== undefined && { times: fields.times }),
      }),
    ),
    completeOn: complete_on,
    failOn: fail_on,
    graceMs: grace,
    ...(recovers && { recovers }),
    ...(reopen_on !== undefined && { reopenOn: reopen_on }),
    ...(give_up !== undefined && { giveUpMs: give_up }),
    ...(journey_by === "message_id" && { journeyBy: journey_by }),
  };
}

function problemsOfFirst(first: StageFields): Problem[] {
  return (["app", "children", "after", "within", "optional", "each", "times"] as const)
    .filter((name) => first[name] !== undefined && first[name] !== false)
    .map((name) => ({
      path: ["stages", 0, name],
      message: "must be absent: the first stage opens a message",
    }));
}
