/** A terminal that a person could sit at: a window of tmux, with a server of its own. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../src/main.ts");
const screenMs = 20_000;

export interface Window {
  /** Types text and keys, in the names of tmux: `Enter`, `Tab`, `C-c`. */
  type(...keys: readonly string[]): Promise<void>;
  /** Resolves to the screen, with its colours where asked, when it has this. */
  when(shown: RegExp, options?: { readonly colours?: boolean }): Promise<string>;
  close(): Promise<void>;
}

/** A directory with `mars` as a program, to be put before `PATH`. */
export function programs(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), "mars-terminal-"));
  const binary = process.env.MARS_TEST_BINARY;
  const program = binary === undefined ? `'${process.execPath}' --no-env-file '${main}'` : `'${binary}'`;
  writeFileSync(join(directory, "mars"), `#!/bin/sh\nexec ${program} "$@"\n`);
  chmodSync(join(directory, "mars"), 0o755);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface WindowOptions {
  readonly directory: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
}

export async function openWindow({ directory, command, env, columns = 100 }: WindowOptions): Promise<Window> {
  const socket = join(directory, `tmux-${Math.random().toString(36).slice(2)}`);
  const variables = {
    HOME: directory,
    LANG: "C.UTF-8",
    PATH: `${directory}:${process.env.PATH}`,
    TERM: "xterm-256color",
    TZ: "UTC",
    ...env,
  };
  const tmux = async (...args: readonly string[]) => {
    const child = Bun.spawn(["tmux", "-f", "/dev/null", "-S", socket, ...args], {
      env: variables,
      cwd: directory,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [text, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`tmux ${args.join(" ")}: ${error}`);
    return text;
  };
  await tmux("new-session", "-d", "-x", String(columns), "-y", "50", command);
  return {
    async type(...keys) {
      for (const key of keys) {
        const named = /^(Enter|Tab|C-[a-z])$/.test(key);
        await tmux("send-keys", ...(named ? [key] : ["-l", key]));
      }
    },
    async when(shown, { colours = false } = {}) {
      const end = Date.now() + screenMs;
      for (;;) {
        const screen = await tmux("capture-pane", "-p", ...(colours ? ["-e"] : []));
        if (shown.test(screen)) return screen;
        if (Date.now() > end) throw new Error(`${shown} is not on the screen:\n${screen}`);
        await Bun.sleep(50);
      }
    },
    close: async () => {
      await tmux("kill-server");
    },
  };
}
