/** The events that make up a stage, as a field of an input; and the other spelling of them, the stage's name. */
import type * as z from "zod";
import { appIdBytesMax, eventBytesMax } from "../core/limits.ts";
import { nameOfEvents } from "../core/stage-name.ts";
import { textProblem } from "../core/validate.ts";
import { namesMax } from "../lifecycle/definition.ts";
import { type FieldOptions, field, type Reading } from "./fields.ts";

const listOfNames = `must be a list of 1 to ${namesMax} event names`;
export const nameMeta = { type: "string", minLength: 1 };
export const namesMeta = {
  type: "array",
  items: nameMeta,
  minItems: 1,
  maxItems: namesMax,
  uniqueItems: true,
};

/** Bytes of the name by which a lifecycle calls an event: that of another app has the app's before it. */
export const stageNameBytesMax = appIdBytesMax + 1 + eventBytesMax;

/** A list of event names, of which none is there twice. */
export function eventNames(options: NameOptions = {}) {
  return field(namesMeta, (value) => readNames(value, options), { absent: listOfNames, ...options });
}

export interface NameOptions extends FieldOptions {
  /** Of one name. Default: those of an event's own. */
  readonly bytesMax?: number;
}

/** One event's name, or several in a list. */
export function nameOrNames(meta: Readonly<Record<string, unknown>>, options: NameOptions = {}) {
  return field(meta, (value) => readNames(Array.isArray(value) ? value : [value], options), options);
}

function readNames(value: unknown, { bytesMax = eventBytesMax }: NameOptions): Reading<readonly string[]> {
  if (!Array.isArray(value) || value.length === 0 || value.length > namesMax) return { problem: listOfNames };
  const names = new Set<string>();
  for (const name of value) {
    const problem =
      typeof name !== "string" || name === ""
        ? "must be event names, which are texts and not empty"
        : textProblem(name, bytesMax);
    if (problem !== undefined) return { problem };
    if (names.has(name)) return { problem: `must name ${name} once` };
    names.add(name);
  }
  return { value: [...names] };
}

/** A stage by its events; the parameter may be given several times. */
export const stageEvents = nameOrNames(
  { ...namesMeta, description: "The stage by its events: instead of its name." },
  { bytesMax: stageNameBytesMax },
).optional();

/** The name of a stage that is given by name or by its events, or by both where they agree, as answers have them. */
export function stageNamed(
  field: string,
  name: string | undefined,
  events: readonly string[] | undefined,
  { issues }: Pick<z.core.ParsePayload, "issues">,
): string | undefined {
  if (events === undefined) return name;
  const named = nameOfEvents(events);
  if (name !== undefined && name !== named) {
    const message = `is another one than ${field}: give one of them`;
    issues.push({ code: "custom", path: [`${field}_events`], message, input: events });
  }
  return named;
}
