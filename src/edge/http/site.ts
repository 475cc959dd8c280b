/**
 * The documentation at `/docs/…`, and `/llms.txt`: files that are compiled in, and loaded at the first request for one. It has no data of
 * Mars', and needs no key.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { acceptsCoding } from "./coding.ts";
import { pageHeaders } from "./security-headers.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  webp: "image/webp",
  md: "text/markdown; charset=utf-8",
  json: "application/json",
};
const plain = "text/plain; charset=utf-8";

/** The paths of `serveSite`, for a router. */
export const sitePaths = ["/docs/*", "/llms.txt"] as const;

/**
 * Answers a GET for one of `sitePaths`; 304 where the browser has the file as it is.
 *
 * @returns `undefined` where there is no such file
 */
export async function serveSite(request: Request): Promise<Response | undefined> {
  const { siteFiles } = await import("../../gen/site-files.ts");
  const name = nameOf(new URL(request.url).pathname);
  const stored = Object.hasOwn(siteFiles, name) ? siteFiles[name] : undefined;
  if (stored === undefined) return undefined;
  const ending = name.split(".").at(-1) ?? "";
  const headers = {
    "Content-Type": types[ending] ?? plain,
    ETag: `"${createHash("sha256").update(stored).digest("base64url").slice(0, 22)}"`,
    // An upgraded Mars never meets its older documentation.
    "Cache-Control": "no-cache",
    ...pageHeaders,
  };
  const coded = ending === "webp" ? {} : { Vary: "Accept-Encoding" };
  if (request.headers.get("if-none-match") === headers.ETag)
    return new Response(null, { status: 304, headers: { ...headers, ...coded } });
  const bytes = Buffer.from(stored, "base64");
  if (ending === "webp") return new Response(bytes, { headers });
  return acceptsCoding(request.headers.get("accept-encoding") ?? "", "gzip")
    ? new Response(bytes, { headers: { ...headers, ...coded, "Content-Encoding": "gzip" } })
    : new Response(gunzipSync(bytes), { headers: { ...headers, ...coded } });
}

function nameOf(path: string): string {
  const name = path.replace(/^\/(?:docs\/)?/, "");
  return name === "" ? "index.html" : name;
}
