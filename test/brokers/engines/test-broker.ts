/** A real message broker in a directory of its own, for the tests of collectors. */
import type { Subprocess } from "bun";
import type { UrlTls } from "./test-tls.ts";

export interface Outgoing {
  /** Where the engine has something like it the broker, or Mars, drops a repeat by it. */
  readonly id: string;
  readonly body: string | Uint8Array;
  /** Of the message, as its engine has them. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestBroker {
  readonly engine: string;
  /** It may send a message twice without a reason. */
  readonly repeats?: true;
  /** Over TLS it lets in who has no certificate, too. */
  readonly anyClient?: true;
  /** More would take too long; absent: as many as are wanted. */
  readonly messagesMost?: number;
  /** Makes what the collector reads from. */
  prepare(): Promise<void>;
  /** Resolves when all of them are in the broker; tries again while it is away. */
  publish(messages: readonly Outgoing[]): Promise<void>;
  /** A collector's URL, with its members in the query. */
  url(options?: {
    readonly password?: string;
    readonly deadLetter?: boolean;
    /** Of this Mars in a group of several. */
    readonly instance?: string;
    /** Over TLS, where the broker was started with it. */
    readonly tls?: UrlTls;
    /** Without TLS and a user, where the broker has such a door as well. */
    readonly plain?: boolean;
  }): string;
  /**
   * Gives the collector's user another password. The broker ends the connections that were made with the former one, at once or within
   * seconds.
   */
  setPassword(password: string): Promise<void>;
  /** Where what is read has partitions, which a group divides. */
  setPartitions?(count: number): Promise<void>;
  /** Where there are records without a value. @param keys of them */
  publishTombstones?(keys: readonly string[]): Promise<void>;
  /** Ends it at once, and starts it again on the same directory. */
  kill(): Promise<void>;
  /** Ends it at once, or makes it stand still, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  readonly sink: TestSink;
  /** What was published to its dead-letter target; of a queue what was not read before. */
  deadLetters(): Promise<readonly { readonly id?: string; readonly body: string; readonly reason: string }[]>;
  stop(): Promise<void>;
}

export interface TestSink {
  /** Leads to the dead-letter target. */
  readonly url: string;
}

export interface StartOptions {
  /** It listens for TLS as well, and wants certificates. */
  readonly tls?: boolean;
}

export type StartBroker = (directory: string, options?: StartOptions) => Promise<TestBroker>;

/** Its user's. */
export const brokerUser = "mars";
export const brokerPassword = "s3cret";

/** Starts a server and resolves when `ready` does. */
export async function startServer(
  command: readonly string[],
  { env = {}, ready, log }: { env?: Record<string, string>; ready: () => Promise<unknown>; log: string },
): Promise<Subprocess> {
  const child = Bun.spawn([...command], {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    stdin: "ignore",
    stdout: Bun.file(log),
    stderr: Bun.file(log),
  });
  const end = performance.now() + startMs;
  for (;;) {
    try {
      await ready();
      return child;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > end) {
        child.kill("SIGKILL");
        throw new Error(`${command[0]} did not start: ${error}; ${await Bun.file(log).text()}`);
      }
      await Bun.sleep(50);
    }
  }
}

const startMs = 40_000;

/** Repeats until it succeeds, for the time that a broker may be away. */
export async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + awayMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
      await Bun.sleep(50);
    }
  }
}

const awayMs = 60_000;
