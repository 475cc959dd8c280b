/** Applies what the configuration file declares, inside of this Mars: by the operations that clients have, and their audit. */
import type { ApiParts } from "../api/parts.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { Identity } from "../core/identity.ts";
import type { Log } from "../core/ports.ts";
import type { Declared } from "../declared/declaration.ts";
import type { Ask, Json } from "../declared/kind.ts";
import { applyPlan, NotApplied, planOf } from "../declared/plan.ts";
import { delay } from "../runtime/delay.ts";
import type { ConfigFileStats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

const retry = { firstMs: 1_000, lastMs: 30_000 };
/** Sentences of one failure in the log and in the health. */
const shownMax = 3;

export interface DeclarationsOptions {
  /** The path, for the audit. */
  readonly file: string;
  readonly parts: ApiParts;
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "info" | "error">;
}

export class Declarations {
  readonly #options: DeclarationsOptions;
  readonly #ask: Ask;
  #running = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #failures = 0;
  #applied = false;
  #appliedAt: Date | undefined;
  /** Why what the file has now is not applied; empty where it is. */
  #problem = "";

  constructor(options: DeclarationsOptions) {
    this.#options = options;
    this.#ask = askInside(options);
  }

  /**
   * Applies them in the place of what was to be applied before. While the database is away it is tried again; for another reason it
   * is not, which the log and the health have.
   *
   * @returns resolves when they are applied, or will not be
   */
  apply(declared: Declared): Promise<void> {
    this.#running.abort();
    const running = new AbortController();
    this.#applied = false;
    this.#running = running;
    this.#turn = this.#turn.then(() => this.#run(declared, running.signal));
    return this.#turn;
  }

  /** Another file was read, and is not applied. What was read before it is applied first, and does not hide that. */
  refuse(problems: readonly string[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#fail(problems));
    return this.#turn;
  }

  #fail(problems: readonly string[]): void {
    const more = problems.length > shownMax ? `; and ${problems.length - shownMax} more` : "";
    this.#failures += 1;
    this.#applied = false;
    this.#problem = problems.slice(0, shownMax).join("; ") + more;
    const fields = { failures: this.#failures, problem: this.#problem };
    this.#options.log.error("configuration file not applied", { event: "config_not_applied", ...fields });
  }

  /** `null` without a file. */
  get stats(): ConfigFileStats | null {
    if (this.#options.file === "") return null;
    return {
      applied: this.#applied,
      applied_at: this.#appliedAt?.toISOString() ?? null,
      failures: this.#failures,
      last_error: this.#problem,
    };
  }

  /** For the health. */
  warnings(): string[] {
    const { file } = this.#options;
    if (this.#problem === "") return [];
    return [`${file} is not applied, ${this.#failures} times since the start: ${this.#problem}`];
  }

  async stop(): Promise<void> {
    this.#running.abort();
    await this.#turn;
  }

  async #run(declared: Declared, signal: AbortSignal): Promise<void> {
    const loop = this.#options.supervisor.loop("declared", retry);
    while (!signal.aborted) {
      try {
        const plan = await planOf(declared, this.#ask);
        loop.succeeded();
        if (plan.problems.length > 0) return this.#fail(plan.problems);
        await applyPlan(plan, this.#ask);
        this.#problem = "";
        this.#applied = true;
        this.#appliedAt = new Date();
        const changes = plan.changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`);
        const fields = { file: this.#options.file, declared: declared.declarations.length, changes };
        this.#options.log.info("configuration file applied", { event: "config_applied", ...fields });
        return;
      } catch (thrown) {
        const at = thrown instanceof NotApplied ? `${thrown.message}: ` : "";
        const error = MarsError.from(thrown instanceof NotApplied ? thrown.cause : thrown);
        if (!error.transient) return this.#fail([at + error.message]);
        await delay(loop.failed(error), signal);
      }
    }
  }
}

function askInside({ file, parts }: DeclarationsOptions): Ask {
  const name = file.split("/").at(-1) ?? file;
  const identity = new Identity({ id: name, name: file, kind: "ad", apps: ["*"] });
  const caller: Caller = { peer: { name, connection: name }, identity, address: "", protocol: "inside" };
  return async (operation, input) => {
    try {
      return (await operation.run(parts, input, caller)) as Json;
    } catch (error) {
      if (error instanceof MarsError && error.code === "not_found") return undefined;
      throw error;
    }
  };
}
