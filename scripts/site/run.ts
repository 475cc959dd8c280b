/**
 * Builds the site of the documentation: static HTML with everything that it needs.
 *
 *     npm run site [-- --out dist/site]
 *
 * Ends with 1, and names each link that leads nowhere.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { callsFiles } from "./calls.ts";
import { root } from "./links.ts";
import { buildSite } from "./site.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: "dist/site" } } });
const out = resolve(root, values.out);

try {
  const files = new Map([...buildSite({ calls: "calls.html", base: "" }), ...(await callsFiles())]);
  rmSync(out, { recursive: true, force: true });
  let bytes = 0;
  for (const [name, content] of files) {
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    bytes += content.length;
  }
  process.stdout.write(
    `${relative(process.cwd(), out)}: ${files.size} files, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );
} catch (error) {
  process.stderr.write(`site: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
