/** Looks into schemas: which names an input has. */
import * as z from "zod";

/** The members of an object, with or without defaults and transformations around it; none where it is no object. */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  return unwrapped(schema)?.shape ?? {};
}

/** The names that the object at this place of an input may have. */
export function namesAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    if (at === undefined) return [];
    at = typeof step === "number" ? unwrapped(at)?.element : shapeOf(at)[String(step)];
  }
  return at === undefined ? [] : Object.keys(shapeOf(at));
}

/** The members that are arrays, of which a query may give several. */
export function listNames(schema: z.core.$ZodType): ReadonlySet<string> {
  const members = Object.entries(shapeOf(schema));
  return new Set(members.filter(([, member]) => jsonType(member) === "array").map(([name]) => name));
}

/** The members that are objects of texts, of which a query gives one member at a time: `NAME.MEMBER=text`. */
export function mapNames(schema: z.core.$ZodType): ReadonlySet<string> {
  const members = Object.entries(shapeOf(schema));
  return new Set(members.filter(([, member]) => jsonType(member) === "object").map(([name]) => name));
}

function jsonType(schema: z.core.$ZodType): unknown {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).type;
}

interface Structure {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
}

function unwrapped(schema: z.core.$ZodType): Structure | undefined {
  let structure = schema._zod.def as Structure;
  while (structure.shape === undefined && structure.element === undefined) {
    const inner = structure.innerType ?? structure.in;
    if (inner === undefined) return undefined;
    structure = inner._zod.def as Structure;
  }
  return structure;
}
