/** What a file declares, checked as far as that needs no Mars. */
import { problemsOf } from "../api/problems.ts";
import type { ConfigFile } from "../config/config-file.ts";
import type { Path } from "../config/yaml.ts";
import type { Json, Kind } from "./kind.ts";
import { kinds } from "./kinds.ts";

/** One thing: as it should be, or not there. */
export interface Declaration {
  readonly kind: Kind;
  readonly id: string;
  /** Absent: it must not be there. */
  readonly wanted?: { readonly input: Json; readonly shown: unknown };
  /** `mars.yaml:12: rules.stuck.sinks`, for a sentence that goes on with what is wrong with it. */
  place(path: Path): string;
}

/** Where values come from that the file only names. */
export interface Secrets {
  readonly env: Readonly<Record<string, string | undefined>>;
  readFile(path: string): string;
}

/** In the order in which they are put. Finds all problems of them, not only the first. */
export function readDeclarations(
  file: Pick<ConfigFile, "declared" | "place">,
  secrets: Secrets,
): { readonly declarations: readonly Declaration[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const declarations = kinds.flatMap((kind) =>
    [...file.declared[kind.name]].flatMap(([id, value]): Declaration[] => {
      const place = (path: Path) => file.place([kind.name, id, ...path]);
      if (value === null) return [{ kind, id, place }];
      const filled = kind.name === "sinks" ? withSecrets(value, secrets, place, problems) : value;
      const input = kind.input(id, filled);
      const { success, data, error } = kind.put.input.safeParse(input, { reportInput: true });
      if (success) return [{ kind, id, place, wanted: { input, shown: kind.shown(data) } }];
      for (const { field, message } of problemsOf(error, kind.put.input)) {
        problems.push(`${place(pathOf(field, kind.inputField))} ${message}`);
      }
      return [];
    }),
  );
  return { declarations, problems };
}

/** `stages[1].after` is the path `stages`, 1, `after`. */
function pathOf(field: string, ofInput: string | undefined): Path {
  const path = field
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return path[0] === ofInput ? path.slice(1) : path;
}

/** Values of a sink that may be `{ env: NAME }` or `{ file: PATH }`: a file in a repository has no secrets. */
const secretMembers = ["url", "secret", "key"];

function withSecrets(value: unknown, secrets: Secrets, place: Declaration["place"], problems: string[]) {
  if (typeof value !== "object" || value === null) return value;
  const fill =
    (path: Path) =>
    ([name, one]: [string, unknown]) => [name, secretOf(one, secrets, place([...path, name]), problems)];
  const entries = Object.entries(value).map(([name, one]: [string, unknown]) => {
    if (secretMembers.includes(name)) return fill([])([name, one]);
    if (name !== "headers" || typeof one !== "object" || one === null) return [name, one];
    return [name, Object.fromEntries(Object.entries(one).map(fill([name])))];
  });
  return Object.fromEntries(entries);
}

function secretOf(value: unknown, { env, readFile }: Secrets, place: string, problems: string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [[from, name] = [], ...more] = Object.entries(value);
  if (more.length > 0 || typeof name !== "string" || (from !== "env" && from !== "file")) {
    problems.push(`${place} must be a text, { env: NAME } or { file: PATH }`);
    return "";
  }
  if (from === "env") {
    const text = env[name];
    if (!text) problems.push(`${place} names the variable ${name}, which is not set`);
    return text ?? "";
  }
  try {
    return readFile(name).replace(/(\r?\n)+$/, "");
  } catch (error) {
    problems.push(`${place} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return "";
  }
}
