/** The process, as far as a command that calls a running Mars uses it. */
import type { Sources } from "../config/sources.ts";

export interface Host {
  readonly env: Sources["env"];
  readonly readFile: Sources["readFile"];
  readStdin(): Promise<string>;
  /** What comes on stdin, a piece at a time; read no faster than it is used. */
  stdin(): AsyncIterable<Uint8Array>;
  readonly stdinIsTerminal: boolean;
  /** @returns whether there is still a reader */
  print(text: string): boolean;
  /** Writes to stdout, too. */
  printBytes(bytes: Uint8Array): boolean;
  /** Writes a sentence to stderr. */
  complain(sentence: string): void;
  /** Writes to stderr as it is. */
  note(text: string): void;
  /** Does nothing where there is no browser to show it. */
  openInBrowser(address: string): Promise<void>;
  /** Lets `fetch` connect to a host itself: a proxy would see the keys of this machine. */
  bypassProxy(host: string): void;
  /** The columns of the terminal that stdout is; absent where it is none. */
  readonly columns: number | undefined;
  /** The same of stderr. */
  readonly errorColumns: number | undefined;
  /** Aborts, with the signal's name, at Ctrl-C and SIGTERM. From the first call on these no longer end the process, but for a second one. */
  stopAsked(): AbortSignal;
  /** Starts a Mars in this process and in a directory of its own, which goes with it or is kept. Rejects where it cannot start. */
  startMars(keep: boolean): Promise<OwnMars>;
  readonly version: string;
  /** The commands that call no running Mars, such as `serve`. */
  readonly commands: readonly string[];
}

export interface OwnMars {
  /** Without a slash at its end; loopback. It needs no key. */
  readonly url: string;
  readonly grpcPort: number;
  readonly dataDir: string;
  /** Resolves, with the reason, if it cannot go on. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}
