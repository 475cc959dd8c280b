/** What is around each page of the site: the navigation, the headings of the page, the pages before and after it. */
import { groups, pages, type SitePage } from "./contents.ts";
import { escaped } from "./html.ts";
import type { Heading } from "./markdown.ts";

export interface FrameOptions {
  /** Of the page's content. */
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** Address of the page of calls. */
  readonly calls: string;
  readonly version: string;
}

export function framed(page: SitePage, { title, html, headings, calls, version }: FrameOptions): string {
  const href = ({ name }: SitePage) => (name === "calls" ? calls : `${name}.html`);
  const link = (one: SitePage) =>
    `<a href="${href(one)}"${one === page ? ' aria-current="page"' : ""}>${escaped(one.label)}</a>`;
  const navigation = groups.map(
    ([group, members]) =>
      `<h2>${group}</h2><ul>${members.map((one) => `<li>${link(one)}</li>`).join("")}</ul>`,
  );
  const own = headings.filter(({ depth }) => depth === 2 || depth === 3);
  const contents = own.map(
    ({ depth, id, html: heading }) =>
      `<li class="depth-${depth}"><a href="#${id}">${heading.replaceAll(/<\/?a\b[^>]*>/g, "")}</a></li>`,
  );
  const place = pages.indexOf(page);
  const [before, after] = [pages[place - 1], pages[place + 1]];
  const name = title.replaceAll(/<[^>]*>/g, "");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name === "Mars" ? "Mars: documentation" : `${name} · Mars`}</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="site.css">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<header><a class="home" href="index.html">Mars</a> <span>documentation, version ${escaped(version)}</span>
<span class="jumps">${own.length === 0 ? "" : '<a href="#contents">On this page</a> '}<a href="#pages">All pages</a></span></header>
<div class="columns">
<main id="main">
${html}
<p class="around">${before === undefined ? "" : `<span>Before: ${link(before)}</span>`}${after === undefined ? "" : `<span>Next: ${link(after)}</span>`}</p>
</main>
${own.length === 0 ? "" : `<nav id="contents" aria-label="On this page"><h2>On this page</h2><ul>${contents.join("")}</ul></nav>`}
<nav id="pages" aria-label="Pages">${navigation.join("")}</nav>
</div>
</body>
</html>
`;
}
