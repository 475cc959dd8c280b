/**
 * The collectors that the environment defines. Their URLs, credentials and certificates may be in files, and what expires is replaced
 * there: the files are looked at while Mars runs, and a collector of which one has changed goes on by what it has now.
 */
import type { ConsumerHost, EnvironmentCollector } from "../brokers/consumer-host.ts";
import type { Log } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/** Between two looks. A change holds once two of them have seen the same: files are not written in one moment. */
const lookMsDefault = 4_000;
const retry = { firstMs: 1_000, lastMs: 5_000 };
/** Sentences of one failure in the log and in the health. */
const shownMax = 3;

export interface ReadCollectors {
  readonly collectors: readonly EnvironmentCollector[];
  /** A sentence each, without a secret; where there is one the collectors are not used. */
  readonly problems: readonly string[];
}

export interface CollectorFilesOptions {
  readonly host: Pick<ConsumerHost, "setEnvironment">;
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "info" | "error">;
  readonly lookMs?: number;
}

export class CollectorFiles {
  readonly #options: CollectorFilesOptions;
  readonly #abort = new AbortController();
  #read: (() => Promise<ReadCollectors>) | undefined;
  /** By the last look, and as it is in use. */
  #seen = "";
  #used = "";
  /** Why what the files have now is not used; empty where it is. */
  #problem = "";
  #ended: Promise<void> = Promise.resolve();

  constructor(options: CollectorFilesOptions) {
    this.#options = options;
  }

  /** Starts the collectors, and looks at their files until `stop`. @param read reads the collectors again */
  follow(collectors: readonly EnvironmentCollector[], read: () => Promise<ReadCollectors>): void {
    const { host, supervisor, lookMs = lookMsDefault } = this.#options;
    if (collectors.length === 0) return;
    this.#read = read;
    this.#used = textOf({ collectors, problems: [] });
    void host.setEnvironment(collectors);
    const { signal } = this.#abort;
    const step = async () => {
      await delay(lookMs, signal);
      if (!signal.aborted) await this.#look(false);
      return 0;
    };
    this.#ended = supervisor.loop("collector_files", retry).run(step, signal);
  }

  /** Uses at once what the files have now. */
  async look(): Promise<void> {
    await this.#look(true);
  }

  /** For the health. */
  warnings(): string[] {
    if (this.#problem === "") return [];
    return [`changed files of collectors cannot be used, those before stay: ${this.#problem}`];
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #look(atOnce: boolean): Promise<void> {
    if (this.#read === undefined) return;
    const read = await this.#read();
    const text = textOf(read);
    const settled = atOnce || text === this.#seen;
    this.#seen = text;
    if (!settled || text === this.#used) return;
    this.#used = text;
    this.#problem = read.problems.slice(0, shownMax).join("; ");
    const { host, log } = this.#options;
    if (this.#problem !== "") {
      const fields = { event: "broker_files_refused", reason: this.#problem };
      return log.error("changed files of collectors refused, those before stay", fields);
    }
    log.info("files of collectors read again", { event: "broker_files_read" });
    await host.setEnvironment(read.collectors);
  }
}

function textOf({ collectors, problems }: ReadCollectors): string {
  return JSON.stringify([collectors, problems]);
}
