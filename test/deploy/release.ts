/** What a release is made of: each binary is for its platform, the checksums are right, and npm runs the one for this machine. */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../../scripts/release/command.ts";
import { targets } from "../../scripts/release/target.ts";

/** The first bytes of a binary, as `file` would read them: elf(5), and Apple's mach-o/loader.h. */
const machines: Readonly<Record<string, (header: Buffer) => boolean>> = {
  "linux-x64": (header) => isElf(header, 0x3e) && interpreterOf(header).includes("ld-linux-x86-64"),
  "linux-x64-musl": (header) => isElf(header, 0x3e) && interpreterOf(header).includes("ld-musl-x86_64"),
  "linux-arm64": (header) => isElf(header, 0xb7) && interpreterOf(header).includes("ld-linux-aarch64"),
  "linux-arm64-musl": (header) => isElf(header, 0xb7) && interpreterOf(header).includes("ld-musl-aarch64"),
  "darwin-x64": (header) => isMachO(header, 0x01000007),
  "darwin-arm64": (header) => isMachO(header, 0x0100000c),
};

/** @throws where something of it is not so */
export async function checkRelease(work: string): Promise<string> {
  const out = join(work, "release");
  run([process.execPath, "scripts/release/run.ts", "--out", out]);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const { name } of targets) {
    const directory = `mars-${version}-${name}`;
    run(["tar", "-xzf", join(out, `${directory}.tar.gz`), "-C", work]);
    if (machines[name]?.(headerOf(join(work, directory, "mars"))) !== true)
      throw new Error(`${name} is for another machine`);
  }
  checkSums(out);
  checkSbom(readFileSync(join(out, `mars-${version}.cdx.json`), "utf8"));
  checkNpm(work, out, version);
  return `${targets.length} binaries, each for its machine; npx runs Mars`;
}

function checkSums(out: string): void {
  const lines = readFileSync(join(out, "SHA256SUMS"), "utf8").trim().split("\n");
  const files = readdirSync(out).filter((file) => file !== "SHA256SUMS");
  if (lines.length !== files.length) throw new Error(`${lines.length} checksums of ${files.length} files`);
  for (const line of lines) {
    const [sum = "", file = ""] = line.split("  ");
    const own = createHash("sha256")
      .update(readFileSync(join(out, file)))
      .digest("hex");
    if (own !== sum) throw new Error(`the checksum of ${file} is another`);
  }
}

function checkSbom(text: string): void {
  const { components } = JSON.parse(text) as { components: { name: string }[] };
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = new Set(components.map(({ name }) => name));
  const missing = [...Object.keys(dependencies), "bun"].filter((name) => !named.has(name));
  if (named.has("typescript")) throw new Error("the SBOM has tools");
  if (missing.length > 0) throw new Error(`the SBOM lacks ${missing}`);
}

/** As a user of npm who has the packages from the registry. */
function checkNpm(work: string, out: string, version: string): void {
  const place = join(work, "npx");
  mkdirSync(place);
  const own = `mars-events-mars-${process.platform}-${process.arch}-${version}.tgz`;
  const packages = [own, `mars-events-mars-${version}.tgz`].map((file) => join(out, file));
  run(["npm", "install", "--no-audit", "--no-fund", "--omit=optional", "--prefix", place, ...packages], {
    cwd: place,
  });
  const said = run(["npx", "--offline", "mars", "--version"], { cwd: place });
  if (!said.includes(version)) throw new Error(`npx mars --version says ${said}`);
}

function headerOf(file: string): Buffer {
  const header = Buffer.alloc(4096);
  const fd = openSync(file, "r");
  readSync(fd, header);
  closeSync(fd);
  return header;
}

function isElf(header: Buffer, machine: number): boolean {
  return header.readUInt32BE(0) === 0x7f454c46 && header.readUInt16LE(18) === machine;
}

function interpreterOf(header: Buffer): string {
  return header.toString("latin1");
}

function isMachO(header: Buffer, cpu: number): boolean {
  return header.readUInt32LE(0) === 0xfeedfacf && header.readUInt32LE(4) === cpu;
}
