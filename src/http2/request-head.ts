/** Makes a request of the fields of its header block, and checks it (RFC 9113, 8.1 to 8.3). */
import type { Field } from "./field.ts";

/** By name, in lower case; of a name that comes several times the values are joined. Not to be changed: calls share them. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface RequestHead {
  readonly headers: RequestHeaders;
  /** What `content-length` says; -1 without one. */
  readonly contentBytes: number;
}

const pseudoHeaders = [":method", ":scheme", ":authority", ":path"];

/** `undefined` for a request that is malformed. */
export function requestHead(fields: readonly Field[]): RequestHead | undefined {
  // Without a prototype, as any name may come.
  const headers: Record<string, string> = Object.create(null);
  let regular = false;
  for (const { name, value, malformed } of fields) {
    if (malformed) return undefined;
    if (name.charCodeAt(0) === 0x3a) {
      if (regular || headers[name] !== undefined || !pseudoHeaders.includes(name)) return undefined;
      headers[name] = value;
      continue;
    }
    regular = true;
    const former = headers[name];
    headers[name] = former === undefined ? value : `${former}${name === "cookie" ? "; " : ", "}${value}`;
  }
  const contentBytes = contentLength(headers["content-length"]);
  if (!isComplete(headers) || contentBytes === undefined) return undefined;
  return { headers, contentBytes };
}

/** Whether the fields behind a body may be there. Their values are of no use to anything of this server. */
export function areTrailers(fields: readonly Field[]): boolean {
  return fields.every(({ name, malformed }) => !malformed && name.charCodeAt(0) !== 0x3a);
}

function isComplete(headers: RequestHeaders): boolean {
  const method = headers[":method"];
  const authority = headers[":authority"];
  if (method === undefined || method === "") return false;
  // Userinfo is of old URIs; a browser never sends it (8.3.1).
  if (authority?.includes("@")) return false;
  if (method === "CONNECT") {
    return authority !== undefined && headers[":path"] === undefined && headers[":scheme"] === undefined;
  }
  const path = headers[":path"];
  if (path === undefined || headers[":scheme"] === undefined || headers[":scheme"] === "") return false;
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) return false;
  const { host } = headers;
  return authority === undefined || host === undefined || host.toLowerCase() === authority.toLowerCase();
}

/** -1 without one, `undefined` where it is not a number. Several of them have been joined, and are none. */
function contentLength(value: string | undefined): number | undefined {
  if (value === undefined) return -1;
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
