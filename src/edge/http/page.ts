/** The web page: its files, which are compiled in. */
import { createHash } from "node:crypto";
import { pageFiles } from "../../gen/page-files.ts";
import { pageHeaders } from "./security-headers.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The page itself finds out which view an address means. */
const addresses = ["/", "/search/event"];

const files: ReadonlyMap<string, PageFile> = new Map(
  Object.entries(pageFiles).flatMap(([name, text]) => {
    const file = pageFile(types[name.split(".").at(-1) ?? ""] ?? "", text);
    return (name === "page.html" ? addresses : [`/ui/${name}`]).map((path) => [path, file]);
  }),
);

interface PageFile {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The paths of `servePage`, for a router. */
export const pagePaths: readonly string[] = [...files.keys()];

/**
 * Answers a GET for one of `pagePaths`; 304 where the browser has the file as it is.
 *
 * @returns `undefined` for another path
 */
export function servePage(request: Request): Response | undefined {
  const file = files.get(new URL(request.url).pathname);
  if (file === undefined) return undefined;
  const { text, headers } = file;
  const known = request.headers.get("if-none-match") === headers.ETag;
  if (known) return new Response(null, { status: 304, headers });
  return new Response(text, { headers });
}

function pageFile(type: string, text: string): PageFile {
  const etag = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  return {
    text,
    headers: {
      "Content-Type": type,
      ETag: `"${etag}"`,
      // Asked for again each time, at the price of a 304: an upgraded Mars never meets its older page.
      "Cache-Control": "no-cache",
      ...pageHeaders,
    },
  };
}
