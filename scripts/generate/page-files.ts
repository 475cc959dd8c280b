/**
 * Bundles the page into the module that has its files, each as it is and compressed. The module is no part of the repository:
 * `npm ci`, `npm start`, `npm test` and `npm run build` make it.
 *
 *     bun scripts/generate/page-files.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { referencePage } from "./reference-page.ts";

const root = join(import.meta.dir, "../..");
const directory = join(root, "src/ui");

/** A file as `edge/http/page.ts` serves it. */
interface PageFile {
  readonly text: string;
  /** In base64. */
  readonly gzip: string;
  readonly brotli: string;
}

/** By the name under `/ui/`; names of scripts and styles have a hash of their contents. */
async function bundle(): Promise<Map<string, string>> {
  const result = await Bun.build({
    entrypoints: [join(directory, "main.tsx")],
    target: "browser",
    minify: true,
    splitting: true,
    naming: { entry: "main-[hash].[ext]", chunk: "part-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  if (!result.success) throw new AggregateError(result.logs, "the page cannot be bundled");
  const files = new Map<string, string>();
  for (const output of result.outputs) files.set(output.path.replace(/^\.?\//, ""), await output.text());
  // Pages that the server writes by itself have the same styles, by a name that stays.
  const named = (ending: string) =>
    [...files.keys()].find((name) => name.startsWith("main-") && name.endsWith(ending));
  const page = readFileSync(join(directory, "page.html"), "utf8")
    .replace("/ui/main.js", `/ui/${named(".js")}`)
    .replace("/ui/main.css", `/ui/${named(".css")}`);
  files.set("page.css", files.get(named(".css") ?? "") ?? "");
  files
    .set("reference.html", referencePage())
    .set("reference.css", style("tokens", "../reference/reference"));
  files.set("reference.js", await script("reference/search.ts"));
  return files.set("page.html", page).set("icon.svg", readFileSync(join(directory, "icon.svg"), "utf8"));
}

function style(...names: readonly string[]): string {
  return names.map((name) => readFileSync(join(directory, "style", `${name}.css`), "utf8")).join("\n");
}

/** A script by itself, which imports nothing. */
async function script(path: string): Promise<string> {
  const { success, logs, outputs } = await Bun.build({
    entrypoints: [join(directory, path)],
    target: "browser",
    minify: true,
  });
  if (!success) throw new AggregateError(logs, `${path} cannot be bundled`);
  return (await outputs[0]?.text()) ?? "";
}

function packed(text: string): PageFile {
  return {
    text,
    gzip: gzipSync(text, { level: 9 }).toString("base64"),
    brotli: brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).toString("base64"),
  };
}

const files = [...(await bundle())].sort(([a], [b]) => (a < b ? -1 : 1));
const entries = files.map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(packed(text))},\n`);
writeFileSync(
  join(root, "src/gen/page-files.ts"),
  `/** Bundled from src/ui/ by scripts/generate/page-files.ts. */

export const pageFiles: Readonly<Record<string, { readonly text: string; readonly gzip: string; readonly brotli: string }>> = {
${entries.join("")}};
`,
);
