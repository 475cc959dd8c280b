/** The media type that a request gives its body. */
import { MarsError } from "../../core/error.ts";

/** How a body is to be read. */
export type BodyFormat = "json" | "ndjson";

/** One format by the names under which it is sent. */
const ndjsonTypes: ReadonlySet<string> = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonl",
  "application/jsonlines",
  "application/x-jsonlines",
  "application/json-lines",
]);
const utf8Names: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii"]);

/**
 * The format that a `content-type` names. It is required: a browser sends a page's form or plain text to another origin
 * without a preflight request.
 *
 * @throws `MarsError("unsupported_media_type")`
 */
export function bodyFormat(contentType: string | null, formats: readonly BodyFormat[]): BodyFormat {
  // The text of nearly all clients, without a split.
  if (contentType === "application/json") return "json";
  if (contentType === null) throw unsupported(`content-type is required and must be ${expected(formats)}`);
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  const format = formatOf(type);
  if (format === undefined || !formats.includes(format)) {
    throw unsupported(`content-type must be ${expected(formats)}, is ${JSON.stringify(type)}`);
  }
  for (const parameter of parameters) {
    const charset = /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1];
    if (charset !== undefined && !utf8Names.has(charset)) {
      throw unsupported(`charset must be utf-8, is ${JSON.stringify(charset)}`);
    }
  }
  return format;
}

/** For a request that needs no body: a body must be JSON. @throws `MarsError("unsupported_media_type")` */
export function assertNoOtherFormat(contentType: string | null): void {
  if (contentType !== null) bodyFormat(contentType, ["json"]);
}

/** Whether an `accept` asks for lines of JSON. A range such as `*` does not. */
export function acceptsLines(accept: string | null): boolean {
  if (accept === null) return false;
  return accept.split(",").some((range) => ndjsonTypes.has(range.split(";")[0]?.trim().toLowerCase() ?? ""));
}

function expected(formats: readonly BodyFormat[]): string {
  return formats.map((name) => (name === "json" ? "application/json" : "application/x-ndjson")).join(" or ");
}

function formatOf(type: string): BodyFormat | undefined {
  if (type === "application/json" || /^application\/[^/]+\+json$/.test(type)) return "json";
  return ndjsonTypes.has(type) ? "ndjson" : undefined;
}

function unsupported(message: string): MarsError {
  return new MarsError("unsupported_media_type", message);
}
