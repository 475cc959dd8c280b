/** One worker that is killed and started again, and what it wrote: the numbers that its client accepted, and those rejected. */
import type { Library } from "./libraries.ts";

const eventsOfRound = 100_000;
const idle = "0";

export class Reports {
  readonly name: string;
  readonly #library: Library;
  readonly #env: Readonly<Record<string, string>>;
  readonly #accepted = new Set<number>();
  readonly #rejected: Set<string>;
  #full = 0;
  #kills = 0;

  /** @param rejected message and name of each event that was reported as rejected, also by a process that adopted it */
  constructor(
    library: Library,
    part: string,
    { url, bufferDir, rejected }: { url: string; bufferDir: string; rejected: Set<string> },
  ) {
    this.#library = library;
    this.#rejected = rejected;
    this.name = `${library.name}-${part}`;
    this.#env = {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      ...library.env,
      MARS_URL: url,
      MARS_BUFFER_DIR: bufferDir,
    };
  }

  /** Starts it `rounds` times, and kills it each time in the middle of its work. */
  async run(rounds: number, random: () => number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const child = this.#spawn(String(round * eventsOfRound + 1), String(eventsOfRound));
      const timer = setTimeout(() => child.kill("SIGKILL"), 200 + random() ** 3 * 8_000);
      await this.#read(child.stdout);
      clearTimeout(timer);
      await child.exited;
      this.#kills++;
    }
  }

  /** A last life that is not killed. Rejects unless it sent everything. */
  async finish(): Promise<void> {
    const child = this.#spawn("0", idle);
    const last = await this.#read(child.stdout);
    if ((await child.exited) !== 0 || last !== "closed")
      throw new Error(`${this.name} did not close: ${last}`);
  }

  /** @returns a line for people, and whether anything was lost or is stored twice */
  compare(stored: ReadonlyMap<string, number>): { text: string; ok: boolean } {
    let lost = 0;
    for (const n of this.#accepted) {
      const answered = n % 17 === 0 ? this.#rejected : stored;
      if (!answered.has(`${this.name}-${n % 50} E_${n}`)) lost++;
    }
    const rejected = [...this.#rejected].filter((key) => key.startsWith(`${this.name}-`)).length;
    const doubled = [...stored].filter(([key, count]) => count > 1 && key.startsWith(`${this.name}-`)).length;
    const text =
      `${this.name}: killed ${this.#kills} times, accepted ${this.#accepted.size}, lost ${lost}, doubled ${doubled}, ` +
      `rejected by Mars ${rejected}, refused because full ${this.#full}`;
    return { text, ok: lost + doubled === 0 && this.#accepted.size > 0 && rejected > 0 };
  }

  #spawn(first: string, count: string) {
    return Bun.spawn([...this.#library.worker, this.name, first, count], {
      env: this.#env,
      stdout: "pipe",
      stderr: "inherit",
    });
  }

  /** Resolves to the last line. The line at which it was killed may be cut short, and is ignored. */
  async #read(stdout: ReadableStream<Uint8Array>): Promise<string> {
    const lines = (await new Response(stdout).text()).split("\n").slice(0, -1);
    for (const line of lines) {
      const [what, which = "", event = ""] = line.split(" ");
      if (what === "accepted") this.#accepted.add(Number(which));
      if (what === "rejected") this.#rejected.add(`${which} ${event}`);
      if (what === "full") this.#full++;
    }
    return lines.at(-1) ?? "";
  }
}
