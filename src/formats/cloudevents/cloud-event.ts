/** A CloudEvent, whichever way it came. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
import type { FieldProblem } from "../../core/error.ts";

export interface CloudEvent {
  /** Its context attributes, extensions too, by their names. */
  readonly attributes: ReadonlyMap<string, unknown>;
  /** A JSON value, or a text; `undefined` for none. */
  readonly data: unknown;
  /** In base64, where it is neither; empty for none. */
  readonly dataBase64: string;
}

const required = ["specversion", "id", "source", "type"];
/** The names that a producer may give an attribute. */
const namePattern = /^[a-z0-9]+$/;

/** @returns the event, or what is wrong with it */
export function cloudEventFrom(
  attributes: ReadonlyMap<string, unknown>,
  content: Pick<CloudEvent, "data" | "dataBase64">,
): CloudEvent | readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const field of required) {
    const value = attributes.get(field);
    if (value === undefined || value === null) problems.push({ field, message: "is required" });
    else if (typeof value !== "string") problems.push({ field, message: "must be a string" });
    else if (value === "") problems.push({ field, message: "must not be empty" });
    else if (field === "specversion" && value !== "1.0") {
      problems.push({ field, message: 'must be "1.0"' });
    }
  }
  return problems.length > 0 ? problems : { attributes, ...content };
}

/** The event of a JSON object, by the JSON format. Members with other names than an attribute may have are ignored. */
export function cloudEventFromJson(value: unknown): CloudEvent | readonly FieldProblem[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ field: "", message: "must be a JSON object with specversion, id, source and type" }];
  }
  const { data, data_base64: dataBase64, ...others } = value as Readonly<Record<string, unknown>>;
  if (dataBase64 !== undefined && typeof dataBase64 !== "string") {
    return [{ field: "data_base64", message: "must be a string" }];
  }
  if (dataBase64 !== undefined && data !== undefined) {
    return [{ field: "data_base64", message: "excludes data" }];
  }
  const attributes = new Map(
    Object.entries(others).filter(([name, member]) => namePattern.test(name) && member !== null),
  );
  return cloudEventFrom(attributes, { data, dataBase64: dataBase64 ?? "" });
}
