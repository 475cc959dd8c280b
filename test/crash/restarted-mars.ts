/** A Mars that is killed and started again on the same directory, and clients of it that ask again. */
import { type MarsProcess, type SpawnOptions, spawnMars } from "../support/process.ts";

/** An answer, and whether an earlier request may have been carried out whose answer was lost. */
export interface Asked<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly again: boolean;
}

export class RestartedMars {
  readonly #options: SpawnOptions;
  #mars: Promise<MarsProcess>;

  constructor(options: SpawnOptions) {
    this.#options = options;
    this.#mars = spawnMars(options);
  }

  /** Resolves while it is up. */
  async url(): Promise<string> {
    return (await this.#mars).url;
  }

  async pid(): Promise<number> {
    return (await this.#mars).pid;
  }

  /** Ends it at once, and starts another. */
  async kill(): Promise<void> {
    await (await this.#mars).kill("SIGKILL");
    this.#mars = spawnMars(this.#options);
    await this.#mars;
  }

  async stop(): Promise<void> {
    await (await this.#mars).kill("SIGTERM");
  }

  /** One request; `undefined` where there was no answer. */
  async try<Body>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Omit<Asked<Body>, "again"> | undefined> {
    const url = await this.url();
    try {
      const response = await fetch(url + path, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
        signal: AbortSignal.timeout(30_000),
      });
      // While it stops or is overloaded it says so.
      if (response.status === 503 || response.status === 429) return undefined;
      return { status: response.status, body: (await response.json()) as Body };
    } catch (error) {
      const text = error instanceof Error ? `${error.message} ${(error as { code?: string }).code}` : "";
      if (/connect|socket|closed|reset|refused/i.test(text)) return undefined;
      throw error;
    }
  }

  /** The answer of the first request that has one. */
  async ask<Body>(method: string, path: string, body?: unknown): Promise<Asked<Body>> {
    for (let again = false; ; again = true) {
      const answer = await this.try<Body>(method, path, body);
      if (answer !== undefined) return { ...answer, again };
      await Bun.sleep(20);
    }
  }

  /** The body of an answer that must be a success. */
  async read<Body>(path: string): Promise<Body> {
    const { status, body } = await this.ask<Body>("GET", path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** All rows of a list. */
  async *rows<Row>(path: string, name: string): AsyncGenerator<Row> {
    for (let cursor = ""; ; ) {
      const page = await this.read<Record<string, unknown>>(
        `${path}${path.includes("?") ? "&" : "?"}limit=1000${cursor && `&cursor=${cursor}`}`,
      );
      yield* page[name] as Row[];
      if (page.next_cursor === null) return;
      cursor = String(page.next_cursor);
    }
  }
}
