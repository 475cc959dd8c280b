/** The database driver's native part for a platform, of the version and with the checksum that the lock file has. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "./command.ts";

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
}

/** Unpacks it into `node_modules` unless it is there: npm installs no package of another platform. @throws where its checksum differs */
export function installAddon(addon: string): void {
  const name = `@libsql/${addon}`;
  const place = join(root, "node_modules", name);
  if (existsSync(join(place, "index.node"))) return;
  const { packages }: Locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json has no ${name}`);
  const work = mkdtempSync(join(tmpdir(), "mars-addon-"));
  try {
    const packed = run(["npm", "pack", "--silent", `${name}@${locked.version}`], { cwd: work }).trim();
    const file = join(work, packed);
    const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
    if (integrity !== locked.integrity)
      throw new Error(`${name} is not what package-lock.json names: ${integrity}`);
    mkdirSync(place, { recursive: true });
    run(["tar", "-xzf", file, "-C", place, "--strip-components=1"]);
  } finally {
    rmSync(work, { recursive: true });
  }
}
