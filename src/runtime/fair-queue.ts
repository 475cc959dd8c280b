/**
 * A fair queue: a peer with many tasks delays others by about one task. Peers take turns by the time that their tasks have
 * used, and so do the connections of a peer. A peer that has used the least time goes first.
 *
 * Bound: `waitingMax` tasks. When it is full, the last task of the connection that waits with the most gives way, of the
 * peer that does; it is refused as `overloaded`. A task that waits longer than `waitMs` ends with `deadline_exceeded`, one
 * whose caller has gone is dropped before it runs, and `close` refuses all that wait. Counters: `stats`.
 */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { type Flow, isIdle, leastUsed, mostWaiting, newFlow } from "./queue-flow.ts";

export interface FairQueueOptions {
  /** The name of the tasks in messages: "reads". */
  readonly what: string;
  /** Tasks that run at one time. */
  readonly activeMax: number;
  /** Of one peer; default: all of them. */
  readonly activePerPeerMax?: number;
  readonly waitingMax: number;
  /** Default: for as long as it takes, as for all of these. */
  readonly waitMs?: number;
  /** After this a task that still runs is given up by its caller; the task itself goes on. */
  readonly runMs?: number;
  /** Called for every task that was refused. */
  readonly onRefused?: (caller: Caller) => void;
}

export interface FairQueueStats {
  readonly waiting: number;
  readonly active: number;
  /** Since the start, as all that follow. */
  readonly done: number;
  /** Because too many waited. */
  readonly refused: number;
  /** They waited or ran for too long. */
  readonly expired: number;
  /** Their callers, or their rights, had gone before they ran. */
  readonly abandoned: number;
}

interface ConnectionFlow extends Flow {
  readonly tasks: Task[];
}

interface PeerFlow extends Flow {
  readonly connections: Map<string, ConnectionFlow>;
}

interface Task {
  readonly caller: Caller;
  readonly run: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  waiting: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  onAbort: (() => void) | undefined;
}

/** The expected cost of a task before any has ended. */
const firstCostMs = 1;
const retryAfterMs = 1_000;

export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #peers = new Map<string, PeerFlow>();
  /** Of all peers together. */
  readonly #all: Flow = newFlow(0);
  /** The cost of a task, as a moving mean. */
  #cost = firstCostMs;
  #done = 0;
  #refused = 0;
  #expired = 0;
  #abandoned = 0;
  #closed: MarsError | undefined;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  get stats(): FairQueueStats {
    return {
      waiting: this.#all.waiting,
      active: this.#all.active,
      done: this.#done,
      refused: this.#refused,
      expired: this.#expired,
      abandoned: this.#abandoned,
    };
  }

  /**
   * Runs the task when it is the caller's turn.
   *
   * @throws `MarsError` `overloaded`, `deadline_exceeded` and that of `close`; what the task rejects with; the reason of
   *   the caller's signal when that aborts while the task waits, and why the caller's rights have ended
   */
  run<T>(caller: Caller, run: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const { signal } = caller;
    if (signal?.aborted) {
      this.#abandoned += 1;
      return Promise.reject(signal.reason);
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const task: Task = {
      caller,
      run,
      resolve: resolve as (value: unknown) => void,
      reject,
      waiting: true,
      timer: undefined,
      onAbort: undefined,
    };
    this.#enter(task);
    this.#start();
    if (task.waiting) this.#guard(task);
    if (this.#all.waiting > this.#options.waitingMax) this.#refuseLast();
    return promise;
  }

  /** Refuses the tasks that wait and all later ones; running tasks end by themselves. */
  close(error: MarsError): void {
    this.#closed ??= error;
    const waiting = [...this.#peers.values()].flatMap(({ connections }) =>
      [...connections.values()].flatMap(({ tasks }) => tasks),
    );
    for (const task of waiting) this.#drop(task, error);
  }

  #enter(task: Task): void {
    const { name, connection } = task.caller.peer;
    const peer = entryOf(this.#peers, name, () => ({ ...newFlow(this.#all.floor), connections: new Map() }));
    const flow = entryOf(peer.connections, connection, () => ({ ...newFlow(peer.floor), tasks: [] }));
    if (peer.waiting === 0) peer.used = Math.max(peer.used, this.#all.floor);
    if (flow.waiting === 0) flow.used = Math.max(flow.used, peer.floor);
    flow.tasks.push(task);
    for (const level of [this.#all, peer, flow]) level.waiting += 1;
  }

  /** Ends the wait of a task whose caller has gone, or that has waited for too long. */
  #guard(task: Task): void {
    const { signal } = task.caller;
    task.onAbort = () => {
      this.#abandoned += 1;
      this.#drop(task, signal?.reason);
    };
    signal?.addEventListener("abort", task.onAbort, { once: true });
    const { waitMs } = this.#options;
    if (waitMs === undefined) return;
    task.timer = setTimeout(() => {
      this.#expired += 1;
      this.#drop(task, this.#late("waited", waitMs));
    }, waitMs);
  }

  #start(): void {
    while (this.#all.active < this.#options.activeMax) {
      const peer = this.#nextPeer();
      if (peer === undefined) return;
      // One that asks for a single thing goes before those that ask for many, when neither has been served yet.
      const connection = leastUsed(
        peer.connections.values(),
        ({ waiting }) => waiting > 0,
        ({ waiting }) => (waiting > 1 ? this.#cost : 0),
      );
      const task = connection?.tasks[0];
      if (connection === undefined || task === undefined) throw new Error("a peer waits with no task");
      this.#all.floor = peer.used;
      peer.floor = connection.used;
      this.#leave(task);
      void this.#carryOut(task, [this.#all, peer, connection]);
    }
  }

  #nextPeer(): PeerFlow | undefined {
    const { activePerPeerMax = Number.POSITIVE_INFINITY } = this.#options;
    return leastUsed(this.#peers.values(), ({ waiting, active }) => waiting > 0 && active < activePerPeerMax);
  }

  async #carryOut(task: Task, flows: readonly Flow[]): Promise<void> {
    const { ended } = task.caller.identity;
    // Its key was revoked while it waited.
    if (ended !== undefined) {
      this.#abandoned += 1;
      task.reject(ended);
      this.#tidy(task);
      return;
    }
    const expected = this.#cost;
    for (const flow of flows) {
      flow.active += 1;
      flow.used += expected;
    }
    const start = performance.now();
    const { runMs } = this.#options;
    const expire = () => {
      this.#expired += 1;
      task.reject(this.#late("ran", runMs ?? 0));
    };
    const timer = runMs === undefined ? undefined : setTimeout(expire, runMs);
    try {
      task.resolve(await task.run());
    } catch (error) {
      task.reject(error);
    }
    clearTimeout(timer);
    const took = performance.now() - start;
    this.#cost += (took - this.#cost) / 16;
    this.#done += 1;
    for (const flow of flows) {
      flow.active -= 1;
      flow.used += took - expected;
    }
    this.#tidy(task);
    this.#start();
  }

  #refuseLast(): void {
    const peer = mostWaiting(this.#peers.values());
    const task = mostWaiting(peer?.connections.values() ?? [])?.tasks.at(-1);
    if (task === undefined) throw new Error("a queue is full of no tasks");
    this.#refused += 1;
    const { what, waitingMax, onRefused } = this.#options;
    this.#drop(task, new MarsError("overloaded", `more than ${waitingMax} ${what} wait`, { retryAfterMs }));
    onRefused?.(task.caller);
  }

  /** Ends the wait of a task that will not run. */
  #drop(task: Task, error: unknown): void {
    if (!task.waiting) return;
    this.#leave(task);
    this.#tidy(task);
    task.reject(error);
  }

  #leave(task: Task): void {
    const { name, connection } = task.caller.peer;
    const peer = this.#peers.get(name);
    const flow = peer?.connections.get(connection);
    if (peer === undefined || flow === undefined) throw new Error("a task waits in no flow");
    flow.tasks.splice(flow.tasks.indexOf(task), 1);
    for (const level of [this.#all, peer, flow]) level.waiting -= 1;
    task.waiting = false;
    clearTimeout(task.timer);
    if (task.onAbort !== undefined) task.caller.signal?.removeEventListener("abort", task.onAbort);
  }

  /** Forgets the flows that have nothing here any more. */
  #tidy({ caller: { peer: key } }: Task): void {
    const peer = this.#peers.get(key.name);
    const flow = peer?.connections.get(key.connection);
    if (flow !== undefined && isIdle(flow)) peer?.connections.delete(key.connection);
    if (peer !== undefined && isIdle(peer)) this.#peers.delete(key.name);
  }

  #late(what: "waited" | "ran", ms: number): MarsError {
    return new MarsError(
      "deadline_exceeded",
      `one of the ${this.#options.what} ${what} longer than ${ms} ms`,
    );
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = create();
  map.set(key, value);
  return value;
}
