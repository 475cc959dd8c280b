/** What the checks of bad days have in common: each is a file that exports one, and runs by itself as well. */

export interface FaultCheckOptions {
  /** The numbers of the bar, and not the short form that every CI run makes. */
  readonly full: boolean;
  /** A compiled Mars; without it the source tree runs under Bun. */
  readonly binary?: string;
}

/** Resolves to one line of figures; rejects with what went wrong. */
export type FaultCheck = (options: FaultCheckOptions) => Promise<string>;

/** Reads `[--full] [--binary PATH]`. */
export function readOptions(argv: readonly string[]): FaultCheckOptions {
  const at = argv.indexOf("--binary");
  const binary = at < 0 ? undefined : argv[at + 1];
  return { full: argv.includes("--full"), ...(binary !== undefined && { binary }) };
}

/** Runs a check from the command line; the exit code says whether it held. */
export async function runAlone(run: FaultCheck): Promise<never> {
  process.stdout.write(`${await run(readOptions(process.argv.slice(2)))}\n`);
  process.exit(0);
}
