/** The real program in a process of its own, to be killed as nothing in this process can be. */
import type { Subprocess } from "bun";

export interface MarsProcess {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly url: string;
  readonly pid: number;
  /** Sends the signal and resolves to the exit code (negative: ended by that signal) when the process is gone. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<number>;
  readonly exited: Promise<number>;
}

export interface SpawnOptions {
  readonly dataDir: string;
  /** The program and its first arguments; default: this source tree under Bun. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file for all that it writes to stderr; default: that of this process. */
  readonly stderr?: string;
}

const upTimeoutMs = 20_000;

/** Starts Mars on free ports and resolves when it says that it is up; rejects with its output else. */
export async function spawnMars({ dataDir, command, env = {}, stderr }: SpawnOptions): Promise<MarsProcess> {
  const child = Bun.spawn([...(command ?? [process.execPath, "src/main.ts"]), "serve"], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      MARS_DATA_DIR: dataDir,
      MARS_HTTP_PORT: "0",
      MARS_GRPC_PORT: "0",
      MARS_LOG_LEVEL: "warn",
      ...env,
    },
    stdout: "pipe",
    stderr: stderr === undefined ? "inherit" : Bun.file(stderr),
  });
  const line = await firstLine(child);
  const [, url, port] = /(https?:\/\/[^:]+:(\d+))/.exec(line) ?? [];
  const httpPort = Number(port);
  const grpcPort = Number(/grpc [^:]+:(\d+)/.exec(line)?.[1]);
  if (url === undefined || !grpcPort) throw new Error(`no ports in ${JSON.stringify(line)}`);
  return {
    httpPort,
    grpcPort,
    url,
    pid: child.pid,
    exited: child.exited,
    kill(signal) {
      child.kill(signal);
      return child.exited;
    },
  };
}

async function firstLine(child: Pick<Subprocess<"ignore", "pipe">, "stdout" | "kill">): Promise<string> {
  const timer = setTimeout(() => child.kill("SIGKILL"), upTimeoutMs);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) {
      clearTimeout(timer);
      return text.slice(0, end);
    }
  }
  clearTimeout(timer);
  throw new Error(`Mars did not start within ${upTimeoutMs} ms: ${text}`);
}
