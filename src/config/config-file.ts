/**
 * The configuration file: settings by their names, and what is declared beside them (`declared/`). Nothing here touches
 * the process.
 */
import { nearest } from "../core/nearest.ts";
import { rows, settings } from "./config.ts";
import { type FileSetting, findText, readFlags, type Sources } from "./sources.ts";
import type { Path } from "./yaml.ts";

/** The members of the file beside `settings`: what is in each by its id, or by its app. */
export const declaredKinds = [
  "attributes",
  "retention",
  "calendars",
  "sinks",
  "rules",
  "silences",
  "lifecycles",
  "sources",
  "views",
  "collectors",
  "keys",
] as const;

export type DeclaredKind = (typeof declaredKinds)[number];

/** By kind and id, in the order of the file. `null`: it must not be there. */
export type DeclaredValues = Readonly<Record<DeclaredKind, ReadonlyMap<string, unknown>>>;

export interface ConfigFile {
  /** As it was given. */
  readonly path: string;
  /** By their names in the environment, `…_FILE` included. */
  readonly settings: ReadonlyMap<string, FileSetting>;
  readonly declared: DeclaredValues;
  /** By which Mars keeps a record of what the file declares; absent where it keeps none. */
  readonly name?: string;
  /** Whether what is on record and no longer in the file is removed. */
  readonly prune: boolean;
  /** `mars.yaml:12: sinks.ops.url`, for a sentence that goes on with what is wrong with it. */
  place(path: Path): string;
}

export type FileResult =
  | { readonly ok: true; readonly file: ConfigFile }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Of the file. */
const namePattern = /^[A-Za-z0-9._-]{1,64}$/;

/** A file of thousands of rules has some hundred KB. */
const bytesMax = 4 * 1024 * 1024;

/** The path of the file by its flag or variable; empty for none. `parseConfig` finds problems of these. */
function configPath(sources: Sources): string {
  return findText(settings.configFile, readFlags(rows, sources.argv, []), sources, []).text;
}

export type WithFile =
  | { readonly ok: true; readonly sources: Sources; readonly file: ConfigFile | undefined }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The sources, with the settings of the file that they name. */
export async function withNamedFile(sources: Sources): Promise<WithFile> {
  const read = await readNamedFile(sources);
  if (read === undefined) return { ok: true, sources, file: undefined };
  return read.ok
    ? { ok: true, sources: { ...sources, fileSettings: read.file.settings }, file: read.file }
    : read;
}

/** Reads the file that flag or variable names; nothing where there is none. */
async function readNamedFile(sources: Sources): Promise<FileResult | undefined> {
  const path = configPath(sources);
  if (path === "") return undefined;
  try {
    return await parseConfigFile(path, sources.readFile(path));
  } catch (error) {
    return { ok: false, problems: [`the configuration file cannot be read: ${messageOf(error)}`] };
  }
}

/** Finds all problems of its form, not only the first. What is declared is checked by `declared/`. */
export async function parseConfigFile(path: string, text: string): Promise<FileResult> {
  if (Buffer.byteLength(text) > bytesMax)
    return { ok: false, problems: [`${path} must have at most ${bytesMax} bytes`] };
  const { parseYaml } = await import("./yaml.ts");
  const yaml = parseYaml(text);
  if ("problem" in yaml) return { ok: false, problems: [`${path}:${yaml.line}: ${yaml.problem}`] };
  const place = (at: Path) => `${path}:${yaml.lineOf(at)}${at.length === 0 ? "" : `: ${nameOf(at)}`}`;
  const problems: string[] = [];
  const members = membersOf(yaml.value, [], place, problems);
  const known: readonly string[] = ["name", "prune", "settings", ...declaredKinds];
  for (const name of members.keys()) {
    if (known.includes(name)) continue;
    const instead = nearest(name, known) || `: there are ${known.join(", ")}`;
    problems.push(`${place([name])} is not known${instead}`);
  }
  const { name, prune } = { name: members.get("name"), prune: members.get("prune") ?? false };
  if (name !== undefined && !(typeof name === "string" && namePattern.test(name)))
    problems.push(`${place(["name"])} must be 1 to 64 of A-Z a-z 0-9 . _ -`);
  if (typeof prune !== "boolean") problems.push(`${place(["prune"])} must be true or false`);
  else if (prune && name === undefined)
    problems.push(`${place(["prune"])} needs a name beside it, by which what the file declares is on record`);
  const file: ConfigFile = {
    path,
    ...(typeof name === "string" && { name }),
    prune: prune === true,
    settings: settingsOf(members.get("settings"), place, problems),
    declared: declaredOf(members, place, problems),
    place,
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, file };
}

function settingsOf(
  value: unknown,
  place: ConfigFile["place"],
  problems: string[],
): Map<string, FileSetting> {
  const names = new Map(
    rows
      .flatMap(({ name }) => [name, `${name}_FILE`])
      .filter((name) => !name.startsWith(settings.configFile.name))
      .map((name) => [name.replace(/^MARS_/, "").toLowerCase(), name]),
  );
  const found = new Map<string, FileSetting>();
  for (const [key, one] of membersOf(value, ["settings"], place, problems)) {
    const name = names.get(key);
    const source = place(["settings", key]);
    const text = textOf(one);
    if (name === undefined) {
      problems.push(`${source} is not known${nearest(key, [...names.keys()])}`);
    } else if (text === undefined) {
      problems.push(`${source} must be a text, a number, true, false, or a list of these`);
    } else if (text !== "") {
      found.set(name, { text, source });
    }
  }
  return found;
}

/** A value as a variable has it; empty for null, which is as good as absent. */
function textOf(value: unknown): string | undefined {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(textOf);
  return texts.includes(undefined) ? undefined : texts.join(",");
}

function declaredOf(
  members: ReadonlyMap<string, unknown>,
  place: ConfigFile["place"],
  problems: string[],
): DeclaredValues {
  const entries = declaredKinds.map((kind) => [kind, membersOf(members.get(kind), [kind], place, problems)]);
  return Object.fromEntries(entries) as DeclaredValues;
}

/** An absent or empty value has none. */
function membersOf(
  value: unknown,
  path: Path,
  place: ConfigFile["place"],
  problems: string[],
): Map<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (typeof value === "object" && !Array.isArray(value)) return new Map(Object.entries(value));
  problems.push(`${place(path)}${path.length === 0 ? ":" : ""} must have members, such as name: value`);
  return new Map();
}

/** `rules.stuck.sinks[0]`. */
function nameOf(path: Path): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
