/**
 * The module that has the files of the page, as a browser takes them: so that the page needs no files beside the program, and
 * no runtime needs to know TypeScript for it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedFile } from "./generated-file.ts";

const directory = "src/ui";
const transpiler = new Bun.Transpiler({ loader: "ts", target: "browser" });

export const pageFiles: GeneratedFile = {
  path: "src/gen/page-files.ts",
  text(root) {
    const names = readdirSync(join(root, directory)).filter((name) => /\.(ts|css|html|svg)$/.test(name));
    const entries = names.sort().map((name) => {
      const text = readFileSync(join(root, directory, name), "utf8");
      return `  ${JSON.stringify(name.replace(/\.ts$/, ".js"))}: ${literal(name.endsWith(".ts") ? script(text) : text)},\n`;
    });
    return `/** Written by npm run generate from ${directory}/. Edit those. */

export const pageFiles: Readonly<Record<string, string>> = {
${entries.join("")}};
`;
  },
};

function script(text: string): string {
  return transpiler.transformSync(text).replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
}

function literal(text: string): string {
  return `\`${text.replace(/[\\`]|\$\{/g, "\\$&")}\``;
}
