/** The custom headers of a webhook as users write them: a name at fault is reported by its place, and no value ever is. */
import * as z from "zod";
import { headersMax, headerValueBytesMax, type SinkHeaders } from "../alerting/sink.ts";

const nameBytesMax = 64;
/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const printable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Names of Mars, or of the connection (RFC 9110 section 7.6.1), or that would change how the request or its answer is read: a receiver
 * or a proxy could take a part of the body for another request.
 */
const reserved: ReadonlySet<string> = new Set([
  "host",
  "user-agent",
  "connection",
  "proxy-connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  "accept-encoding",
]);
const reservedPrefixes = ["content-", "webhook-"];

/** Text by name. */
export const sinkHeaders = z
  .unknown()
  .transform((value, context): SinkHeaders => {
    const report = (path: string[], message: string) =>
      context.issues.push({ code: "custom", path, message, input: undefined });
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      report([], "must be an object of texts by name");
      return z.NEVER;
    }
    const entries = Object.entries(value);
    if (entries.length > headersMax) {
      report([], `must be at most ${headersMax}, are ${entries.length}`);
      return z.NEVER;
    }
    const names = new Set<string>();
    for (const [name, text] of entries) {
      const folded = name.toLowerCase();
      const problem = nameProblem(folded, names) ?? valueProblem(text);
      if (problem !== undefined) report([name.slice(0, nameBytesMax).toWellFormed()], problem);
      names.add(folded);
    }
    return Object.fromEntries(entries) as SinkHeaders;
  })
  .meta({
    type: "object",
    additionalProperties: { type: "string", minLength: 1, maxLength: headerValueBytesMax },
    maxProperties: headersMax,
    description:
      "Of a webhook: sent with every notification. Absent: kept; the same for a value that is `(hidden)`.",
  });

function nameProblem(name: string, before: ReadonlySet<string>): string | undefined {
  if (!token.test(name) || name.length > nameBytesMax) {
    return `must have the name of a header, of at most ${nameBytesMax} characters`;
  }
  if (reserved.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix))) {
    return "must not be set: Mars or HTTP sets it";
  }
  return before.has(name) ? "must be there once: names are the same in any case" : undefined;
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a string";
  if (value.length > headerValueBytesMax) {
    return `must be at most ${headerValueBytesMax} bytes, has ${value.length}`;
  }
  return printable.test(value) ? undefined : "must be printable ASCII without spaces at its ends";
}
