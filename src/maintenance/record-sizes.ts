/** Takes the samples of the history of sizes, and keeps them in a small file of the data directory: a crash loses the last minute. */
import { open, stat } from "node:fs/promises";
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import { replaceFile } from "../runtime/replace-file.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { type SizeHistory, type Sizes, sampleMs } from "./size-history.ts";

const saveEveryMs = 60_000;
/** As many bytes as 144 points can have, and more. */
const fileBytesMax = 32 * 1024;
const retry = { firstMs: sampleMs, lastMs: sampleMs };

export interface RecordSizesOptions {
  readonly history: SizeHistory;
  /** Where it is kept. */
  readonly path: string;
  /** Of its file; absent for a database server. */
  readonly databasePath: string | undefined;
  readonly sizes: () => Omit<Sizes, "databaseBytes">;
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "warn">;
}

/** Runs until the signal aborts. */
export async function recordSizes(options: RecordSizesOptions, signal: AbortSignal): Promise<void> {
  const { history, path, databasePath, sizes, supervisor, log } = options;
  await restore(options);
  let sampledAt = Date.now();
  let savedAt = performance.now();
  const save = () => replaceFile(path, history.text(sampledAt));
  await supervisor.loop("sizes", retry).run(async () => {
    const databaseBytes =
      databasePath === undefined
        ? 0
        : (await bytesOf(databasePath)) + (await bytesOf(`${databasePath}-wal`).catch(ifGone));
    history.add({ ...sizes(), databaseBytes });
    sampledAt = Date.now();
    if (performance.now() - savedAt < saveEveryMs) return sampleMs;
    // Nothing but this chart needs the file: it is a warning, and no fault of Mars.
    await save().catch((cause) => {
      throw new MarsError("unavailable", `${path} cannot be written`, { cause });
    });
    savedAt = performance.now();
    return sampleMs;
  }, signal);
  await save().catch((error) =>
    log.warn("history of sizes not kept", { event: "sizes_not_kept", path, error }),
  );
}

async function restore({ history, path, log }: RecordSizesOptions): Promise<void> {
  try {
    const text = await readSmall(path);
    if (text === undefined || history.restore(text, Date.now())) return;
    log.warn("history of sizes unreadable, begun again", { event: "sizes_unreadable", path });
  } catch (error) {
    log.warn("history of sizes unreadable, begun again", { event: "sizes_unreadable", path, error });
  }
}

/** @returns `undefined` where there is no file */
async function readSmall(path: string): Promise<string | undefined> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(fileBytesMax);
    const { bytesRead } = await file.read(bytes);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function bytesOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** The write-ahead log is there only while the database is open. */
function ifGone(error: unknown): number {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
  throw error;
}
