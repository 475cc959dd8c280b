/**
 * Looks every second whether the files that Mars has open are still those that their names stand for, and whether the
 * database is still its own. Where they are not, an answer of success would promise what the next start cannot keep, so
 * events are refused until they are there again.
 */
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

const lookMs = 1_000;
const retry = { firstMs: lookMs, lastMs: lookMs };

export interface GuardOptions {
  readonly journal: { missing(): Promise<string> };
  readonly store: { missing(): Promise<string> };
  /** Refuses events for that reason; the empty one accepts them again. */
  readonly block: (reason: string) => void;
  readonly supervisor: Supervisor;
  readonly log: Pick<Log, "error" | "info">;
}

/** Runs until the signal aborts. */
export async function guardFiles(options: GuardOptions, signal: AbortSignal): Promise<void> {
  const { journal, store, block, supervisor, log } = options;
  let gone = "";
  let fenced = false;
  const found = (file: string) => {
    if (file !== "" && file !== gone) {
      log.error("file gone or replaced, refusing events", { event: "file_missing", file });
    } else if (file === "" && gone !== "") {
      log.info("file back, accepting events", { event: "file_back", file: gone });
    }
    gone = file;
    if (!fenced) block(gone === "" ? "" : "a file of Mars was removed or replaced while it ran: see its log");
  };
  await supervisor.loop("files", retry).run(async () => {
    const own = await journal.missing();
    // At once: the thread of the store may take its time.
    if (own !== "") found(own);
    try {
      found(own || (await store.missing()));
    } catch (thrown) {
      const error = MarsError.from(thrown);
      if (error.code === "fenced") {
        fenced = true;
        block(error.message);
      }
      throw error;
    }
    if (gone !== "") throw new MarsError("fenced", `${gone} is gone or replaced`);
    return lookMs;
  }, signal);
}
