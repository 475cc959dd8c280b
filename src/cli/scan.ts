/** Takes arguments apart into flags with their values, and the rest. */
import { nearest } from "../core/nearest.ts";

export interface Scanned<Flag> {
  readonly flags: readonly {
    readonly flag: Flag;
    /** As it was written. */
    readonly written: string;
    /** Absent where a flag that needs none has none. */
    readonly value: string | undefined;
  }[];
  readonly others: readonly string[];
  /** Sentences, of wrong usage. */
  readonly problems: readonly string[];
}

/**
 * @param known by every name of a flag, with its dashes
 * @param takesValue whether the flag needs a value
 */
export function scan<Flag>(
  args: readonly string[],
  known: ReadonlyMap<string, Flag>,
  takesValue: (flag: Flag) => boolean,
): Scanned<Flag> {
  const flags: { flag: Flag; written: string; value: string | undefined }[] = [];
  const others: string[] = [];
  const problems: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      others.push(...args.slice(i + 1));
      break;
    }
    if (!isFlag(arg)) {
      others.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const written = equals === -1 ? arg : arg.slice(0, equals);
    const flag = known.get(written);
    const next = args[i + 1];
    if (flag === undefined) {
      problems.push(unknown(written, [...known.keys()]));
      // The next argument is most likely the value of the misspelt flag.
      if (equals === -1 && next !== undefined && !isFlag(next)) i++;
    } else if (equals !== -1) {
      flags.push({ flag, written, value: arg.slice(equals + 1) });
    } else if (!takesValue(flag)) {
      flags.push({ flag, written, value: undefined });
    } else if (next === undefined || next.startsWith("--")) {
      problems.push(`${written} needs a value`);
    } else {
      flags.push({ flag, written, value: next });
      i++;
    }
  }
  return { flags, others, problems };
}

/** `-` is stdin. */
function isFlag(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-";
}

function unknown(written: string, names: readonly string[]): string {
  if (written === "--key")
    return "a key is no flag, since `ps` would show it: set MARS_KEY, or give --key-file";
  // Of single letters every one is near.
  return `unknown flag ${written}${written.startsWith("--") ? nearest(written, names) : ""}`;
}
