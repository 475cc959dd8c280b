/** A lifecycle as users write it: what of it cannot be is refused, with the place named. */
import * as z from "zod";
import { textProblem } from "../core/validate.ts";
import {
  attributeBytesMax,
  type Definition,
  durationMsMax,
  durationMsMin,
  giveUpMsMax,
  owedStagesMax,
  type Stage,
  stageName,
  stagesMax,
  timesMax,
  timesMin,
} from "../lifecycle/definition.ts";
import { stageOrder } from "../lifecycle/stage-order.ts";
import { duration } from "./duration.ts";
import { eventNames, nameMeta, nameOrNames, namesMeta } from "./event-names.ts";
import { field, type Reading, whole } from "./fields.ts";

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

/** A stage is checked as a whole even where one field is wrong, so that all of its problems are reported at once. */
const inStage = { goOn: true };
const stage = z
  .strictObject({
    event: nameOrNames(nameMeta, inStage).optional(),
    any_of: eventNames(inStage).optional(),
    events: eventNames(inStage).optional(),
    after: nameOrNames({ anyOf: [nameMeta, namesMeta] }, inStage).optional(),
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
    const given = (["event", "any_of", "events"] as const).filter((name) => value[name] !== undefined);
    // A name that is wrong has been given all the same.
    const wrong = issues.some(
      ({ path }) => path?.[0] === "event" || path?.[0] === "any_of" || path?.[0] === "events",
    );
    if (wrong || given.length === 1) return;
    issues.push({
      code: "custom",
      message: "must have either event or any_of",
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
    complete_on: eventNames(),
    fail_on: eventNames().optional(),
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
}: {
  readonly stages: readonly StageFields[];
  readonly complete_on: readonly string[];
  readonly fail_on?: readonly string[] | undefined;
  readonly grace?: number | undefined;
  readonly recovers?: boolean | undefined;
  readonly reopen_on?: readonly string[] | undefined;
  readonly give_up?: number | undefined;
}): Definition {
  const eventsOf = ({ event, any_of, events }: StageFields) => event ?? any_of ?? events ?? [];
  const opening = eventsOf(stages[0]!);
  return {
    stages: stages.map(
      (fields, index): Stage => ({
        events: eventsOf(fields),
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
  };
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

function problemsOfFirst(first: StageFields): Problem[] {
  return (["after", "within", "optional", "each", "times"] as const)
    .filter((name) => first[name] !== undefined && first[name] !== false)
    .map((name) => ({
      path: ["stages", 0, name],
      message: "must be absent: the first stage opens a message",
    }));
}

/** Of the stages that are owed by several. */
function problemsOfOwed(stages: readonly Stage[], failOn: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  let count = 0;
  for (const [index, { events, each, times }] of stages.entries()) {
    if (each === undefined && times === undefined) continue;
    count += 1;
    const name = each === undefined ? "times" : "each";
    const report = (message: string) => problems.push({ path: ["stages", index, name], message });
    if (each !== undefined && times !== undefined) report("must be absent where times is given");
    if (events.length > 1) report("must be absent: the stage has alternatives");
    if (count > owedStagesMax) report(`must be on ${owedStagesMax} stages at most`);
    const fails = failOn.findIndex((event) => events.includes(event));
    if (fails >= 0) {
      const message = `must not name ${failOn[fails]}, which several owe`;
      problems.push({ path: ["fail_on", fails], message });
    }
  }
  return problems;
}

/** Of the events that begin a new run. */
function problemsOfReopening({ stages, completeOn, failOn, reopenOn = [] }: Definition): Problem[] {
  const severals = stages.filter(({ each, times }) => each !== undefined || times !== undefined);
  return reopenOn.flatMap((event, index): Problem[] => {
    const path = ["reopen_on", index];
    if (completeOn.includes(event))
      return [{ path, message: `must not name ${event}, which completes a message` }];
    if (failOn.includes(event)) return [{ path, message: `must not name ${event}, which fails a message` }];
    const owed = severals.some(({ events }) => events.includes(event));
    return owed ? [{ path, message: `must not name ${event}, which several owe` }] : [];
  });
}

/** Checks of the fields together, once each is valid by itself. */
function problemsOfWhole(definition: Definition): Problem[] {
  const { stages, completeOn, failOn } = definition;
  const problems: Problem[] = [];
  const report = (path: (string | number)[], message: string) => problems.push({ path, message });
  const owners = new Map<string, number>();
  // By the name without `\`, as users write it in a filter.
  const named = new Map<string, number>();
  for (const [index, stage] of stages.entries()) {
    for (const event of stage.events) {
      const owner = owners.get(event);
      if (owner === undefined) owners.set(event, index);
      else report(["stages", index], `must not name ${event}: it belongs to stages[${owner}]`);
    }
    const name = stage.events.join("|");
    const other = named.get(name);
    if (other === undefined) named.set(name, index);
    else report(["stages", index], `must not be called ${name}: stages[${other}] is`);
  }
  for (const [index, { after }] of stages.entries()) {
    for (const event of after) {
      if (!owners.has(event)) {
        report(["stages", index, "after"], `must name events of stages; ${event} is none`);
      }
    }
  }
  for (const [index, event] of completeOn.entries()) {
    if (!owners.has(event)) report(["complete_on", index], `must name events of stages; ${event} is none`);
  }
  for (const [index, event] of failOn.entries()) {
    if (completeOn.includes(event)) {
      report(["fail_on", index], `must not name ${event}, which completes a message`);
    }
  }
  problems.push(...problemsOfOwed(stages, failOn), ...problemsOfReopening(definition));
  if (stages[0]?.events.every((event) => failOn.includes(event))) {
    report(["fail_on"], "must not name all that opens a message: none would complete");
  }
  if (problems.length > 0) return problems;
  const { cycle } = stageOrder(stages);
  if (cycle.length > 0) {
    const circle = [...cycle, cycle[0]!].map((index) => stageName(stages[index]!));
    report(["stages", cycle[0]!, "after"], `must not lead in a circle: ${circle.join(" after ")}`);
  }
  return problems;
}
