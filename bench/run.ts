/**
 * `npm run bench [-- NAME…]`: the compiled Mars beside servers that do the least that the protocol demands, in the same run
 * and in turns, because machines differ and are shared: what counts is the ratio. NAME is a scenario or a group of them
 * (`grpc`). Exit code 1 when an event was lost or doubled, or a tool failed; a missed bar is reported and is no failure.
 *
 *     --rounds N     turns of each (default 3)
 *     --seconds N    length of a turn (default: 5, and longer where the scenario says so)
 *     --binary PATH  the compiled program (default dist/mars)
 *     --messages N   in the aged database (default 10,000,000), which is kept in .cache/bench
 *     --results      write the table into bench/RESULTS.md
 *     --list         name the scenarios and end
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { Bench } from "./bench.ts";
import { assertInstalled } from "./load/tool.ts";
import { assertLinux } from "./process.ts";
import { writeResults } from "./results.ts";
import { rowText, tableHead } from "./scenario.ts";
import { chooseScenarios } from "./scenarios.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
    if (options.list) {
      for (const { name } of options.chosen) say(name);
      return 0;
    }
    assertLinux();
    assertInstalled(options.chosen.flatMap(({ tools }) => tools));
    if (!existsSync(options.binary)) throw new Error(`${options.binary} is not there: npm run build`);
  } catch (error) {
    process.stderr.write(`bench: ${messageOf(error)}\n`);
    return 2;
  }
  return (await run(options)) ? 0 : 1;
}

/** Whether nothing failed. */
async function run({ chosen, results, ...options }: ReturnType<typeof readOptions>): Promise<boolean> {
  const bench = new Bench(options);
  // Nothing of ours stays behind, neither processes nor gigabytes.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      bench.close();
      process.exit(1);
    });
  }
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
    say(line);
  };
  const faults: string[] = [];
  print(tableHead);
  try {
    for (const scenario of chosen) {
      try {
        const outcome = await scenario.run(bench);
        for (const row of outcome.rows) print(rowText(row));
        faults.push(...outcome.faults);
      } catch (error) {
        faults.push(`${scenario.name}: ${messageOf(error)}`);
        bench.endChildren();
      }
    }
  } finally {
    bench.close();
  }
  if (faults.length > 0) print("");
  for (const fault of faults) print(`FAIL ${fault}`);
  if (results) await writeResults(lines);
  return faults.length === 0;
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string" },
      binary: { type: "string", default: "dist/mars" },
      messages: { type: "string", default: "10000000" },
      results: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const { binary, results, list, seconds } = values;
  return {
    binary,
    results,
    list,
    chosen: chooseScenarios(positionals),
    rounds: wholeNumber("--rounds", values.rounds),
    messages: wholeNumber("--messages", values.messages),
    ...(seconds !== undefined && { seconds: wholeNumber("--seconds", seconds) }),
  };
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${flag} is ${JSON.stringify(text)} and has to be a whole number, at least 1`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
