/**
 * Where the text of a setting comes from: flags, the environment, files. Knows the settings' names and nothing of
 * their values.
 */
import { nearest } from "../core/nearest.ts";
import { isCollectVariable } from "./collect-variables.ts";

/** The properties of a setting that the sources use. */
export interface Named {
  /** `MARS_…`. */
  readonly name: string;
  readonly alias?: string;
  readonly default: string;
  readonly unit?: string;
}

/** The unit of what is on or off: its flag without a value means on. */
const switchUnit = "1 or 0";

export interface Sources {
  /** The flags, without the command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Returns a file's text; throws where it cannot. */
  readFile(path: string): string;
  /** The settings of the configuration file, by the names of variables, `…_FILE` included. */
  readonly fileSettings?: ReadonlyMap<string, FileSetting> | undefined;
}

/** A setting as the configuration file has it. */
export interface FileSetting {
  readonly text: string;
  /** The file, the line and the member. */
  readonly source: string;
}

/** The text of a setting and where it came from: `default`, a variable, a flag, a file. */
export interface Found {
  readonly text: string;
  readonly source: string;
}

export function flagOf(name: string): string {
  return `--${name
    .replace(/^MARS_/, "")
    .replaceAll("_", "-")
    .toLowerCase()}`;
}

export interface Flag {
  /** As it was written. */
  readonly flag: string;
  readonly value: string;
}

/** The flags that were given, by setting name, `_FILE` included. */
export function readFlags(
  rows: readonly Named[],
  argv: readonly string[],
  problems: string[],
): Map<string, Flag> {
  const names = new Map(
    rows.flatMap(({ name }) => [name, `${name}_FILE`]).map((name) => [flagOf(name), name]),
  );
  const switches = new Set(rows.filter(({ unit }) => unit === switchUnit).map(({ name }) => name));
  const flags = new Map<string, Flag>();
  for (let i = 0; i < argv.length; i++) {
    const [written = "", ...rest] = (argv[i] ?? "").split("=");
    const name = names.get(written);
    if (name === undefined) {
      problems.push(
        `unknown ${written.startsWith("-") ? "flag" : "argument"} ${written}${nearest(written, [...names.keys()])}`,
      );
      // The next argument is most likely the value of the misspelt flag.
      if (rest.length === 0 && argv[i + 1]?.startsWith("-") === false) i++;
      continue;
    }
    let value = rest.length > 0 ? rest.join("=") : argv[++i];
    if (value === undefined || (rest.length === 0 && value.startsWith("--"))) {
      i--;
      value = switches.has(name) ? "1" : undefined;
    }
    if (value === undefined) {
      problems.push(`${written} needs a value`);
    } else if (flags.has(name)) {
      problems.push(`${written} is given twice`);
    } else {
      flags.set(name, { flag: written, value });
    }
  }
  return flags;
}

/** Flag before variable before alias before configuration file before default; of all but the alias a file may hold the value. */
export function findText(
  { name, alias, default: preset }: Named,
  flags: ReadonlyMap<string, Flag>,
  { env, readFile, fileSettings }: Sources,
  problems: string[],
): Found {
  const fileName = `${name}_FILE`;
  const fromFile = (path: string, source: string) => {
    try {
      return { text: readFile(path).replace(/(\r?\n)+$/, ""), source: `${source} (${path})` };
    } catch (error) {
      problems.push(`${source} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return { text: preset, source: "default" };
    }
  };

  const flag = flags.get(name);
  const fileFlag = flags.get(fileName);
  if (flag !== undefined && fileFlag !== undefined) {
    problems.push(`${flag.flag} and ${fileFlag.flag} are both given: keep one of them`);
  }
  if (flag !== undefined) return { text: flag.value, source: flag.flag };
  if (fileFlag !== undefined) return fromFile(fileFlag.value, fileFlag.flag);

  // An empty variable counts as absent: that is what `X=${X}` in a compose file makes of an unset X.
  const value = env[name] || undefined;
  const file = env[fileName] || undefined;
  if (value !== undefined && file !== undefined) {
    problems.push(`${name} and ${fileName} are both set: keep one of them`);
  }
  if (value !== undefined) return { text: value, source: name };
  if (file !== undefined) return fromFile(file, fileName);
  const aliased = alias === undefined ? undefined : env[alias] || undefined;
  if (alias !== undefined && aliased !== undefined) return { text: aliased, source: alias };

  const member = fileSettings?.get(name);
  const memberFile = fileSettings?.get(fileName);
  if (member !== undefined && memberFile !== undefined) {
    problems.push(`${member.source} and ${memberFile.source} are both set: keep one of them`);
  }
  if (member !== undefined) return member;
  if (memberFile !== undefined) return fromFile(memberFile.text, memberFile.source);
  return { text: preset, source: "default" };
}

/** A misspelt variable would silently leave its setting at the default. */
export function refuseUnknownVariables(
  rows: readonly Named[],
  env: Sources["env"],
  problems: string[],
): void {
  const known = new Set(rows.flatMap(({ name }) => [name, `${name}_FILE`]));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("MARS_") || known.has(name) || isServiceLink(name, value ?? "")) continue;
    if (isCollectVariable(name)) continue;
    problems.push(`unknown variable ${name}${nearest(name, [...known])}`);
  }
}

/** Kubernetes puts the address of every service into the environment of every pod, and ours may be called mars. */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value))
  );
}
