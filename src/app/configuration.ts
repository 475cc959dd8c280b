/** The whole configuration of a Mars: settings, and what its file declares. Read at the start, and again at SIGHUP. */
import { withNamedFile } from "../config/config-file.ts";
import { type ConfigResult, type EffectiveSetting, parseConfig } from "../config/parse.ts";
import type { Sources } from "../config/sources.ts";
import type { Declared } from "../declared/declaration.ts";

export type ReadConfiguration =
  | (Extract<ConfigResult, { ok: true }> & { readonly declared: Declared })
  | Extract<ConfigResult, { ok: false }>;

export async function readConfiguration(sources: Sources): Promise<ReadConfiguration> {
  const read = await withNamedFile(sources);
  if (!read.ok) return read;
  const result = parseConfig(read.sources);
  if (!result.ok || read.file === undefined) return result.ok ? { ...result, declared: nothing } : result;
  // The schemas of the operations are loaded where there is something to check.
  if (read.file.name === undefined && Object.values(read.file.declared).every(({ size }) => size === 0))
    return { ...result, declared: nothing };
  const { readDeclarations } = await import("../declared/declaration.ts");
  const { problems, ...declared } = readDeclarations(read.file, sources);
  return problems.length > 0 ? { ok: false, problems } : { ...result, declared };
}

const nothing: Declared = { declarations: [], prune: false };

/** The names of settings that are others now. Values that are hidden, in files of their own, are not compared. */
export function otherSettings(
  before: readonly EffectiveSetting[],
  now: readonly EffectiveSetting[],
): readonly string[] {
  const known = new Map(before.map(({ name, value }) => [name, value]));
  return now.filter(({ name, value }) => known.get(name) !== value).map(({ name }) => name);
}
