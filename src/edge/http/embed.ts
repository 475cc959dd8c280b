/**
 * Run by the bundler, and by Bun when it loads a module, never by Mars itself: the files of `ui/` become part of the
 * code that imports this with `{ type: "macro" }`, so the page needs no files beside the binary and no build of its own.
 */
import { readFileSync } from "node:fs";

/**
 * @param name a file in `src/ui/`; TypeScript comes out as the module a browser runs
 * @returns its text
 */
export function embed(name: string): string {
  const text = readFileSync(new URL(`../../ui/${name}`, import.meta.url), "utf8");
  if (!name.endsWith(".ts")) return text;
  const script = new Bun.Transpiler({ loader: "ts", target: "browser" }).transformSync(text);
  return script.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
}
