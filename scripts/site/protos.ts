/** The page of protos: each file as it is, under a heading of its path. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { escaped } from "./html.ts";
import { protoAnchor, root } from "./links.ts";
import type { Heading } from "./markdown.ts";

export interface Protos {
  readonly html: string;
  readonly headings: readonly Heading[];
}

export function protos(): Protos {
  // The original's first, then Mars' own, then those of others.
  const order = (path: string) => ["proto/event", "proto/mars"].findIndex((start) => path.startsWith(start));
  const paths = [...new Glob("proto/**/*.proto").scanSync(root)].sort(
    (a, b) => ((order(a) + 3) % 3) - ((order(b) + 3) % 3) || (a < b ? -1 : 1),
  );
  const headings = paths.map((path) => ({ depth: 2, id: protoAnchor(path), html: escaped(path) }));
  const parts = headings.map(
    ({ id, html }, n) =>
      `<h2 id="${id}">${html}</h2>\n<pre tabindex="0"><code>${escaped(readFileSync(join(root, paths[n] ?? ""), "utf8"))}</code></pre>`,
  );
  const introduction =
    "<p>A running Mars has these by reflection: <code>grpcurl -plaintext 127.0.0.1:4025 list</code>.</p>";
  return { html: `<h1 id="protos">Protos</h1>\n${introduction}\n${parts.join("\n")}`, headings };
}
