/**
 * Reads of clients: a fair queue in front of the query thread. Two calls are with the thread at one time, so that it does not
 * wait for the next, and a caller waits for one other call at most.
 */
import type { Caller } from "../core/caller.ts";
import type { MarsError } from "../core/error.ts";
import { FairQueue, type FairQueueOptions, type FairQueueStats } from "../runtime/fair-queue.ts";
import type { ThreadClient } from "./thread.ts";

export interface ClientReads<T> {
  /** The service, for one caller. */
  for(caller: Caller): ThreadClient<T>;
  readonly stats: FairQueueStats;
  /** Refuses all reads from now on, including those that wait. */
  close(error: MarsError): void;
}

export interface ClientReadsOptions<T> extends Pick<FairQueueOptions, "onRefused"> {
  /** Called when it is a caller's turn. @returns why it may not read now */
  readonly admit?: (caller: Caller) => MarsError | undefined;
  /** Divides a call of a method into several, each of which waits for its turn. */
  readonly inTurns?: {
    readonly [M in keyof T]?: (
      call: ThreadClient<T>[M],
      ...args: Parameters<ThreadClient<T>[M]>
    ) => ReturnType<ThreadClient<T>[M]>;
  };
  /** Called with the answers of a method before its caller gets them. */
  readonly observe?: { readonly [M in keyof T]?: (answer: Awaited<ReturnType<ThreadClient<T>[M]>>) => void };
}

/** More than well-behaved clients have open, and few enough that the last one is answered within its time. */
const waitingMax = 2_000;
const waitMs = 5_000;
/** Together with `waitMs` less than the idle timeout of a connection. */
const runMs = 15_000;

export function createClientReads<T>(
  client: ThreadClient<T>,
  { admit, inTurns = {}, observe = {}, onRefused }: ClientReadsOptions<T> = {},
): ClientReads<T> {
  const options = { what: "reads", activeMax: 2, waitingMax, waitMs, runMs };
  const queue = new FairQueue({ ...options, ...(onRefused !== undefined && { onRefused }) });
  const methods = client as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
  const observers = observe as Record<string, ((answer: unknown) => void) | undefined>;
  const splits = inTurns as Record<
    string,
    ((call: unknown, ...args: readonly unknown[]) => Promise<unknown>) | undefined
  >;
  const callOf =
    (caller: Caller, method: string) =>
    (...args: unknown[]) =>
      queue.run(caller, async () => {
        const refusal = admit?.(caller);
        if (refusal !== undefined) throw refusal;
        const answer = await methods[method]?.(...args);
        observers[method]?.(answer);
        return answer;
      });
  return {
    for: (caller) =>
      new Proxy({} as ThreadClient<T>, {
        get(_, method) {
          if (typeof method !== "string") return undefined;
          const call = callOf(caller, method);
          const split = splits[method];
          return split === undefined ? call : (...args: unknown[]) => split(call, ...args);
        },
      }),
    get stats() {
      return queue.stats;
    },
    close: (error) => queue.close(error),
  };
}
