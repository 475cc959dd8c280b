/**
 * What clients read, in front of the query thread: each of its calls waits in a fair queue for its caller's turn. Two go
 * to the thread at one time, so that it need not wait for the next, and no caller for more than the one before.
 */
import type { Caller } from "../core/caller.ts";
import type { MarsError } from "../core/error.ts";
import { FairQueue, type FairQueueOptions, type FairQueueStats } from "../runtime/fair-queue.ts";
import type { ThreadClient } from "./thread.ts";

export interface ClientReads<T> {
  /** The service, for one caller. */
  for(caller: Caller): ThreadClient<T>;
  readonly stats: FairQueueStats;
  /** Refuses reads from now on, those that wait with them. */
  close(error: MarsError): void;
}

export interface ClientReadsOptions<T> extends Pick<FairQueueOptions, "onRefused"> {
  /** Asked when it is a caller's turn: why it may not read now. */
  readonly admit?: (caller: Caller) => MarsError | undefined;
  /** What makes several calls of a method of one, each of which waits for its turn. */
  readonly inTurns?: {
    readonly [M in keyof T]?: (
      call: ThreadClient<T>[M],
      ...args: Parameters<ThreadClient<T>[M]>
    ) => ReturnType<ThreadClient<T>[M]>;
  };
  /** Shown the answers of a method before its caller is. */
  readonly observe?: { readonly [M in keyof T]?: (answer: Awaited<ReturnType<ThreadClient<T>[M]>>) => void };
}

/** More than clients that mean well have open, and few enough that the last is answered in time or not at all. */
const waitingMax = 2_000;
const waitMs = 5_000;
/** Together with `waitMs` less than any connection may be quiet. */
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
