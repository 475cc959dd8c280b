/**
 * A service on a thread of its own: each call is one message, and calls run one after another in their order. Both ends of
 * this protocol are here.
 */
import { parentPort, type Worker } from "node:worker_threads";
import type { Notice, Notify } from "../core/ports.ts";
import { within } from "../runtime/delay.ts";
import { collectAfterStart } from "../runtime/garbage.ts";
import { fromThreadError, type ThreadError, toThreadError } from "./thread-error.ts";

/** Bound on ending a thread by force. */
const terminateMs = 2_000;
/** The least time for closing the service, though the time for stopping is over. */
const closeMsMin = 200;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

type Reply =
  | { readonly id: 0; readonly notice: Notice & { readonly error?: ThreadError } }
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number;
      readonly error: ThreadError;
    };

/** The methods of a service, as another thread calls them: every answer is a promise. */
export type ThreadClient<T> = {
  [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** A service that runs on another thread. */
export interface Thread<T> {
  readonly client: ThreadClient<T>;
  /** Settles, with the reason, when the thread has ended, by `stop` or by itself. */
  readonly failed: Promise<Error>;
  /** How long its oldest answer has been due, in milliseconds; 0 when none is. */
  readonly silentMs: number;
  /** Calls the service's `close` and ends the thread, after `timeoutMs` by force. Rejects when it does not end. */
  stop(timeoutMs: number): Promise<void>;
}

/** Runs in the worker: makes the service from the parent's options, and answers calls to it, one at a time and in order. */
export function serveThread<O>(create: (options: O, notify: Notify) => object): void {
  const parent = parentPort;
  if (parent === null) throw new Error("this module runs in a worker only");
  const notify: Notify = ({ error, ...rest }) => {
    const notice = { ...rest, ...(error !== undefined && { error: toThreadError(error) }) };
    parent.postMessage({ id: 0, notice } satisfies Reply);
  };
  let methods: Record<string, (...args: readonly unknown[]) => unknown> = {
    create: (options) => {
      methods = create(options as O, notify) as typeof methods;
      collectAfterStart();
    },
  };
  const callOf = (method: string) => {
    const found = methods[method];
    if (found === undefined) throw new Error(`the thread has no ${method}, or its service could not be made`);
    return found;
  };
  let queue: Promise<void> = Promise.resolve();
  parent.on("message", (data: Call) => {
    queue = queue.then(async () => {
      const { id, method, args } = data;
      let reply: Reply;
      try {
        reply = { id, value: await callOf(method)(...args) };
      } catch (thrown) {
        reply = { id, error: toThreadError(thrown) };
      }
      try {
        parent.postMessage(reply);
      } catch (thrown) {
        // An answer that cannot be copied must not end the queue for the calls behind it.
        parent.postMessage({ id, error: toThreadError(thrown) } satisfies Reply);
      }
    });
  });
}

/** Runs in the parent: makes a client of the service that the worker runs. */
export function startThread<T extends { close(): unknown }>(
  worker: Worker,
  options: unknown,
  notify: Notify = () => undefined,
): Thread<T> {
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const failed = Promise.withResolvers<Error>();
  let ended: Error | undefined;
  let lastId = 0;
  /** Since when an answer is due, by `performance.now()`. */
  let owedSince = 0;

  const end = (error: Error) => {
    ended ??= error;
    failed.resolve(error);
    for (const call of calls.values()) call.reject(error);
    calls.clear();
  };
  worker.on("message", (data: Reply) => {
    if ("notice" in data) {
      const { error, ...rest } = data.notice;
      notify({ ...rest, ...(error !== undefined && { error: fromThreadError(error) }) });
      return;
    }
    const call = calls.get(data.id);
    calls.delete(data.id);
    owedSince = performance.now();
    if ("error" in data) call?.reject(fromThreadError(data.error));
    else call?.resolve(data.value);
  });
  worker.on("error", (cause) => end(new Error(`a database thread failed: ${String(cause)}`, { cause })));
  worker.on("exit", () => end(new Error("a database thread ended")));

  const call = (method: string, args: unknown[]): Promise<unknown> => {
    if (ended !== undefined) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      if (calls.size === 0) owedSince = performance.now();
      calls.set(id, { resolve, reject });
      worker.postMessage({ id, method, args } satisfies Call);
    });
  };
  // A service that cannot be made fails its first call with an error of its own.
  call("create", [options]).catch(() => undefined);
  return {
    // A client has the service's methods and no others; the proxy trusts the type in that.
    client: new Proxy({} as ThreadClient<T>, {
      get: (_, method) =>
        typeof method === "string" ? (...args: unknown[]) => call(method, args) : undefined,
    }),
    failed: failed.promise,
    get silentMs() {
      return calls.size === 0 ? 0 : performance.now() - owedSince;
    },
    async stop(timeoutMs) {
      await within(Math.max(timeoutMs, closeMsMin), call("close", []));
      void worker.terminate();
      // Its files are certainly closed only when the thread has ended.
      if (!(await within(terminateMs, failed.promise))) throw new Error("a database thread does not end");
    },
  };
}
