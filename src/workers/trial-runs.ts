/**
 * Learning and dry runs of lifecycles, and previews of alert rules, each in a thread of its own.
 *
 * Bound: two at one time, one of a peer; 32 wait, in turns by peer. A run is stopped when its caller is gone or it takes too
 * long; its place is free when its thread has ended.
 */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { anonymous } from "../core/identity.ts";
import type { Trials } from "../learning/trial.ts";
import { FairQueue, type FairQueueStats } from "../runtime/fair-queue.ts";
import type { Thread, ThreadClient } from "./thread.ts";
import type { DriftQuery, TrialService } from "./trial-service.ts";

export interface TrialRuns extends Trials {
  /** The same, of alert rules: see `AlertPreviews`. */
  preview(
    ...args: [...Parameters<TrialService["preview"]>, caller: Caller]
  ): ReturnType<TrialService["preview"]>;
  /** How messages differ from their lifecycle, for alerts: takes its turn as one more peer. */
  drift(query: DriftQuery): ReturnType<TrialService["drift"]>;
  readonly stats: FairQueueStats;
  /** Refuses the runs that wait and stops the others. */
  close(error: MarsError): void;
}

export interface TrialRunsOptions {
  readonly start: (stop: SharedArrayBuffer) => Thread<TrialService>;
  readonly onRefused?: (caller: Caller) => void;
}

/** Mars itself. */
const inside: Caller = {
  peer: { name: "alerts", connection: "alerts" },
  identity: anonymous,
  address: "",
  protocol: "inside",
};

const activeMax = 2;
const waitingMax = 32;
/** Together less than the idle timeout of a connection. */
const waitMs = 15_000;
const runMs = 45_000;
/** Bound on closing the thread's connection. */
const stopMs = 1_000;

export function createTrialRuns({ start, onRefused }: TrialRunsOptions): TrialRuns {
  const options = { what: "trials", activeMax, activePerPeerMax: 1, waitingMax, waitMs };
  const queue = new FairQueue({ ...options, ...(onRefused !== undefined && { onRefused }) });
  const closing = new AbortController();

  function run<T>(caller: Caller, call: (service: ThreadClient<TrialService>) => Promise<T>): Promise<T> {
    return queue.run(caller, async () => {
      const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const late = AbortSignal.timeout(runMs);
      const signals = [late, closing.signal, ...(caller.signal === undefined ? [] : [caller.signal])];
      const ended = AbortSignal.any(signals);
      const giveUp = () => Atomics.store(new Int32Array(stop), 0, 1);
      ended.addEventListener("abort", giveUp, { once: true });
      const thread = start(stop);
      try {
        return await call(thread.client);
      } catch (error) {
        if (closing.signal.aborted) throw closing.signal.reason;
        if (late.aborted) throw new MarsError("deadline_exceeded", `the run took longer than ${runMs} ms`);
        throw error;
      } finally {
        ended.removeEventListener("abort", giveUp);
        await thread.stop(stopMs);
      }
    });
  }

  return {
    learn: (options, caller) => run(caller, (service) => service.learn(options)),
    dryRun: (definition, options, caller) => run(caller, (service) => service.dryRun(definition, options)),
    preview: (rule, window, caller) => run(caller, (service) => service.preview(rule, window)),
    drift: (query) => run(inside, (service) => service.drift(query)),
    get stats() {
      return queue.stats;
    },
    close(error) {
      queue.close(error);
      closing.abort(error);
    },
  };
}
