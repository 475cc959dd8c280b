/** Reads a lifecycle from JSON, and refuses one that cannot be, with the place named. */
import { parseDuration } from "../core/duration.ts";
import { type FieldProblem, MarsError } from "../core/error.ts";
import { eventBytesMax } from "../core/limits.ts";
import { textProblem } from "../core/validate.ts";
import {
  type Definition,
  durationMsMax,
  durationMsMin,
  namesMax,
  type Stage,
  stageName,
  stagesMax,
} from "./definition.ts";
import { objectOf } from "./parse-object.ts";
import { stageOrder } from "./stage-order.ts";

const graceMsDefault = 500;

/**
 * Reads the form that `definition.ts` shows. A stage without `after` comes after the first one; `grace` is 500ms where
 * nothing is said. Unknown fields are refused: a misspelt `optional` would raise false alarms.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each place at fault
 */
export function parseDefinition(value: unknown): Definition {
  const problems: FieldProblem[] = [];
  const definition = readFields(value, problems);
  if (problems.length === 0) checkWhole(definition, problems);
  const [first] = problems;
  if (first !== undefined) {
    const place = first.field === "" ? "the lifecycle" : first.field;
    throw new MarsError("invalid_argument", `${place} ${first.message}`, { problems });
  }
  return definition;
}

/** Reads a definition that was put: it was good then, and stays readable whatever is refused since. */
export function readDefinition(text: string): Definition {
  return readFields(JSON.parse(text), []);
}

function readFields(value: unknown, problems: FieldProblem[]): Definition {
  const fields = objectOf(value, "", ["stages", "complete_on", "fail_on", "grace"], problems);
  const stages = stagesOf(fields.stages, problems);
  return {
    stages,
    completeOn: namesOf(fields.complete_on, "complete_on", problems),
    failOn: fields.fail_on === undefined ? [] : namesOf(fields.fail_on, "fail_on", problems),
    graceMs:
      fields.grace === undefined
        ? graceMsDefault
        : durationOf(fields.grace, "grace", problems, { zero: true }),
  };
}

function stagesOf(value: unknown, problems: FieldProblem[]): Stage[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > stagesMax) {
    problems.push({ field: "stages", message: `must be a list of 1 to ${stagesMax} stages` });
    return [];
  }
  const stages = value.map((item, index) => stageOf(item, index, problems));
  // What is not said to come after anything comes after the first stage.
  const opening = stages[0]?.events ?? [];
  return stages.map((stage, index) =>
    index > 0 && stage.after.length === 0 ? { ...stage, after: opening } : stage,
  );
}

function stageOf(value: unknown, index: number, problems: FieldProblem[]): Stage {
  const place = `stages[${index}]`;
  const fields = objectOf(value, place, ["event", "any_of", "after", "within", "optional"], problems);
  if ((fields.event === undefined) === (fields.any_of === undefined)) {
    problems.push({ field: place, message: "must have either event or any_of" });
  }
  const events =
    fields.event !== undefined
      ? namesOf([fields.event], `${place}.event`, problems)
      : fields.any_of === undefined
        ? []
        : namesOf(fields.any_of, `${place}.any_of`, problems);
  const after =
    fields.after === undefined
      ? []
      : namesOf(Array.isArray(fields.after) ? fields.after : [fields.after], `${place}.after`, problems);
  if (fields.optional !== undefined && typeof fields.optional !== "boolean") {
    problems.push({ field: `${place}.optional`, message: "must be true or false" });
  }
  if (index === 0) {
    for (const name of ["after", "within", "optional"] as const) {
      if (fields[name] === undefined || fields[name] === false) continue;
      problems.push({
        field: `${place}.${name}`,
        message: "must be absent: the first stage opens a message",
      });
    }
  }
  return {
    events,
    after,
    ...(fields.within !== undefined && { withinMs: durationOf(fields.within, `${place}.within`, problems) }),
    optional: fields.optional === true,
  };
}

/** What can only be told when every part is right by itself. */
function checkWhole({ stages, completeOn, failOn }: Definition, problems: FieldProblem[]): void {
  const owners = new Map<string, number>();
  for (const [index, { events }] of stages.entries()) {
    for (const event of events) {
      const owner = owners.get(event);
      if (owner === undefined) owners.set(event, index);
      else
        problems.push({
          field: `stages[${index}]`,
          message: `must not name ${event}: it belongs to stages[${owner}]`,
        });
    }
  }
  // What is found, and what is counted, is kept by the stage's name.
  const named = new Map<string, number>();
  for (const [index, stage] of stages.entries()) {
    const name = stageName(stage);
    const other = named.get(name);
    if (other === undefined) named.set(name, index);
    else
      problems.push({
        field: `stages[${index}]`,
        message: `must not be called ${name}: stages[${other}] is`,
      });
  }
  for (const [index, { after }] of stages.entries()) {
    for (const event of after) {
      if (owners.has(event)) continue;
      problems.push({
        field: `stages[${index}].after`,
        message: `must name events of stages; ${event} is none`,
      });
    }
  }
  for (const [index, event] of completeOn.entries()) {
    if (owners.has(event)) continue;
    problems.push({
      field: `complete_on[${index}]`,
      message: `must name events of stages; ${event} is none`,
    });
  }
  for (const [index, event] of failOn.entries()) {
    if (!completeOn.includes(event)) continue;
    problems.push({
      field: `fail_on[${index}]`,
      message: `must not name ${event}, which completes a message`,
    });
  }
  if (stages[0]?.events.every((event) => failOn.includes(event))) {
    problems.push({
      field: "fail_on",
      message: "must not name all that opens a message: none would complete",
    });
  }
  if (problems.length > 0) return;
  const { cycle } = stageOrder(stages);
  if (cycle.length === 0) return;
  const names = [...cycle, cycle[0]!].map((index) => stageName(stages[index]!));
  problems.push({
    field: `stages[${cycle[0]}].after`,
    message: `must not lead in a circle: ${names.join(" after ")}`,
  });
}

function namesOf(value: unknown, field: string, problems: FieldProblem[]): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > namesMax) {
    problems.push({ field, message: `must be a list of 1 to ${namesMax} event names` });
    return [];
  }
  const names: string[] = [];
  for (const name of value) {
    const problem =
      typeof name !== "string" || name === ""
        ? "must be event names, which are texts and not empty"
        : textProblem(name, eventBytesMax);
    if (problem !== undefined) problems.push({ field, message: problem });
    else if (names.includes(name)) problems.push({ field, message: `must name ${name} once` });
    else names.push(name);
  }
  return names;
}

function durationOf(
  value: unknown,
  field: string,
  problems: FieldProblem[],
  { zero = false }: { readonly zero?: boolean } = {},
): number {
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  const msMin = zero ? 0 : durationMsMin;
  if (ms !== undefined && ms <= durationMsMax && ms >= msMin) return ms;
  const message = `must be a duration from ${msMin}ms to 30d: a whole number and a unit (ms, s, m, h, d)`;
  problems.push({ field, message });
  return durationMsMax;
}
