/** `bench/RESULTS.md`: when, of which commit, on which machine, and the table; the newest on top. */
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { $ } from "bun";

const file = join(import.meta.dir, "RESULTS.md");
/** Older results are for comparing; what is older still is in git. */
const sectionsMax = 5;

const head = `# Results of the bench

Written by \`npm run bench -- --results\`, the newest on top. Machines differ and are shared: figures that matter are
ratios to the control of the same run.
`;

/** Puts a section of these lines before those that are there. */
export async function writeResults(lines: readonly string[]): Promise<void> {
  const before = (await Bun.file(file).exists()) ? await Bun.file(file).text() : "";
  const older = before.split(/^(?=## )/m).slice(1);
  const sections = [`${await sectionHead()}\n${lines.join("\n")}\n\n`, ...older].slice(0, sectionsMax);
  await Bun.write(file, `${head}\n${sections.join("").trimEnd()}\n`);
}

async function sectionHead(): Promise<string> {
  const root = join(import.meta.dir, "..");
  const commit = (await $`git rev-parse --short HEAD`.cwd(root).text()).trim();
  const changed = (await $`git status --porcelain --untracked-files=no`.cwd(root).text()).trim() !== "";
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 1e9);
  return `## ${new Date().toISOString().slice(0, 10)}, ${commit}${changed ? "-dirty" : ""}

- machine: ${processors[0]?.model ?? "?"}, ${processors.length} cores, ${gigabytes} GB, Linux ${release()}, ${diskOf(root)}
- Bun ${Bun.version}
- \`npm run bench -- ${process.argv.slice(2).join(" ")}\`
`;
}

/** The file system and the device on which `path` is, by the longest mount point that it begins with. */
function diskOf(path: string): string {
  const mounts = readFileSync("/proc/mounts", "latin1")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point]) => point !== undefined && (point === "/" || `${path}/`.startsWith(`${point}/`)));
  const [device, , type] = mounts.sort((a, b) => (a[1]?.length ?? 0) - (b[1]?.length ?? 0)).at(-1) ?? [];
  return `${type ?? "?"} on ${device ?? "?"}`;
}
