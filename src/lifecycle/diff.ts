/**
 * The difference between two definitions, field by field of their JSON, so that it knows every field that users write. Values are
 * texts: names with commas between them, and JSON for what has members of its own.
 */
import { type Definition, type DefinitionJson, definitionToJson, stageName } from "./definition.ts";

/** A field that is not as it was. A value that is `null` is not there. */
export interface FieldChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface StageChange extends FieldChange {
  /** The stage's name in the later definition. */
  readonly stage: string;
}

/** Stages are named by `stageName`. */
export interface DefinitionDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly StageChange[];
  /** Of the lifecycle as a whole: what completes and fails a message, its grace, and so on. */
  readonly fields: readonly FieldChange[];
  /** All of it, a sentence each. Empty where nothing differs. */
  readonly words: readonly string[];
}

type StageJson = DefinitionJson["stages"][number];
type Fields = Readonly<Record<string, unknown>>;
type Whole = keyof DefinitionJson;

/** @param from absent where there was no lifecycle; `to` where it ended */
export function definitionDiff(from: Definition | undefined, to: Definition | undefined): DefinitionDiff {
  const before = stagesOf(from);
  const left = new Map(before);
  const added: [name: string, stage: StageJson][] = [];
  const changed: StageChange[] = [];
  for (const [name, stage] of stagesOf(to)) {
    const former = left.has(name) ? name : sharing(left, stage);
    if (former === undefined) {
      added.push([name, stage]);
      continue;
    }
    const changes = fieldChanges(fieldsOf(left.get(former)!), fieldsOf(stage));
    changed.push(...changes.map((change) => ({ stage: name, ...change })));
    left.delete(former);
  }
  const fields = fieldChanges(wholeOf(from), wholeOf(to));
  const removed = [...left.keys()];
  return {
    added: added.map(([name]) => name),
    removed,
    changed,
    fields,
    words: [
      ...(from === undefined && to !== undefined ? ["the app had no lifecycle"] : []),
      ...(to === undefined && from !== undefined ? ["the lifecycle ended"] : []),
      ...added.map(([name, stage]) => `stage ${name} is new${described(stage)}`),
      ...removed.map((name) => `stage ${name} is gone`),
      ...changed.map(({ stage, ...change }) => `stage ${stage}: ${wordsOf(change)}`),
      ...fields.map(wordsOf),
    ],
  };
}

function stagesOf(definition: Definition | undefined): Map<string, StageJson> {
  if (definition === undefined) return new Map();
  const { stages } = definitionToJson(definition);
  return new Map(definition.stages.map((stage, index) => [stageName(stage), stages[index]!]));
}

/** A stage that got another alternative is the same stage. */
function sharing(stages: ReadonlyMap<string, StageJson>, stage: StageJson): string | undefined {
  const events = eventsOf(stage);
  for (const [name, other] of stages)
    if (eventsOf(other).some((event) => events.includes(event))) return name;
  return undefined;
}

function eventsOf({ event, any_of }: StageJson): readonly string[] {
  return any_of ?? (event === undefined ? [] : [event]);
}

function fieldsOf(stage: StageJson): Fields {
  const { event: _, any_of: __, ...others } = stage;
  return { events: eventsOf(stage), ...others };
}

function wholeOf(definition: Definition | undefined): Fields {
  if (definition === undefined) return {};
  const { stages: _, ...others } = definitionToJson(definition);
  return others;
}

function fieldChanges(from: Fields, to: Fields): FieldChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names
    .map((field) => ({ field, from: textOf(from[field]), to: textOf(to[field]) }))
    .filter(({ field, ...change }) => change.from !== change.to && !sameSet(field, from[field], to[field]));
}

/** Lists of a lifecycle as a whole have no order. Those of a stage do: they name it and its hop. */
const sets: ReadonlySet<string> = new Set(["complete_on", "fail_on", "reopen_on"] satisfies Whole[]);

function sameSet(field: string, from: unknown, to: unknown): boolean {
  if (!sets.has(field) || !Array.isArray(from) || !Array.isArray(to)) return false;
  return new Set(from).symmetricDifference(new Set(to)).size === 0;
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return JSON.stringify(value);
}

function wordsOf({ field, from, to }: FieldChange): string {
  if (from === null) return `${field} is new: ${to}`;
  return to === null ? `${field} is gone, was ${from}` : `${field} is ${to}, was ${from}`;
}

function described(stage: StageJson): string {
  const { events: _, ...fields } = fieldsOf(stage);
  const texts = Object.entries(fields).map(([field, value]) => `${field} ${textOf(value)}`);
  return texts.length === 0 ? "" : `: ${texts.join(", ")}`;
}
