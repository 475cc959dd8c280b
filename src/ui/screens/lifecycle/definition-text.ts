/** A lifecycle as the text that is edited, and what the drawing changes in it. */
import type { AnswerOf } from "../../../api/operation-types.ts";

export type Definition = NonNullable<AnswerOf<"getLifecycle">["lifecycle"]>;
export type Stage = Definition["stages"][number];

export const starter: Definition = {
  stages: [{ event: "CREATED" }, { event: "DONE", after: "CREATED", within: "5m" }],
  complete_on: ["DONE"],
  grace: "1s",
};

/** One stage a line: so it is read, and compared, by stages. */
export function textOf({ stages, ...rest }: Definition): string {
  const lines = stages.map((stage) => `    ${lineOf(stage)}`);
  const others = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${lineOf(value)}`);
  return `{\n  "stages": [\n${lines.join(",\n")}\n  ],\n${others.join(",\n")}\n}`;
}

/** Line breaks within names are escaped: those of the text are all between members. */
function lineOf(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
}

/** Absent where it is no JSON, or has no stages: Mars says what else is wrong. */
export function parse(text: string): Definition | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const stages = (value as { stages?: unknown } | null)?.stages;
    return Array.isArray(stages) ? (value as Definition) : undefined;
  } catch {
    return undefined;
  }
}

export function namesOf({ event, any_of, children }: Stage): readonly string[] {
  if (event !== undefined) return [event];
  if (Array.isArray(any_of)) return any_of;
  return children === undefined ? ["?"] : ["children"];
}

export function afterOf({ after = [] }: Stage): readonly string[] {
  return typeof after === "string" ? [after] : after;
}

/** What the form of a stage has. */
export interface StageFields {
  /** Of one event, or of several of which one is enough. */
  readonly names: readonly string[];
  readonly after: readonly string[];
  readonly within: string;
  readonly optional: boolean;
  readonly completes: boolean;
}

export function fieldsOf(definition: Definition, index: number): StageFields {
  const stage = definition.stages[index];
  if (stage === undefined) {
    const before = definition.stages.at(-1);
    return {
      names: [],
      after: before === undefined ? [] : namesOf(before),
      within: "",
      optional: false,
      completes: false,
    };
  }
  const names = namesOf(stage);
  return {
    names,
    after: afterOf(stage),
    within: stage.within ?? "",
    optional: stage.optional ?? false,
    completes: names.some((name) => definition.complete_on?.includes(name)),
  };
}

/**
 * The definition with the stage changed, or added where there is none at the place. Names that change do so everywhere. What the form
 * does not have of the stage stays.
 */
export function withStage(definition: Definition, index: number, fields: StageFields): Definition {
  const { names, after, within, optional, completes } = fields;
  const old = definition.stages[index];
  const { event: _, any_of: __, after: ___, within: ____, optional: _____, ...kept } = old ?? {};
  const stage: Stage = {
    ...(old?.children === undefined && (names.length === 1 ? { event: names[0]! } : { any_of: names })),
    ...kept,
    ...(after.length > 0 && { after: after.length === 1 ? after[0]! : after }),
    ...(within !== "" && { within }),
    ...(optional && { optional }),
  };
  const oldNames = old === undefined ? [] : namesOf(old);
  const renamed = (name: string) =>
    oldNames.length === 1 && name === oldNames[0] ? (names[0] ?? name) : name;
  const others = definition.stages.map((one) => {
    const follows = afterOf(one);
    if (!follows.some((name) => renamed(name) !== name)) return one;
    const next = follows.map(renamed);
    return { ...one, after: next.length === 1 ? next[0]! : next };
  });
  const stages = index < others.length ? others.with(index, stage) : [...others, stage];
  const ends = (definition.complete_on ?? []).filter(
    (name) => !oldNames.includes(name) && !names.includes(name),
  );
  return { ...definition, stages, complete_on: completes ? [...ends, ...names] : ends };
}

/** Stages that came after it come after what it came after. */
export function withoutStage(definition: Definition, index: number): Definition {
  const gone = definition.stages[index];
  if (gone === undefined) return definition;
  const names = namesOf(gone);
  const before = afterOf(gone);
  const stages = definition.stages
    .filter((one) => one !== gone)
    .map((one) => {
      const follows = afterOf(one);
      if (!follows.some((name) => names.includes(name))) return one;
      const next = [...new Set(follows.flatMap((name) => (names.includes(name) ? before : [name])))];
      const { after: _, ...rest } = one;
      if (next.length === 0) {
        const { within: __, ...first } = rest;
        return first;
      }
      return { ...rest, after: next.length === 1 ? next[0]! : next };
    });
  const complete_on = (definition.complete_on ?? []).filter((name) => !names.includes(name));
  return { ...definition, stages, complete_on };
}
