/** A shell in which the commands of a document run, one block after another, and what it has printed. */
import { spawn } from "node:child_process";

/** A block that takes longer has failed. */
const blockMaxMs = 60_000;

export interface Outcome {
  /** Where its output begins in that of the session. */
  readonly from: number;
  /** Exit status of the last command. */
  readonly status: number;
}

export class Session {
  readonly #shell;
  #printed = "";
  #errors = "";
  #blocks = 0;

  constructor(directory: string, env: Readonly<Record<string, string>>) {
    // In a process group of its own: what a block has left in the background ends with it.
    this.#shell = spawn("bash", ["-o", "pipefail"], {
      cwd: directory,
      env: { ...process.env, ...env },
      detached: true,
    });
    this.#shell.stdout.on("data", (text) => {
      this.#printed += String(text);
    });
    this.#shell.stderr.on("data", (text) => {
      this.#errors += String(text);
    });
  }

  /** What was printed from there on. */
  printed(from = 0): string {
    return this.#printed.slice(from);
  }

  /** The end of the error output. */
  get errors(): string {
    return this.#errors.slice(-2_000);
  }

  async run(text: string): Promise<Outcome> {
    const from = this.#printed.length;
    const mark = `--- block ${++this.#blocks} ended with`;
    this.#shell.stdin.write(`${text}\nended=$?; echo; echo "${mark} $ended"\n`);
    const end = new RegExp(`\\n${mark} (\\d+)\\n`);
    await this.until(() => end.test(this.#printed), blockMaxMs, `a block has not ended: ${text}`);
    const status = Number(end.exec(this.#printed)?.[1]);
    this.#printed = this.#printed.replace(end, "");
    return { from, status };
  }

  /** @throws `Error` after so long, with the last errors */
  async until(done: () => boolean, ms: number, otherwise: string): Promise<void> {
    const end = Date.now() + ms;
    while (!done()) {
      if (this.#shell.exitCode !== null) throw new Error(`the shell has ended: ${this.errors}`);
      if (Date.now() > end) throw new Error(`${otherwise}\n${this.errors}`);
      await Bun.sleep(20);
    }
  }

  async close(): Promise<void> {
    const { pid, exitCode } = this.#shell;
    if (pid === undefined || exitCode !== null) return;
    const ended = new Promise((resolve) => this.#shell.once("close", resolve));
    process.kill(-pid, "SIGTERM");
    const late = setTimeout(() => process.kill(-pid, "SIGKILL"), 15_000);
    await ended;
    clearTimeout(late);
  }
}
