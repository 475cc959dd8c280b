/** The table of settings in the README, between its two marks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settingsTable as table } from "../../src/config/text.ts";
import type { GeneratedFile } from "./generated-file.ts";

const path = "README.md";
const marks = /(?<=<!-- settings: .* -->\n)[\s\S]*?(?=<!-- end of settings -->)/;

export const settingsTable: GeneratedFile = {
  path,
  text(root) {
    const before = readFileSync(join(root, path), "utf8");
    if (!marks.test(before)) throw new Error(`${path} has lost the marks around its table of settings`);
    return before.replace(marks, () => `\n${table()}\n\n`);
  },
};
