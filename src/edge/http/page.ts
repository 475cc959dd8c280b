/** The web page: its files, which are compiled in, and loaded at the first request for one. */
import { gunzipSync } from "node:zlib";
import { pageHashes, screenScripts } from "../../gen/page-names.ts";
import { acceptsCoding } from "./coding.ts";
import { pageHeaders } from "./security-headers.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The addresses of the page's screens. The page itself finds out which one an address means. */
const screens = [
  "/",
  "/search/event",
  "/stuck",
  "/messages",
  "/tail",
  "/findings",
  "/flow",
  "/latency",
  "/lifecycles",
  "/incidents",
  "/alerts",
  "/sources",
  "/system",
];

/** The files of pages, by their addresses; every other one is below `/ui/`. */
const pages: Readonly<Record<string, readonly string[]>> = {
  "page.html": screens,
  "reference.html": ["/docs"],
};

interface PageFile {
  /** Among the files that are compiled in. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

const files: ReadonlyMap<string, PageFile> = new Map(
  Object.entries(pageHashes).flatMap(([name, hash]) => {
    const file = { name, headers: headersOf(name, hash) };
    return (pages[name] ?? [`/ui/${name}`]).map((path) => [path, withLinks(file, path)]);
  }),
);

/** The first read of the start page, which begins before its script has come. */
const firstRead = "</api/overview>; rel=preload; as=fetch; crossorigin=anonymous";

/** Of the files that every screen needs, first: a browser has few connections. */
function ownLinks(): readonly string[] {
  const own = Object.keys(pageHashes).filter((name) => name.startsWith("main-"));
  return [
    ...own.map(
      (name) => `</ui/${name}>; ${name.endsWith(".css") ? "rel=preload; as=style" : "rel=modulepreload"}`,
    ),
    "</api/sign-in>; rel=preload; as=fetch; crossorigin=anonymous",
  ];
}

function withLinks(file: PageFile, path: string): PageFile {
  if (!screens.includes(path)) return file;
  const scripts = (screenScripts[path] ?? []).map((name) => `</ui/${name}>; rel=modulepreload`);
  return { ...file, headers: { ...file.headers, Link: [...ownLinks(), ...scripts].join(", ") } };
}

/** The start page for who may read; another `ETag`, for a browser keeps the links with the page. */
function withFirstRead({ headers, ...file }: PageFile): PageFile {
  return {
    ...file,
    headers: { ...headers, ETag: headers.ETag!.replace(/"$/, '-r"'), Link: `${headers.Link}, ${firstRead}` },
  };
}

/** The paths of `servePage`, for a router. */
export const pagePaths: readonly string[] = [...files.keys()];

/**
 * Answers a GET for one of `pagePaths`; 304 where the browser has the file as it is. Its `Link` says what the browser needs next.
 *
 * @param mayRead whether the request has the rights of a reader
 * @returns `undefined` for another path
 */
export async function servePage(request: Request, mayRead: () => boolean): Promise<Response | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  const found = files.get(pathname);
  if (found === undefined) return undefined;
  const { name, headers } =
    pathname === "/" && !searchParams.has("range") && mayRead() ? withFirstRead(found) : found;
  if (request.headers.get("if-none-match") === headers.ETag) {
    return new Response(null, { status: 304, headers });
  }
  const { pageFiles } = await import("../../gen/page-files.ts");
  const { gzip, brotli } = pageFiles[name]!;
  const accepted = request.headers.get("accept-encoding") ?? "";
  // The smaller one first.
  const coding = ["br", "gzip"].find((one) => acceptsCoding(accepted, one));
  if (coding === undefined) return new Response(gunzipSync(Buffer.from(gzip, "base64")), { headers });
  const body = Buffer.from(coding === "br" ? brotli : gzip, "base64");
  return new Response(body, { headers: { ...headers, "Content-Encoding": coding } });
}

function headersOf(name: string, hash: string): Readonly<Record<string, string>> {
  return {
    "Content-Type": types[name.split(".").at(-1) ?? ""] ?? "",
    ETag: `"${hash}"`,
    Vary: "Accept-Encoding",
    // What has a hash in its name never changes. The page is asked for again each time, at the price of a 304: an upgraded Mars never
    // meets its older page.
    "Cache-Control": /-\w{6,}\./.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    ...pageHeaders,
  };
}
