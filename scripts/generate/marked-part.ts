/** A part of a page that is generated: it lies between two marks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedFile } from "./generated-file.ts";

export interface MarkedPart {
  /** The word in the marks: `<!-- name: … -->` and `<!-- end of name -->`. */
  readonly name: string;
  /** Markdown. */
  readonly text: () => string;
}

/** @param path of the page, from the root of the project; everything beside the parts is written by hand */
export function pageOf(path: string, parts: readonly MarkedPart[]): GeneratedFile {
  return {
    path,
    text(root) {
      let page = readFileSync(join(root, path), "utf8");
      for (const { name, text } of parts) {
        const marks = new RegExp(`(?<=<!-- ${name}: .* -->\\n)[\\s\\S]*?(?=<!-- end of ${name} -->)`);
        if (!marks.test(page)) throw new Error(`${path} has lost the marks around its ${name}`);
        page = page.replace(marks, () => `\n${text()}\n\n`);
      }
      return page;
    },
  };
}
