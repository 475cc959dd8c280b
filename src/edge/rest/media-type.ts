/** What a body says that it is. */
import { MarsError } from "../../event/error.ts";

/** How a body is to be read. */
export type BodyFormat = "json" | "ndjson";

const ndjsonTypes: ReadonlySet<string> = new Set(["application/x-ndjson", "application/ndjson"]);
const utf8Names: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii"]);

/**
 * Which of the formats a `content-type` means. Absent counts as JSON, since the original's clients send none.
 *
 * @throws `MarsError("unsupported_media_type")`
 */
export function bodyFormat(contentType: string | null, formats: readonly BodyFormat[]): BodyFormat {
  // What nearly every client sends, without a split.
  if (contentType === null || contentType === "application/json") return "json";
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  const format = formatOf(type);
  if (format === undefined || !formats.includes(format)) {
    const expected = formats.map((name) => (name === "json" ? "application/json" : "application/x-ndjson"));
    throw unsupported(`content-type must be ${expected.join(" or ")}, is ${JSON.stringify(type)}`);
  }
  for (const parameter of parameters) {
    const charset = /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1];
    if (charset !== undefined && !utf8Names.has(charset)) {
      throw unsupported(`charset must be utf-8, is ${JSON.stringify(charset)}`);
    }
  }
  return format;
}

function formatOf(type: string): BodyFormat | undefined {
  if (type === "application/json" || /^application\/[^/]+\+json$/.test(type)) return "json";
  return ndjsonTypes.has(type) ? "ndjson" : undefined;
}

function unsupported(message: string): MarsError {
  return new MarsError("unsupported_media_type", message);
}
