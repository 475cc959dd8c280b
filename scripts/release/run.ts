/**
 * Makes everything of a release: a binary for each platform, packages for npm, a list of what they are made of, and checksums.
 *
 *     bun scripts/release/run.ts [--targets linux-x64,linux-arm64] [--out dist/release]
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root, run } from "./command.ts";
import { type Built, packNpm } from "./npm-packages.ts";
import { createSbom } from "./sbom.ts";
import { targets } from "./target.ts";

const { values } = parseArgs({
  options: { targets: { type: "string" }, out: { type: "string", default: "dist/release" } },
});
const names = values.targets?.split(",") ?? targets.map(({ name }) => name);
const unknown = names.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0)
  throw new Error(`unknown: ${unknown}; there are ${targets.map(({ name }) => name).join(", ")}`);

const out = resolve(values.out);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const built: Built[] = [];
for (const target of targets.filter(({ name }) => names.includes(name))) {
  const directory = join(out, `mars-${version}-${target.name}`);
  const file = join(directory, "mars");
  run([process.execPath, "scripts/build.ts", "--target", target.bun, "--outfile", file]);
  copyFileSync(join(root, "LICENSE"), join(directory, "LICENSE"));
  run(["tar", "-czf", `${directory}.tar.gz`, "-C", out, `mars-${version}-${target.name}`]);
  built.push({ ...target, file });
  print(`mars-${version}-${target.name}.tar.gz`);
}
for (const file of packNpm(version, built, out)) print(file.slice(out.length + 1));
rmSync(join(out, "unpacked"), { recursive: true });
for (const { name } of built) rmSync(join(out, `mars-${version}-${name}`), { recursive: true });
writeFileSync(join(out, `mars-${version}.cdx.json`), createSbom());
const sums = readdirSync(out)
  .sort()
  .map(
    (file) =>
      `${createHash("sha256")
        .update(readFileSync(join(out, file)))
        .digest("hex")}  ${file}\n`,
  );
writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
print("SHA256SUMS");

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
