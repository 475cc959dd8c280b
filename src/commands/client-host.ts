/** The process as the commands that call a running Mars see it, and how a text gets out of a process whole. */
import { spawn } from "node:child_process";
import { createReadStream, readFileSync, writeSync } from "node:fs";
import type { Host } from "../cli/host.ts";

const fullPipeMs = 5;
const stdinDescriptor = 0;
/** How long after a signal the same one is its echo. */
export const echoMs = 500;

/** The process, as far as these commands use it. */
export type Program = Pick<
  NodeJS.Process,
  "env" | "platform" | "stdin" | "stdout" | "stderr" | "once" | "on" | "off"
>;

export interface HostOptions {
  readonly version: string;
  readonly commands: readonly string[];
  bypassProxy(host: string): void;
  startMars: Host["startMars"];
}

export function createHost(program: Program, options: HostOptions): Host {
  let stop: AbortController | undefined;
  return {
    ...options,
    env: program.env,
    readFile,
    async readStdin() {
      const chunks: Buffer[] = [];
      for await (const chunk of program.stdin) chunks.push(chunk);
      return Buffer.concat(chunks).toString("utf8");
    },
    // By its descriptor: nothing is read ahead, so a slow reader here slows the writer of the pipe.
    stdin: () => createReadStream("", { fd: stdinDescriptor, autoClose: false }),
    stdinIsTerminal: program.stdin.isTTY === true,
    print: (text) => write(1, text),
    printBytes: (bytes) => write(1, bytes),
    complain: (sentence) => void write(2, `mars: ${sentence}\n`),
    note: (text) => void write(2, text),
    openInBrowser: (address) => openInBrowser(address, program),
    columns: columnsOf(program.stdout),
    errorColumns: columnsOf(program.stderr),
    stopAsked() {
      if (stop === undefined) {
        const asked = new AbortController();
        stop = asked;
        for (const name of ["SIGINT", "SIGTERM"] as const) {
          program.once(name, () => {
            ignoreEcho(program, name);
            asked.abort(name);
          });
        }
      }
      return stop.signal;
    },
  };
}

/** A program such as npm passes on a Ctrl-C that the terminal has delivered already: that is no second one. */
function ignoreEcho(program: Program, name: "SIGINT" | "SIGTERM"): void {
  const ignore = () => {};
  program.on(name, ignore);
  setTimeout(() => program.off(name, ignore), echoMs).unref();
}

/** Resolves once the system's opener runs, or cannot; it ends by itself. */
function openInBrowser(address: string, { env, platform }: Program): Promise<void> {
  const opener = platform === "darwin" ? "open" : "xdg-open";
  // Over ssh an opener would start a browser in this terminal.
  const shown = platform === "darwin" || env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME;
  if (!shown) return Promise.resolve();
  return new Promise((resolve) => {
    const child = spawn(opener, [address], { stdio: "ignore", detached: true });
    // The address has been printed: a person without an opener has it.
    child.once("error", () => resolve());
    child.once("spawn", () => {
      child.unref();
      resolve();
    });
  });
}

function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY ? columns || 80 : undefined;
}

export function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** @returns whether there is still a reader */
export function write(descriptor: 1 | 2, text: string | Uint8Array): boolean {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return false;
      // A full pipe that another process has made one that does not block.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipeMs);
    }
  }
  return true;
}
