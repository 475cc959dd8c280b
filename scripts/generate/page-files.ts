/**
 * Bundles the page into two modules: one with the names of its files, which is loaded at the start, and one with the files, which is
 * loaded at the first request for one. They are no part of the repository: `npm ci`, `npm start`, `npm test` and `npm run build` make it.
 *
 *     bun scripts/generate/page-files.ts
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { referencePage } from "./reference-page.ts";

const root = join(import.meta.dir, "../..");
const directory = join(root, "src/ui");

/** A file as `edge/http/page.ts` serves it, in base64. */
interface PageFile {
  readonly gzip: string;
  readonly brotli: string;
}

interface Bundle {
  /** By the name under `/ui/`; names of scripts and styles have a hash of their contents. */
  readonly files: ReadonlyMap<string, string>;
  /** Scripts that a screen needs beside the page's own, by its path. */
  readonly scripts: Readonly<Record<string, readonly string[]>>;
}

async function bundle(): Promise<Bundle> {
  const result = await Bun.build({
    entrypoints: [join(directory, "main.tsx")],
    target: "browser",
    minify: true,
    splitting: true,
    metafile: true,
    naming: { entry: "main-[hash].[ext]", chunk: "part-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  if (!result.success) throw new AggregateError(result.logs, "the page cannot be bundled");
  const files = new Map<string, string>();
  for (const output of result.outputs) files.set(output.path.replace(/^\.?\//, ""), await output.text());
  // Pages that the server writes by itself have the same styles, by a name that stays.
  const named = (ending: string) =>
    [...files.keys()].find((name) => name.startsWith("main-") && name.endsWith(ending));
  const icon = readFileSync(join(directory, "icon.svg"), "utf8");
  // The page's own has a hash too: the tab and the frame fetch it once.
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  const page = readFileSync(join(directory, "page.html"), "utf8")
    .replace("/ui/main.js", `/ui/${named(".js")}`)
    .replace("/ui/main.css", `/ui/${named(".css")}`)
    .replace("/ui/icon.svg", `/ui/${iconName}`);
  files.set("page.css", files.get(named(".css") ?? "") ?? "");
  files
    .set("reference.html", referencePage())
    .set("reference.css", style("tokens", "../reference/reference"));
  files.set("reference.js", await script("reference/search.ts"));
  files.set("page.html", page).set("icon.svg", icon).set(iconName, icon);
  return { files, scripts: scriptsOfScreens(result.metafile?.outputs ?? {}) };
}

type Outputs = NonNullable<Bun.BuildOutput["metafile"]>["outputs"];

/** By the table of screens in `app.tsx`: without it a browser would find a script only by the one that imports it. */
function scriptsOfScreens(outputs: Outputs): Record<string, string[]> {
  const nameOf = (path: string) => path.replace(/^\.?\//, "");
  const byName = new Map(Object.entries(outputs).map(([path, output]) => [nameOf(path), output]));
  const fileOf = (source: string) =>
    [...byName].find(([name, { entryPoint }]) => name.endsWith(".js") && entryPoint?.endsWith(source))?.[0];
  const withImports = (name: string, found: Set<string>): Set<string> => {
    if (found.has(name) || name.startsWith("main-")) return found;
    found.add(name);
    for (const { kind, path } of byName.get(name)?.imports ?? [])
      if (kind === "import-statement") withImports(nameOf(path), found);
    return found;
  };
  const table = readFileSync(join(directory, "app.tsx"), "utf8").matchAll(
    /"(\/[a-z/]*)": \(\) => import\("\.(\/[^"]+)"\)/g,
  );
  return Object.fromEntries(
    [...table].map(([, path, source]) => {
      const file = fileOf(source!);
      if (file === undefined) throw new Error(`the screen of ${path} has no script`);
      return [path!, [...withImports(file, new Set())]];
    }),
  );
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
    gzip: gzipSync(text, { level: 9 }).toString("base64"),
    brotli: brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).toString("base64"),
  };
}

const { files: bundled, scripts } = await bundle();
const files = [...bundled].sort(([a], [b]) => (a < b ? -1 : 1));
const head = "/** Bundled from src/ui/ by scripts/generate/page-files.ts. */\n\n";
const hashes = files.map(([name, text]) => [
  name,
  createHash("sha256").update(text).digest("base64url").slice(0, 22),
]);
writeFileSync(
  join(root, "src/gen/page-names.ts"),
  `${head}/** A hash of each file of the page, by its name. */
export const pageHashes: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(hashes))};

/** Scripts below \`/ui/\` that a screen needs beside the page's own, by its path. */
export const screenScripts: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(scripts)};
`,
);
const entries = files.map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(packed(text))},\n`);
writeFileSync(
  join(root, "src/gen/page-files.ts"),
  `${head}/** In base64. */
export const pageFiles: Readonly<Record<string, { readonly gzip: string; readonly brotli: string }>> = {
${entries.join("")}};
`,
);
