/** Where the links of a document lead in the site. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { documents, protosPage } from "./contents.ts";
import { createSlugs } from "./slug.ts";

export const root = join(import.meta.dir, "../..");

const names: ReadonlyMap<string, string> = new Map(documents.map(({ source, name }) => [source, name]));

/** The anchor of a proto's file on the page of them all. */
export function protoAnchor(path: string): string {
  return createSlugs()(path.replaceAll(/[/.]/g, "-"));
}

export interface Target {
  /** From the site's root. */
  readonly href: string;
  /** A file of the repository that the site has to have, as it is. */
  readonly file?: string;
}

/**
 * @param source path of the document that has the link
 * @param link as written there
 * @param ending of pages: `.md` where documents link each other as Markdown
 * @returns `undefined` for a link to nothing; anchors are judged once every page is known
 */
export function targetOf(source: string, link: string, ending = ".html"): Target | undefined {
  if (/^[a-z]+:/.test(link)) return { href: link };
  const [path = "", anchor] = link.split("#");
  const suffix = anchor === undefined ? "" : `#${anchor}`;
  const target = path === "" ? source : normalize(join(dirname(source), path)).replace(/\/$/, "");
  const page = names.get(target);
  if (page !== undefined) return { href: `${page}${ending}${suffix}` };
  const file = join(root, target);
  if (target.startsWith("..") || !existsSync(file)) return undefined;
  if (target === "proto" || target.startsWith("proto/")) {
    const place = target.endsWith(".proto") ? `#${protoAnchor(target)}` : "";
    return { href: `${protosPage.name}.html${place}` };
  }
  if (!statSync(file).isFile()) return undefined;
  if (target.startsWith("docs/")) return { href: target.slice("docs/".length) + suffix, file: target };
  return { href: `files/${target}${suffix}`, file: target };
}
