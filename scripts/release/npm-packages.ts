/**
 * Mars as packages of npm: one for each platform that holds the binary, and one that names them all as optional, of which npm installs the
 * one for the machine: `npx @mars-events/mars`.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./command.ts";
import type { Target } from "./target.ts";

const scope = "@mars-events";

export interface Built extends Target {
  /** Its binary. */
  readonly file: string;
}

/** @returns the packed files, in `directory` */
export function packNpm(version: string, built: readonly Built[], directory: string): string[] {
  const shared = {
    version,
    license: "MIT",
    repository: { type: "git", url: "git+https://github.com/mars-events/mars.git" },
  };
  const platforms = built.map(({ name, os, cpu, libc, file }) =>
    pack(
      directory,
      {
        name: nameOf(name),
        description: `The binary of Mars for ${name}`,
        ...shared,
        os: [os],
        cpu: [cpu],
        ...(libc !== undefined && { libc: [libc] }),
        files: ["mars"],
      },
      (place) => {
        copyFileSync(file, join(place, "mars"));
        chmodSync(join(place, "mars"), 0o755);
      },
    ),
  );
  const launcher = pack(
    directory,
    {
      name: `${scope}/mars`,
      description:
        "Where is message X, what has happened to it, and what should have happened by now and has not?",
      ...shared,
      type: "module",
      bin: { mars: "mars.js" },
      files: ["mars.js"],
      engines: { node: ">=20" },
      optionalDependencies: Object.fromEntries(built.map(({ name }) => [nameOf(name), version])),
    },
    (place) => copyFileSync(join(root, "scripts/release/launcher.js"), join(place, "mars.js")),
  );
  return [...platforms, launcher];
}

function nameOf(platform: string): string {
  return `${scope}/mars-${platform}`;
}

function pack(
  directory: string,
  manifest: Readonly<Record<string, unknown>> & { readonly name: string },
  fill: (place: string) => void,
): string {
  const place = join(directory, "unpacked", manifest.name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, "LICENSE"), join(place, "LICENSE"));
  fill(place);
  const packed = run(["npm", "pack", "--silent", "--pack-destination", directory], { cwd: place });
  return join(directory, packed.trim());
}
