/** The web page: its files, which are part of this code, and the headers that keep it to itself. */
import { createHash } from "node:crypto";
import { embed } from "./embed.ts" with { type: "macro" };

const html = "text/html; charset=utf-8";
const css = "text/css; charset=utf-8";
const script = "text/javascript; charset=utf-8";

/** A macro takes literals only, hence the list. */
const files: ReadonlyMap<string, PageFile> = new Map([
  ["/", pageFile(html, embed("page.html"))],
  ["/search/event", pageFile(html, embed("page.html"))],
  ["/ui/page.css", pageFile(css, embed("page.css"))],
  ["/ui/icon.svg", pageFile("image/svg+xml", embed("icon.svg"))],
  ["/ui/api.js", pageFile(script, embed("api.ts"))],
  ["/ui/connection.js", pageFile(script, embed("connection.ts"))],
  ["/ui/dom.js", pageFile(script, embed("dom.ts"))],
  ["/ui/feed.js", pageFile(script, embed("feed.ts"))],
  ["/ui/home-view.js", pageFile(script, embed("home-view.ts"))],
  ["/ui/message-list.js", pageFile(script, embed("message-list.ts"))],
  ["/ui/message-view.js", pageFile(script, embed("message-view.ts"))],
  ["/ui/page.js", pageFile(script, embed("page.ts"))],
  ["/ui/search-view.js", pageFile(script, embed("search-view.ts"))],
  ["/ui/state.js", pageFile(script, embed("state.ts"))],
  ["/ui/time.js", pageFile(script, embed("time.ts"))],
  ["/ui/timeline.js", pageFile(script, embed("timeline.ts"))],
  ["/ui/views.css", pageFile(css, embed("views.css"))],
]);

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
      "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
      // Message ids stand in the page's address and are nobody else's business.
      "Referrer-Policy": "no-referrer",
    },
  };
}
