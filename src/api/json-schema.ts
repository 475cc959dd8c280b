/** The schemas of inputs and answers as JSON Schema, with which they are described: in OpenAPI, and by the command line. */
import * as z from "zod";
import type { Operation } from "./operation.ts";
import { isRead } from "./rest-call.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface ObjectSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

export function inputSchema({ input }: Pick<Operation, "input">): ObjectSchema {
  return schemaOf(input, "input");
}

/** The schema of an answer as it is. */
export function outputSchema({ output }: Pick<Operation, "output">): ObjectSchema {
  return schemaOf(output, "output");
}

/** The schema of the answer over REST, `success` of a change included. */
export function answerSchema({
  output,
  restAnswer,
  rest,
  scope,
}: Pick<Operation, "output" | "restAnswer" | "rest" | "scope">): ObjectSchema {
  const whole = outputSchema({ output });
  const answer: ObjectSchema = restAnswer === undefined ? whole : (whole.properties?.[restAnswer] ?? {});
  if (isRead({ rest, scope }) || answer.properties?.success !== undefined) return answer;
  const { properties, required = [] } = answer;
  return {
    ...answer,
    properties: { success: { const: true }, ...properties },
    required: ["success", ...required],
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): ObjectSchema {
  const options = { io, unrepresentable: "any", reused: "inline", override: describe } as const;
  const { $schema: _, ...rest } = z.toJSONSchema(schema, options);
  return rest as ObjectSchema;
}

/**
 * Adds defaults and examples, which zod omits where a value is transformed. A default is that of the result, and added only
 * where the value as it is given has the same type.
 */
function describe({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const { type, defaultValue } = zodSchema._zod.def as { type: string; defaultValue?: unknown };
  const given = jsonSchema.type === "integer" ? "number" : jsonSchema.type;
  if (type === "default" && typeof defaultValue === given)
    jsonSchema.default = defaultValue as string | number;
  const examples = z.globalRegistry.get(zodSchema as z.ZodType)?.examples;
  if (Array.isArray(examples)) jsonSchema.examples = examples;
}
