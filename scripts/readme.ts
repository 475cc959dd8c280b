/**
 * Writes the table of settings into the README, between its two marks; `--check` only compares.
 *
 *     bun scripts/readme.ts [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { settingsTable } from "../src/config/text.ts";

const path = join(import.meta.dir, "../README.md");
const marks = /(?<=<!-- settings: .* -->\n)[\s\S]*?(?=<!-- end of settings -->)/;

const before = readFileSync(path, "utf8");
if (!marks.test(before)) throw new Error(`${path} has lost the marks around its table of settings`);
const after = before.replace(marks, () => `\n${settingsTable()}\n\n`);
if (after !== before) {
  if (process.argv.includes("--check")) {
    process.stderr.write("README.md does not show the settings as they are: npm run generate\n");
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
  }
}
