/** The page of calls, which Mars serves at `/docs`, as files of the site. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { referencePage } from "../generate/reference-page.ts";
import { root } from "./links.ts";

export async function callsFiles(): Promise<ReadonlyMap<string, string>> {
  const { success, logs, outputs } = await Bun.build({
    entrypoints: [join(root, "src/ui/reference/search.ts")],
    target: "browser",
    minify: true,
  });
  if (!success) throw new AggregateError(logs, "the search of the page of calls cannot be bundled");
  const styles = ["style/tokens.css", "reference/reference.css"].map((path) =>
    readFileSync(join(root, "src/ui", path), "utf8"),
  );
  return new Map([
    ["calls.html", localized(referencePage())],
    ["calls.css", styles.join("\n")],
    ["calls.js", (await outputs[0]?.text()) ?? ""],
  ]);
}

/** With addresses of the site for those of a running Mars. */
function localized(page: string): string {
  const addresses: readonly (readonly [of: string, here: string])[] = [
    ["/ui/icon.svg", "icon.svg"],
    ["/ui/reference.css", "calls.css"],
    ["/ui/reference.js", "calls.js"],
    ["/openapi.json", "openapi.json"],
    ["/docs/index.html", "index.html"],
    ["/", "dashboard.html"],
  ];
  const local = addresses.reduce((text, [of, here]) => text.replaceAll(`="${of}"`, `="${here}"`), page);
  const left = /(?:src|href)="\/[^"]*"/.exec(local)?.[0];
  if (left !== undefined) throw new Error(`the page of calls has ${left}: give it an address of the site`);
  return local;
}
