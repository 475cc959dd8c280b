/** A JSON Schema as rows of a table, and an example of what it takes. */

// biome-ignore lint/suspicious/noExplicitAny: a schema is looked into by path
export type Schema = any;

export interface SchemaRow {
  /** `stages[].event` */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** Deeper members are named by the type of the one that has them. */
const depthMax = 4;

/** A row for each member, those of members included. */
export function rowsOf(schema: Schema, prefix = "", depth = 0): SchemaRow[] {
  if (depth >= depthMax) return [];
  const required: readonly string[] = schema.required ?? [];
  return Object.entries<Schema>(schema.properties ?? {}).flatMap(([key, member]) => {
    const name = prefix + key;
    const inside = member.items ?? member;
    const dots = member.items === undefined ? "." : "[].";
    return [
      { name, type: typeOf(member), required: required.includes(key), description: member.description ?? "" },
      ...rowsOf(objectIn(inside), name + dots, depth + 1),
    ];
  });
}

/** Of one that may be null or several things: that which has members. */
function objectIn(schema: Schema): Schema {
  if (schema.properties !== undefined) return schema;
  return (schema.anyOf ?? []).find((one: Schema) => one.properties !== undefined) ?? {};
}

/** `integer, 1 to 1000, default 100` */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.join(" | ");
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === undefined && schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  const base = [schema.type ?? "any"].flat().join(" or ");
  return [base, ...boundsOf(schema)].join(", ");
}

function boundsOf({ format, minimum, maximum, maxLength, default: given }: Schema): string[] {
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return [
    ...(format === undefined ? [] : [format]),
    ...(minimum === undefined ? [] : [bounded ? `${minimum} to ${maximum}` : `at least ${minimum}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(given === undefined ? [] : [`default ${given}`]),
  ];
}

/** What the schema takes, with what is required alone. */
export function exampleOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  const [first] = [...(schema.examples ?? []), ...(schema.enum ?? [])];
  if (first !== undefined) return first;
  if (schema.default !== undefined) return schema.default;
  if (schema.type === "array") return [exampleOf(schema.items ?? {})];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  if (schema.type === "boolean") return true;
  if (schema.properties !== undefined) {
    const required: readonly string[] = schema.required ?? [];
    return Object.fromEntries(required.map((name) => [name, exampleOf(schema.properties[name])]));
  }
  return schema.type === "object" ? {} : "…";
}
