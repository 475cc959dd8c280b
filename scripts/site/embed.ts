/**
 * Writes the module that has the site's files, from which Mars serves `/docs/…` and `/llms.txt`. The module is no part of the repository:
 * `npm ci`, `npm start`, `npm test` and `npm run build` make it.
 *
 *     bun scripts/site/embed.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./links.ts";
import { buildSite } from "./site.ts";

/** Mars makes it by itself. */
const servedElsewhere = "openapi.json";

const entries = [...buildSite({ calls: "/docs", base: "/docs/" })]
  .filter(([name]) => name !== servedElsewhere)
  .map(([name, content]) => {
    const bytes = name.endsWith(".webp") ? Buffer.from(content) : gzipSync(content, { level: 9 });
    return `  ${JSON.stringify(name)}: ${JSON.stringify(bytes.toString("base64"))},\n`;
  });
writeFileSync(
  join(root, "src/gen/site-files.ts"),
  `/** The site of the documentation, in base64: pictures as they are, and all else by gzip. Written by scripts/site/embed.ts. */

export const siteFiles: Readonly<Record<string, string>> = {
${entries.join("")}};
`,
);
