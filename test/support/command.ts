/** Runs `mars` as a user does: a process, with pipes or on a terminal. */
import { join } from "node:path";

const main = join(import.meta.dir, "../../src/main.ts");

export interface CommandOptions {
  readonly cwd: string;
  /** All of it, beside `PATH`, and `TZ`, which is UTC. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export const command = (args: readonly string[]) => [process.execPath, "--no-env-file", main, ...args];
const always = { PATH: process.env.PATH ?? "", TZ: "UTC" };

export async function runCommand(
  args: readonly string[],
  { cwd, env, stdin = "" }: CommandOptions,
): Promise<Ended> {
  const child = Bun.spawn(command(args), {
    cwd,
    env: { ...always, ...env },
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

export interface OnTerminal {
  /** With line ends as in a file. */
  readonly text: string;
  readonly exitCode: number;
}

/** @param cols of the terminal */
export async function runOnTerminal(
  cols: number,
  args: readonly string[],
  { cwd, env }: CommandOptions,
): Promise<OnTerminal> {
  const decoder = new TextDecoder();
  const ended = Promise.withResolvers<void>();
  let text = "";
  const child = Bun.spawn(command(args), {
    cwd,
    env: { ...always, TERM: "xterm", ...env },
    terminal: {
      cols,
      rows: 24,
      data(_, chunk) {
        text += decoder.decode(chunk, { stream: true });
      },
      exit: () => ended.resolve(),
    },
  });
  const [exitCode] = await Promise.all([child.exited, ended.promise]);
  return { text: text.replaceAll("\r\n", "\n"), exitCode };
}
