/**
 * A tool of the MCP server: a question that agents ask, answered by operations with the rights of the caller. Every tool reads; none
 * changes anything.
 */
import * as z from "zod";
import type { Operation } from "../api/operation.ts";
import type { AnswerOf, InputOf, OperationName } from "../api/operation-types.ts";
import { shapeOf } from "../api/schema.ts";
import type { Links } from "./links.ts";

/**
 * Carries out an operation for the caller: in this process, or by a request to a Mars. The answer is that of REST.
 *
 * Rejects with a `MarsError` where it is refused, and with an `Error` where no Mars is reached.
 */
export type Ask = <Name extends OperationName>(
  operation: Operation & { readonly name: Name },
  input: InputOf<Name>,
) => Promise<AnswerOf<Name>>;

export interface ToolContext {
  readonly ask: Ask;
  readonly links: Links;
}

/** An answer before it is bounded. */
export interface ToolAnswer {
  /** In words; names that come from events are quoted. */
  readonly summary: string;
  /** By the tool's output. */
  readonly data: Record<string, unknown>;
}

interface ToolHead {
  readonly name: string;
  readonly title: string;
  /** In plain words: what it answers, when to use it, what to call next. A model chooses by it. */
  readonly description: string;
  readonly input: z.ZodType;
  readonly output: z.ZodObject;
  /** The lists in the answer, by their paths, that are shortened where it is too long: the longest first, from its end. */
  readonly lists: readonly string[];
}

export interface Tool extends ToolHead {
  /** @param input checked */
  answer(context: ToolContext, input: Readonly<Record<string, unknown>>): Promise<ToolAnswer>;
}

export interface ToolDefinition<Input extends z.ZodType> extends ToolHead {
  readonly input: Input;
  answer(context: ToolContext, input: z.input<Input>): Promise<ToolAnswer>;
}

export function tool<Input extends z.ZodType>(definition: ToolDefinition<Input>): Tool {
  return definition as Tool;
}

/** Some fields of an operation's input, as it reads them; their types are not known here, and the operation checks them again. */
export function fieldsOf<Name extends string>(
  { input }: Pick<Operation, "input">,
  names: readonly Name[],
): Record<NoInfer<Name>, z.ZodUnknown> {
  const shape = shapeOf(input);
  return Object.fromEntries(
    names.map((name) => {
      const field = shape[name];
      if (field === undefined) throw new Error(`the operation takes no ${name}`);
      return [name, field];
    }),
  ) as Record<Name, z.ZodUnknown>;
}

/** The address of the dashboard's page for it. */
export const link = z.string().meta({ description: "The dashboard's page for it." });

/** The members of a row that a schema has. */
export function rowOf<Shape extends z.core.$ZodShape>(
  schema: z.ZodObject<Shape>,
  row: object,
): Record<string, unknown> {
  const names = Object.keys(schema.shape);
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}
