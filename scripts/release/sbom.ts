/** What a binary is made of, as CycloneDX: the packages of the lock file that run, and Bun, which runs them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./command.ts";

interface Bom {
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

interface Component {
  readonly name: string;
  readonly "bom-ref": string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

export function createSbom(): string {
  // npm's `--omit=dev` also omits what runs, where a tool has the same package in another version.
  const bom: Bom = JSON.parse(run(["npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only"]));
  const tools = new Set(bom.components.filter(isTool).map((one) => one["bom-ref"]));
  bom.components = bom.components.filter((one) => !isTool(one));
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => !tools.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => !tools.has(one)) }));
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const bun = `bun@${devDependencies.bun}`;
  const platform = { type: "platform", name: "bun", version: devDependencies.bun, purl: `pkg:npm/${bun}` };
  bom.components.push({ ...platform, "bom-ref": bun });
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function isTool({ properties = [] }: Component): boolean {
  return properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
}
