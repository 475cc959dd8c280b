/**
 * Runs the checks of bad days one after another and prints a line of figures for each.
 *
 *     npm run test:faults -- [--full] [--binary dist/mars] [name…]
 */
import { type FaultCheck, readOptions } from "./fault-check.ts";

/** By the name under which one can be asked for; each is a file of this folder that exports `run`. */
const checks: readonly string[] = [
  // One a line.
  "bombs",
  "clock",
  "doors",
  "greedy",
  "journal",
  "lifecycles",
  "pause",
  "poison",
  "overload",
  "pages",
  "readers",
  "rot",
  "shares",
  "sign-in",
  "two-mars",
];

const argv = process.argv.slice(2);
const options = readOptions(argv);
const asked = argv.filter((arg) => !arg.startsWith("--") && arg !== options.binary);
const unknown = asked.filter((name) => !checks.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such check: ${unknown.join(", ")}; there are ${checks.join(", ")}\n`);
  process.exit(2);
}

let failures = 0;
for (const name of asked.length > 0 ? asked : checks) {
  const { run } = (await import(`./${name}.ts`)) as { run: FaultCheck };
  const start = performance.now();
  try {
    const figures = await run(options);
    process.stdout.write(`ok     ${name} (${seconds(start)} s): ${figures}\n`);
  } catch (error) {
    failures += 1;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`FAILED ${name} (${seconds(start)} s): ${reason}\n`);
  }
}
process.exit(failures === 0 ? 0 : 1);

function seconds(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(1);
}
