/** What a file declares, checked as far as that needs no Mars. */
import { problemsOf } from "../api/problems.ts";
import type { ConfigFile } from "../config/config-file.ts";
import type { Path } from "../config/yaml.ts";
import type { Json, Kind } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { type Secrets, withSecrets } from "./secrets.ts";

/** One thing: as it should be, or not there. */
export interface Declaration {
  readonly kind: Kind;
  readonly id: string;
  /** Absent: it must not be there. */
  readonly wanted?: { readonly input: Json; readonly shown: unknown };
  /** `mars.yaml:12: rules.stuck.sinks`, for a sentence that goes on with what is wrong with it. */
  place(path: Path): string;
}

/** All that a file declares. */
export interface Declared {
  readonly declarations: readonly Declaration[];
  /** See `ConfigFile`. */
  readonly name?: string;
  readonly prune: boolean;
}

/** In the order in which they are put. Finds all problems of them, not only the first. */
export function readDeclarations(
  file: Pick<ConfigFile, "declared" | "place" | "name" | "prune">,
  secrets: Secrets,
): Declared & { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const declarations = kinds.flatMap((kind) =>
    [...file.declared[kind.name]].flatMap(([id, value]): Declaration[] => {
      const place = (path: Path) => file.place([kind.name, id, ...path]);
      if (value === null || kind.ended?.(value)) return [{ kind, id, place }];
      const { value: filled, problems: unfilled } = withSecrets(kind.name, value, secrets, place);
      problems.push(...unfilled);
      const input = kind.input(id, filled);
      const { success, data, error } = kind.put.input.safeParse(input, { reportInput: true });
      if (success) return [{ kind, id, place, wanted: { input, shown: kind.shown(data) } }];
      for (const { field, message } of problemsOf(error, kind.put.input)) {
        problems.push(`${place(pathOf(field, kind.inputField))} ${message}`);
      }
      return [];
    }),
  );
  const { name, prune } = file;
  return { declarations, ...(name !== undefined && { name }), prune, problems };
}

/** `stages[1].after` is the path `stages`, 1, `after`. */
function pathOf(field: string, ofInput: string | undefined): Path {
  const path = field
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return path[0] === ofInput ? path.slice(1) : path;
}
