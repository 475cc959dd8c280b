/** Public load tools: their installation, their start, and the common members of their results. */
import { number } from "../figures.ts";

/** Where the load goes. The ports of a control are one and the same. */
export interface Target {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Whether it speaks TLS; default: cleartext. */
  readonly secure?: boolean;
}

/** Without a slash at its end. */
export function originOf({ secure = false }: Target, port: number): string {
  return `${secure ? "https" : "http"}://127.0.0.1:${port}`;
}

/** One turn of load against one server. */
export interface Turn {
  /** Events that were answered with a success. */
  readonly acknowledged: number;
  /** The most events that were on their way when the tool stopped, and whose answers it may not have counted. */
  readonly unanswered: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly tool: ToolUse;
}

export interface ToolUse {
  readonly name: string;
  /** CPU of the tool over the turn, in cores. */
  readonly cores: number;
  /** Whether it has one thread for its work, and therefore at most one core. */
  readonly singleThreaded: boolean;
}

export type Load = (target: Target) => Promise<Turn>;

/** Says how to install what is missing. */
const installs: Readonly<Record<string, string>> = {
  wrk: "apt-get install wrk",
  h2load: "apt-get install nghttp2-client",
  ghz: "go install github.com/bojand/ghz/cmd/ghz@v0.93.0",
  vegeta: "go install github.com/tsenart/vegeta/v12@v12.12.0",
  dd: "apt-get install coreutils",
  "nats-server": "go install github.com/nats-io/nats-server/v2@latest",
  "redis-server": "apt-get install redis-server",
  java: "apt-get install default-jre-headless",
  mvn: "apt-get install maven",
  moto_server: "pip install 'moto[server]'",
};

/** Throws, with what to do about it, when one of the tools is not there. */
export function assertInstalled(tools: Iterable<string>): void {
  const missing = [...new Set(tools)].filter((tool) => Bun.which(tool) === null);
  if (missing.length === 0) return;
  throw new Error(
    missing.map((tool) => `${tool} is missing: ${installs[tool] ?? "install it"}`).join("\nbench: "),
  );
}

export interface ToolRun {
  readonly text: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Runs a program to its end. Rejects with its output when it fails. */
export async function runTool(command: readonly string[], stdin?: Bun.BunFile): Promise<ToolRun> {
  const started = performance.now();
  const child = Bun.spawn([...command], { stdin: stdin ?? "ignore", stdout: "pipe", stderr: "pipe" });
  const [text, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${errors}${text}`);
  const micros = child.resourceUsage()?.cpuTime.total ?? 0n;
  return { text, seconds: (performance.now() - started) / 1000, cpuSeconds: Number(micros) / 1e6 };
}

/** From this share of a core on, a thread has no time left. */
const busyCores = 0.9;
/** A server that uses less than this beside a tool with many threads has been waiting for it. */
const idleServerCores = 0.7;

/** Whether the tool, and not the server, set the rate: then the server could have done more. A note on it, or `undefined`. */
export function toolWasLimit({ tool }: Turn, serverCores: number): string | undefined {
  const limit = tool.singleThreaded
    ? tool.cores >= busyCores && serverCores < busyCores
    : serverCores < idleServerCores && tool.cores > serverCores;
  if (!limit) return undefined;
  return `${tool.name} was the limit (${number(tool.cores)} cores, server ${number(serverCores)})`;
}
