/**
 * The ways to install Mars, by the tools of others: the unit by systemd, the chart by helm, the compose file, and what a release is made of. Where they set
 * Mars up, Mars runs as they do.
 *
 *     bun test/deploy/run.ts --binary dist/mars
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../../scripts/release/command.ts";
import { checkChart } from "./chart.ts";
import { checkRelease } from "./release.ts";
import { startAs } from "./start.ts";

const { values } = parseArgs({ options: { binary: { type: "string" } } });
if (values.binary === undefined) throw new Error("--binary is needed");
const binary = resolve(values.binary);
const work = mkdtempSync(join(tmpdir(), "mars-deploy-"));
/** The least of systemd's figure for what a service may do: 10 is everything, 0 nothing. */
const exposureMax = 2;

try {
  checkUnit();
  print("unit: systemd takes it");
  await checkCompose();
  print("compose: Mars starts with its settings");
  print(`chart: ${await checkChart(binary, work)}`);
  print(`release: ${await checkRelease(work)}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function checkUnit(): void {
  const unit = join(work, "mars.service");
  const text = readFileSync("deploy/systemd/mars.service", "utf8");
  Bun.write(unit, text.replaceAll("/usr/local/bin/mars", binary));
  run(["systemd-analyze", "verify", unit]);
  run(["systemd-analyze", "security", "--offline=true", `--threshold=${exposureMax * 10}`, unit]);
}

async function checkCompose(): Promise<void> {
  const { services } = Bun.YAML.parse(readFileSync("deploy/compose.yaml", "utf8")) as {
    services: { mars: { environment: Record<string, string> } };
  };
  const given: Record<string, string> = { MARS_ADMIN_KEY: "a".repeat(32) };
  const env = Object.entries(services.mars.environment).map(([name, text]) => [
    name,
    // Compose's own way to write `$NAME`, its default and its error.
    text.replace(
      /\$\{(\w+):[-?]([^}]*)\}/g,
      (_, variable: string, other: string) => given[variable] ?? other,
    ),
  ]);
  await startAs({ binary, work, env: Object.fromEntries(env), hosts: ["mars:4000", "localhost:4000"] });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
