/**
 * Maps deliveries on threads of their own: a source's expressions may take long, and the thread that serves sockets must not wait.
 * Two run at one time, one of each source, so that a slow source delays others by one delivery at most. A mapping that takes longer
 * than `runMs` is ended with its thread.
 *
 * Bound: `waitingMax` deliveries wait, each for `waitMs`. Threads start with the first delivery, and end when there is none for a while.
 */
import type { Caller } from "../core/caller.ts";
import { type FieldProblem, MarsError } from "../core/error.ts";
import { within } from "../runtime/delay.ts";
import { FairQueue, type FairQueueOptions, type FairQueueStats } from "../runtime/fair-queue.ts";
import type { Mapper } from "../sources/ports.ts";
import type { Source } from "../sources/source.ts";
import type { MappedSource, MappingService } from "./mapping-service.ts";
import type { Thread, ThreadClient } from "./thread.ts";

const activeMax = 2;
const waitingMax = 1_000;
const waitMs = 10_000;
/** Of one mapping. */
const runMs = 1_000;
/** Of starting a thread. */
const startMs = 10_000;
const idleMs = 60_000;
/** Bound on closing a thread that is idle. */
const stopMs = 1_000;

export interface MappingRuns extends Mapper {
  readonly stats: FairQueueStats;
  /** Refuses what waits, and ends the threads. */
  close(error: MarsError): Promise<void>;
}

export interface MappingRunsOptions extends Pick<FairQueueOptions, "onRefused"> {
  readonly start: () => Thread<MappingService>;
  /** Milliseconds; for tests. */
  readonly limitMs?: number;
}

export function createMappingRuns({ start, limitMs = runMs, onRefused }: MappingRunsOptions): MappingRuns {
  const options = { what: "deliveries", activeMax, activePerPeerMax: 1, waitingMax, waitMs };
  const queue = new FairQueue({ ...options, ...(onRefused !== undefined && { onRefused }) });
  const idle: Thread<MappingService>[] = [];
  const stopping = new Set<Promise<void>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function end(thread: Thread<MappingService>, ms: number): void {
    const ended: Promise<void> = thread
      .stop(ms)
      // It has been given up; what it still does is nobody's.
      .catch(() => undefined)
      .finally(() => stopping.delete(ended));
    stopping.add(ended);
  }

  function endIdle(): void {
    clearTimeout(timer);
    for (const thread of idle.splice(0)) end(thread, stopMs);
  }

  async function taken(): Promise<Thread<MappingService>> {
    const known = idle.pop();
    if (known !== undefined) return known;
    const thread = start();
    if (await within(startMs, thread.client.ready())) return thread;
    end(thread, 0);
    throw new MarsError("unavailable", "the thread that maps does not start", { retryAfterMs: 1_000 });
  }

  function run<T>(caller: Caller, call: (client: ThreadClient<MappingService>) => Promise<T>): Promise<T> {
    return queue.run(caller, async () => {
      const thread = await taken();
      const called = call(thread.client);
      if (!(await within(limitMs, called))) {
        called.catch(() => undefined);
        end(thread, 0);
        throw new MarsError("deadline_exceeded", `the mapping took longer than ${limitMs} ms`);
      }
      if (closed) end(thread, stopMs);
      else {
        idle.push(thread);
        clearTimeout(timer);
        timer = setTimeout(endIdle, idleMs);
        timer.unref?.();
      }
      return called;
    });
  }

  return {
    check: (source, caller): Promise<readonly FieldProblem[]> =>
      run(caller, (client) => client.check(mapped(source))),
    map: (source, delivery, caller) => run(caller, (client) => client.map(mapped(source), delivery)),
    get stats() {
      return queue.stats;
    },
    async close(error) {
      closed = true;
      queue.close(error);
      endIdle();
      await Promise.all(stopping);
    },
  };
}

function mapped({ verify: _, ...source }: Source): MappedSource {
  return source;
}
