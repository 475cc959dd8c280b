/** `mars restore` and `mars verify`: what is done with a backup where no Mars runs. Exit codes: 0 done, 1 refused, 2 wrong usage. */
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Restored, restore } from "../backup/restore.ts";
import type { Until } from "../backup/until.ts";
import { scan } from "../cli/scan.ts";
import { withNamedFile } from "../config/config-file.ts";
import { parseConfig } from "../config/parse.ts";
import type { Sources } from "../config/sources.ts";
import { parseTime } from "../core/time.ts";
import { pathOf } from "../db/database-address.ts";
import { storeMigrations } from "../gen/sql.ts";

/** The process, as far as these commands use it. */
export interface BackupHost {
  readonly env: Sources["env"];
  readonly readFile: Sources["readFile"];
  readonly stdin: AsyncIterable<Uint8Array>;
  print(text: string): void;
  /** Writes to stderr. */
  complain(text: string): void;
}

const readBytes = 1024 * 1024;

const helps = {
  restore: `Restore a backup into a new or an empty data directory, and check all of it.

Usage: mars restore --from <file> [--data-dir <path>] [--until <seq|time>]

  --from <file>
      The backup, or - for stdin. Required.
  --data-dir <path>
      Where to: MARS_DATA_DIR; default ./data. Nothing may be there.
  --until <seq|time>
      The last event to restore, by its seq or by its time of receipt (RFC 3339). mars verify prints which points a
      backup has. Default: all of it.
`,
  verify: `Look for damage in a backup: restore it into a directory for a while, and check all of it.

Usage: mars verify <file> [--work-dir <path>]

  <file>
      The backup, or - for stdin. Required.
  --work-dir <path>
      Where there is room for the database; default: the directory for temporary files.
`,
} as const;

const flagsOf = { restore: ["--from", "--data-dir", "--until"], verify: ["--work-dir"] } as const;

export type BackupCommand = keyof typeof helps;

export async function runBackupCommand(
  name: BackupCommand,
  args: readonly string[],
  host: BackupHost,
): Promise<number> {
  const known = new Map<string, string>([...flagsOf[name], "--help", "-h"].map((flag) => [flag, flag]));
  const { flags, others, problems } = scan(args, known, (flag) => !["--help", "-h"].includes(flag));
  const given = new Map(flags.map(({ flag, value }) => [flag, value ?? ""]));
  if (given.has("--help") || given.has("-h")) {
    host.print(helps[name]);
    return 0;
  }
  const [file = "", ...more] = name === "verify" ? others : [given.get("--from"), ...others];
  const wrong = [...problems, ...more.map((other) => `unexpected argument ${other}`)];
  if (file === "")
    wrong.push(`${name === "verify" ? "<file>" : "--from"} is missing: a backup, or - for stdin`);
  const until = untilOf(given.get("--until"), wrong);
  const directory = name === "restore" ? await directoryOf(given.get("--data-dir"), host, wrong) : "";
  if (wrong.length > 0) {
    for (const problem of wrong) host.complain(problem);
    host.complain(`see mars ${name} --help`);
    return 2;
  }
  const chunks = file === "-" ? host.stdin : chunksOf(file);
  try {
    if (name === "verify") {
      host.print(await verify(chunks, given.get("--work-dir") ?? tmpdir()));
      return 0;
    }
    const options = { chunks, directory, schemaVersionMax: storeMigrations.length };
    const { seq, waiting, manifest } = await restore({ ...options, ...(until !== undefined && { until }) });
    host.print(
      `restored into ${directory}: everything up to seq ${seq}, of ${manifest.ended_at}; ${waiting} events are in its journal, and the first start stores them\n`,
    );
    return 0;
  } catch (error) {
    host.complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Opens the file when it is asked for its first bytes. */
async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file, { highWaterMark: readBytes });
}

async function verify(chunks: AsyncIterable<Uint8Array>, workDirectory: string): Promise<string> {
  const directory = await mkdtemp(join(workDirectory, "mars-verify-"));
  try {
    return textOf(await restore({ chunks, directory, schemaVersionMax: storeMigrations.length }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function textOf({ manifest, waiting }: Restored): string {
  const { mars_version, schema_version, began_at, ended_at, snapshot_seq, seq, parts } = manifest;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return `nothing is wrong with it
made by      mars ${mars_version}, schema version ${schema_version}
points       seq ${snapshot_seq} to ${seq}, ${began_at} to ${ended_at}
in journal   ${waiting} events
unpacked     ${(bytes / 1e6).toFixed(1)} MB in ${parts.length} files
`;
}

function untilOf(text: string | undefined, problems: string[]): Until | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  const time = parseTime(text);
  if (typeof time !== "string") return { time };
  problems.push(`--until must be a seq or a time such as 2027-01-31T12:00:00Z, is ${JSON.stringify(text)}`);
  return undefined;
}

/** Refuses a database elsewhere: the Mars that starts would not use what was restored. */
async function directoryOf(
  flag: string | undefined,
  { env, readFile }: BackupHost,
  problems: string[],
): Promise<string> {
  const argv = flag === undefined ? [] : ["--data-dir", flag];
  const read = await withNamedFile({ argv, env, readFile });
  const config = read.ok ? parseConfig(read.sources) : read;
  if (!config.ok) {
    problems.push(...config.problems);
    return "";
  }
  const { dataDir, databaseUrl } = config.config;
  const own = join(dataDir, "messages.db");
  if (!databaseUrl.startsWith("file:") || resolve(pathOf(databaseUrl)) !== resolve(own))
    problems.push(
      `a backup is restored into ${own}, and MARS_DATABASE_URL names another database: restore without it`,
    );
  return dataDir;
}
