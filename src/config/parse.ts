/**
 * Parses the settings of `config.ts`. A setting is taken from its flag, else from the environment, else from its default.
 * `…_FILE` (`--…-file`) names a file that holds the value instead. Nothing here touches the process: the caller
 * passes arguments, environment and a way to read files.
 */

import { readAwsEnvironment } from "./aws-environment.ts";
import { crossCheck } from "./check.ts";
import { clientRows } from "./client-settings.ts";
import { rows, settings } from "./config.ts";
import type { Setting } from "./setting.ts";
import { findText, readFlags, refuseUnknownVariables, type Sources } from "./sources.ts";
import type { Config } from "./type.ts";
import { defaultDatabaseUrl, ValueError } from "./values.ts";

/** A setting as `mars config check` shows it. */
export interface EffectiveSetting {
  readonly name: string;
  /** Secrets hidden. */
  readonly value: string;
  /** Where the value came from: `default`, a variable, a flag, a file. */
  readonly source: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly effective: readonly EffectiveSetting[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads, checks and cross-checks every setting. Finds all problems, not only the first. */
export function parseConfig(input: Sources): ConfigResult {
  const problems: string[] = [];
  const flags = readFlags(rows, input.argv, problems);
  refuseUnknownVariables([...rows, ...clientRows], input.env, problems);

  const config: Record<string, unknown> = {};
  const effective: EffectiveSetting[] = [];
  for (const [key, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const { text, source } = findText(setting, flags, input, problems);
    try {
      config[key] = setting.parse(text);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const shown = setting.secret || setting.guarded ? "" : `, is ${JSON.stringify(text)}`;
      problems.push(`${source === "default" ? setting.name : source} ${error.message}${shown}`);
    }
    const value = setting.secret && text !== "" ? "(hidden)" : text;
    effective.push({ name: setting.name, value, source });
  }
  if (problems.length > 0) return { ok: false, problems };

  // Every key of the table has been parsed by its own parser by now.
  const parsed = { ...(config as unknown as Config), aws: readAwsEnvironment(input.env) };
  const complete =
    parsed.databaseUrl === "" ? { ...parsed, databaseUrl: defaultDatabaseUrl(parsed.dataDir) } : parsed;
  problems.push(...crossCheck(complete));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    config: complete,
    effective: effective.map((row) =>
      row.name === settings.databaseUrl.name ? { ...row, value: complete.databaseUrl } : row,
    ),
  };
}
