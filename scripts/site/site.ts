/** The documentation as a site: static files that need nothing from elsewhere. A link or an anchor that leads nowhere is an error. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openApiOf } from "../../src/api/openapi.ts";
import { operations } from "../../src/api/operations.ts";
import { documents, pages, protosPage } from "./contents.ts";
import { framed } from "./frame.ts";
import { root, targetOf } from "./links.ts";
import { type Rendered, render } from "./markdown.ts";
import { protos } from "./protos.ts";

export interface SiteOptions {
  /** Address of the page of calls. */
  readonly calls: string;
  /** What the links of `llms.txt` begin with. */
  readonly base: string;
}

/** By the path in the site. */
export type SiteFiles = ReadonlyMap<string, string | Uint8Array>;

/**
 * @param textOf reads a file by its path in the repository
 * @throws `Error` that names each dead link
 */
export function buildSite({ calls, base }: SiteOptions, textOf = textInRepository): SiteFiles {
  const { version } = JSON.parse(textOf("package.json")) as { version: string };
  const files = new Map<string, string | Uint8Array>();
  const rendered = new Map<string, Rendered>(
    documents.map(({ source }) => [source, render(source, textOf(source))]),
  );
  const proto = protos();
  for (const page of pages) {
    const content = page === protosPage ? { title: page.label, ...proto } : rendered.get(page.source);
    if (content !== undefined) files.set(`${page.name}.html`, framed(page, { ...content, calls, version }));
  }
  for (const { source, name } of documents) files.set(`${name}.md`, relinked(source, textOf(source), ""));
  for (const content of rendered.values())
    for (const [href, path] of content.files) files.set(href, readFileSync(join(root, path)));
  files.set("site.css", textOf("src/ui/style/tokens.css") + textOf("scripts/site/site.css"));
  files.set("icon.svg", textOf("src/ui/icon.svg"));
  files.set("openapi.json", `${JSON.stringify(openApiOf(operations, ""), undefined, 1)}\n`);
  files.set("llms.txt", relinked("llms.txt", textOf("llms.txt"), base));

  const anchors = new Map<string, ReadonlySet<string>>(
    documents.map(({ source, name }) => [`${name}.html`, idsOf(rendered.get(source)?.headings ?? [])]),
  );
  anchors.set(`${protosPage.name}.html`, idsOf(proto.headings));
  const faults = documents.flatMap(({ source }) => {
    const { hrefs = [], dead = [] } = rendered.get(source) ?? {};
    const astray = hrefs.filter((href) => {
      const [path = "", anchor] = href.split("#");
      return anchor !== undefined && anchors.get(path)?.has(anchor) !== true;
    });
    return [...dead, ...astray].map((link) => `${source}: ${link} leads nowhere`);
  });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return files;
}

function idsOf(headings: Rendered["headings"]): ReadonlySet<string> {
  return new Set(headings.map(({ id }) => id));
}

/** The Markdown with the site's addresses in its links. */
function relinked(source: string, text: string, base: string): string {
  return text.replaceAll(/\]\(([^)\s]+)\)/g, (whole, link: string) => {
    const target = targetOf(source, link, ".md");
    if (target === undefined) return whole;
    return /^[a-z]+:/.test(target.href) ? whole : `](${base}${target.href})`;
  });
}

function textInRepository(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
