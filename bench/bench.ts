/** The environment of scenarios: servers to start, a directory on a real disk, the length and number of turns. */
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { spawnMars } from "../test/support/process.ts";
import type { Target } from "./load/tool.ts";
import { cpuSeconds, memoryBytes } from "./process.ts";

/** Kept between runs, and ignored by git. */
export const cacheDir = resolve(import.meta.dir, "../.cache/bench");

export interface BenchOptions {
  readonly binary: string;
  readonly rounds: number;
  /** The length of a turn; default: the scenario's own. */
  readonly seconds?: number;
  /** In the aged database. */
  readonly messages: number;
}

export interface StartOptions {
  /** Default: a new one. */
  readonly dataDir?: string;
  /** Default: any that is free. */
  readonly httpPort?: number;
  /** Settings beside the defaults. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server under load: Mars, or a control. */
export interface Server extends Target {
  readonly pid: number;
  readonly url: string;
  cpuSeconds(): number;
  memory(): { readonly now: number; readonly peak: number };
}

export interface Mars extends Server {
  readonly dataDir: string;
  stats(): Promise<Stats>;
  /** Resolves when every accepted event is stored and projected. Rejects when that takes too long. */
  caughtUp(): Promise<Stats>;
  /** Ends it in order, as a user would. Rejects when it does not end well. */
  stop(): Promise<void>;
}

export interface Stats {
  readonly journal: { readonly bytes: number };
  readonly store: { readonly stored_seq: number; readonly behind: number };
  readonly projector: { readonly behind: number };
  readonly totals: { readonly accepted: number; readonly stored: number };
}

/** More than the fullest journal takes to drain. */
const catchUpTimeoutMs = 600_000;
const tmpfs = 0x01021994;

export class Bench {
  readonly rounds: number;
  readonly binary: string;
  readonly messages: number;
  /** For this run, on the same disk as everything else. */
  readonly directory: string;
  readonly #seconds: number | undefined;
  readonly #children = new Set<{ kill(signal: "SIGKILL"): unknown }>();
  #directories = 0;

  constructor({ binary, rounds, seconds, messages }: BenchOptions) {
    this.binary = resolve(binary);
    this.rounds = rounds;
    this.messages = messages;
    this.#seconds = seconds;
    mkdirSync(cacheDir, { recursive: true });
    if (statfsSync(cacheDir).type === tmpfs)
      throw new Error(`${cacheDir} is in memory: a real disk is needed`);
    removeLeftovers();
    this.directory = join(cacheDir, `run-${process.pid}`);
    mkdirSync(this.directory);
  }

  /** The length of a turn: what was asked for, else what the scenario usually takes. */
  seconds(usual = 5): number {
    return this.#seconds ?? usual;
  }

  /** A directory that does not exist yet. */
  newDirectory(): string {
    return join(this.directory, String(++this.#directories));
  }

  /**
   * Starts Mars as it comes: every setting has its default, but for the ports, which are free ones, and what is given. The
   * HTTP port can be given to connect to before Mars is up.
   */
  async startMars({ dataDir = this.newDirectory(), httpPort = 0, env }: StartOptions = {}): Promise<Mars> {
    const settings = { MARS_HTTP_PORT: String(httpPort), ...env };
    const mars = await spawnMars({ dataDir, command: [this.binary], env: settings });
    this.#children.add(mars);
    const { pid, url } = mars;
    const stats = async () => {
      // The certificate is the bench's own.
      const tls = { rejectUnauthorized: false };
      const found = (await (await fetch(`${url}/api/q/stats`, { tls })).json()) as Stats & {
        readonly tracker: Stats["projector"];
      };
      // A binary to compare with may call it by its earlier name.
      return { ...found, projector: found.projector ?? found.tracker };
    };
    return {
      ...measured(pid),
      dataDir,
      url,
      httpPort: mars.httpPort,
      grpcPort: mars.grpcPort,
      secure: url.startsWith("https:"),
      stats,
      async caughtUp() {
        const deadline = performance.now() + catchUpTimeoutMs;
        while (performance.now() < deadline) {
          const now = await stats();
          if (now.store.behind + now.projector.behind === 0) return now;
          await Bun.sleep(20);
        }
        throw new Error(`the store has not caught up in ${catchUpTimeoutMs / 1000} s`);
      },
      stop: async () => {
        const code = await mars.kill("SIGTERM");
        this.#children.delete(mars);
        if (code !== 0) throw new Error(`Mars ended with ${code}`);
      },
    };
  }

  /** Starts a file of `bench/controls` or `bench/load` under Bun, and resolves when it has printed its port. */
  async startControl(file: string, ...args: string[]): Promise<Server & { stop(): Promise<void> }> {
    const command = [process.execPath, join(import.meta.dir, "controls", file), ...args];
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
    this.#children.add(child);
    for await (const chunk of child.stdout) {
      const port = Number(/:(\d+)\n/.exec(new TextDecoder().decode(chunk))?.[1]);
      return {
        ...measured(child.pid),
        httpPort: port,
        grpcPort: port,
        url: `http://127.0.0.1:${port}`,
        stop: async () => {
          child.kill();
          await child.exited;
          this.#children.delete(child);
        },
      };
    }
    throw new Error(`${file} did not start`);
  }

  /** Ends all processes that a scenario has left, after a failure for instance. */
  endChildren(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#children.clear();
  }

  /** Removes this run's directory. The cache stays. */
  close(): void {
    this.endChildren();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What runs that were killed could not remove, which may be gigabytes. */
function removeLeftovers(): void {
  for (const name of readdirSync(cacheDir)) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(cacheDir, name), { recursive: true });
  }
}

function measured(pid: number): Pick<Server, "pid" | "cpuSeconds" | "memory"> {
  return { pid, cpuSeconds: () => cpuSeconds(pid), memory: () => memoryBytes(pid) };
}
