/** The table of settings in words: for `mars --help`, `mars config check` and the reference. */
import { rows } from "./config.ts";
import type { EffectiveSetting } from "./parse.ts";
import type { Setting } from "./setting.ts";
import { flagOf } from "./sources.ts";

/** @param clientCommands a line for each command that calls a running Mars */
export function helpText(version: string, clientCommands: string): string {
  const flags = rows.map((row) => {
    const preset = defaultOf(row);
    const names = row.alias === undefined ? row.name : `${row.name} or ${row.alias}`;
    return [
      `  ${flagOf(row.name)} <${row.unit}>`,
      `      ${plain(row.meaning)}.`,
      `      ${names}${preset === "" ? "" : `; default ${plain(preset)}`}`,
    ].join("\n");
  });
  return `mars ${version}: where is message X, and what should have happened to it by now?

Usage: mars [command] [flags]

Commands:
  serve          Run Mars (the default)
  config check   Print the effective configuration, secrets hidden, and where each value comes from
  health         Ask the Mars of this configuration whether it is ready; exit 0 if so, else 1
  doctor         Look for damage in the files of a Mars that does not run; exit 1 if there is any
  restore        Restore a backup into an empty data directory
  verify         Look for damage in a backup

Commands that call a running Mars (mars <command> --help has more):
${clientCommands}
  --help, -h     Print this
  --version      Print the version

Settings are flags, environment variables, or members of the file of --config; a flag wins, then a variable.
Each has a variant that names a file holding the value: --database-auth-token-file, MARS_DATABASE_AUTH_TOKEN_FILE.

${flags.join("\n")}
`;
}

/** One line a setting: name, value, where it came from. */
export function effectiveText(effective: readonly EffectiveSetting[]): string {
  const nameWidth = Math.max(...effective.map(({ name }) => name.length));
  const valueWidth = Math.max(...effective.map(({ value }) => value.length));
  return effective
    .map(({ name, value, source }) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}\n`)
    .join("");
}

/** The reference's table, in Markdown. */
export function settingsTable(rows: readonly Setting<unknown>[]): string {
  const lines = rows.map((row) => {
    const names = row.alias === undefined ? `\`${row.name}\`` : `\`${row.name}\`, \`${row.alias}\``;
    return `| ${names} | ${markdownDefault(row)} | ${row.unit} | ${row.meaning} |`;
  });
  return ["| name | default | unit | meaning |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function defaultOf({ default: preset, defaultNote }: Setting<unknown>): string {
  return defaultNote ?? preset;
}

function markdownDefault(row: Setting<unknown>): string {
  return row.defaultNote ?? (row.default === "" ? "not set" : `\`${row.default}\``);
}

/** Without Markdown's code marks, and without the addresses of links. */
function plain(text: string): string {
  return text.replaceAll("`", "").replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}
