/** The whole configuration of a Mars: settings, and what its file declares. Read at the start, and again at SIGHUP. */
import type { EnvironmentCollector } from "../brokers/consumer-host.ts";
import { isCollectVariable } from "../config/collect-variables.ts";
import { withNamedFile } from "../config/config-file.ts";
import { type ConfigResult, type EffectiveSetting, parseConfig } from "../config/parse.ts";
import type { Sources } from "../config/sources.ts";
import type { Declared } from "../declared/declaration.ts";
import type { ReadCollectors } from "./collector-files.ts";
import type { EnvironmentCollectors } from "./environment-collectors.ts";

export type ReadConfiguration =
  | (Extract<ConfigResult, { ok: true }> & {
      readonly declared: Declared;
      /** Those that the environment defines. */
      readonly collectors: readonly EnvironmentCollector[];
    })
  | Extract<ConfigResult, { ok: false }>;

export async function readConfiguration(sources: Sources): Promise<ReadConfiguration> {
  const read = await withNamedFile(sources);
  if (!read.ok) return read;
  const parsed = parseConfig(read.sources);
  if (!parsed.ok) return parsed;
  const unfit: string[] = [];
  const { collectors, effective } = await environmentCollectors(sources, unfit);
  if (unfit.length > 0) return { ok: false, problems: unfit };
  const result = { ...parsed, collectors, effective: [...parsed.effective, ...effective] };
  if (read.file === undefined) return { ...result, declared: nothing };
  // The schemas of the operations are loaded where there is something to check.
  if (read.file.name === undefined && Object.values(read.file.declared).every(({ size }) => size === 0))
    return { ...result, declared: nothing };
  const { readDeclarations } = await import("../declared/declaration.ts");
  const { problems, ...declared } = readDeclarations(read.file, sources);
  return problems.length > 0 ? { ok: false, problems } : { ...result, declared };
}

/** Reads the collectors that the environment defines, without the rest of the configuration. */
export async function readCollectors(sources: Sources): Promise<ReadCollectors> {
  const problems: string[] = [];
  const { collectors } = await environmentCollectors(sources, problems);
  return { collectors, problems };
}

/** What reads them is loaded where there are some. */
async function environmentCollectors(sources: Sources, problems: string[]): Promise<EnvironmentCollectors> {
  if (!Object.keys(sources.env).some(isCollectVariable)) return { collectors: [], effective: [] };
  const { readEnvironmentCollectors } = await import("./environment-collectors.ts");
  return readEnvironmentCollectors(sources, problems);
}

const nothing: Declared = { declarations: [], prune: false };

/** The names of settings that are others now, and hold behind a restart. Values that are hidden, in files of their own, are not compared. */
export function otherSettings(
  before: readonly EffectiveSetting[],
  now: readonly EffectiveSetting[],
): readonly string[] {
  const known = new Map(before.map(({ name, value }) => [name, value]));
  return now
    .filter(({ name, value }) => known.get(name) !== value && !isCollectVariable(name))
    .map(({ name }) => name);
}
