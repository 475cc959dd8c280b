/** A document as HTML: headings with ids, links to where their targets are in the site, pictures with their size. */
import { join } from "node:path";
import { Marked, type Tokens } from "marked";
import { escaped } from "./html.ts";
import { root, targetOf } from "./links.ts";
import { pictureOf } from "./picture.ts";
import { createSlugs } from "./slug.ts";

export interface Heading {
  readonly depth: number;
  readonly id: string;
  readonly html: string;
}

export interface Rendered {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** From the site's root, with their anchors; those of other sites are not among them. */
  readonly hrefs: readonly string[];
  /** Paths of files in the repository that it shows or links to, by their address in the site. */
  readonly files: ReadonlyMap<string, string>;
  /** Links that lead nowhere, as written. */
  readonly dead: readonly string[];
}

/** @param source path of the document in the repository */
export function render(source: string, text: string): Rendered {
  const headings: Heading[] = [];
  const hrefs: string[] = [];
  const files = new Map<string, string>();
  const dead: string[] = [];
  const slug = createSlugs();

  function hrefOf(link: string): string {
    const target = targetOf(source, link);
    if (target === undefined) {
      dead.push(link);
      return "";
    }
    if (target.file !== undefined) files.set(target.href.replace(/#.*$/, ""), target.file);
    else if (!/^[a-z]+:/.test(target.href)) hrefs.push(target.href);
    return target.href;
  }

  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: heading }: Tokens.Heading) {
        const id = slug(heading);
        const html = this.parser.parseInline(tokens);
        headings.push({ depth, id, html });
        return `<h${depth} id="${id}">${html}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escaped(hrefOf(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text: alt }: Tokens.Image) {
        const address = hrefOf(href);
        const file = files.get(address);
        if (file === undefined) return "";
        for (const look of ["-dark", "-narrow"]) {
          const other = targetOf(source, href.replace(/\.webp$/, `${look}.webp`));
          if (other?.file !== undefined) files.set(other.href, other.file);
        }
        return `<a href="${escaped(address)}">${pictureOf(join(root, file), address, alt)}</a>`;
      },
      // Long lines and wide tables scroll, by keyboard too.
      code({ text: code }: Tokens.Code) {
        return `<pre tabindex="0"><code>${escaped(code)}</code></pre>\n`;
      },
      table(token: Tokens.Table) {
        const head = token.header.some(({ text: cell }) => cell !== "")
          ? `<thead><tr>${token.header.map(({ tokens }) => `<th scope="col">${this.parser.parseInline(tokens)}</th>`).join("")}</tr></thead>`
          : "";
        const rows = token.rows.map(
          (row) =>
            `<tr>${row.map(({ tokens }) => `<td>${this.parser.parseInline(tokens)}</td>`).join("")}</tr>`,
        );
        return `<div class="table" tabindex="0"><table>${head}<tbody>${rows.join("\n")}</tbody></table></div>\n`;
      },
      // Comments for the tools of the repository.
      html: () => "",
    },
  });
  const html = marked.parse(text, { async: false });
  const title = headings.find(({ depth }) => depth === 1)?.html ?? source;
  return { title, html, headings, hrefs, files, dead };
}
