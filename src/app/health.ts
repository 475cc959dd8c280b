/** The health of Mars for `/readyz`: one sentence for the operator, from the state of each component. */
import type { Health, Log, ProcessState } from "../core/ports.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/**
 * How long a thread may owe an answer. A step takes milliseconds, a database server that is away has let go of its call after
 * some twenty seconds at most; a thread that is silent for longer hangs, and no retry will ever be made.
 */
const silentMsMax = 30_000;

export interface HealthParts {
  readonly state: () => ProcessState;
  /** What a start is busy with; empty where that is not known. */
  readonly starting: () => string;
  /** Why events are refused now; empty when they are not. */
  readonly refusal: () => string;
  readonly supervisor: Pick<Supervisor, "stuck" | "waiting">;
  /** Faults that do not keep events from being accepted; empty when there are none. */
  readonly warnings: () => readonly string[];
  /** Events and messages that are set aside. */
  readonly setAside: () => number;
  /** By name. */
  readonly threads: Readonly<Record<string, { readonly silentMs: number }>>;
}

export function createHealth(parts: HealthParts): () => Health {
  return () => {
    const state = parts.state();
    const busy = state === "starting" ? parts.starting() : "";
    if (state !== "serving")
      return {
        state,
        unready: busy === "" ? state : `${state}: ${busy}`,
        stalled: state,
        warnings: [],
      };
    const hanging = Object.entries(parts.threads)
      .filter(([, { silentMs }]) => silentMs > silentMsMax)
      .map(
        ([name, { silentMs }]) => `the ${name} thread has not answered for ${Math.floor(silentMs / 1_000)} s`,
      );
    const stalled = [...hanging, ...parts.supervisor.stuck()];
    const count = parts.setAside();
    const aside = count === 0 ? [] : [`${count} set aside, see GET /api/set-aside`];
    return {
      state,
      unready: [parts.refusal(), ...stalled].filter((sentence) => sentence !== "").join("; "),
      stalled: stalled.join("; "),
      warnings: [...parts.warnings(), ...parts.supervisor.waiting(), ...aside],
    };
  };
}

/** Rows that cannot be read are met again at every question: the log has one of them in this time. */
const logEveryMs = 10_000;

export type Unreadable = ReturnType<typeof createUnreadable>;

/** Counts and logs what the readers notify. */
export function createUnreadable(log: Pick<Log, "error">) {
  let count = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return {
    get count() {
      return count;
    },
    warnings(): string[] {
      return count === 0 ? [] : [`rows could not be read ${count} times, see unreadable_row in the log`];
    },
    notify({ message, event, error }: { message: string; event: string; error?: unknown }): void {
      count += 1;
      const now = performance.now();
      if (now - loggedAt < logEveryMs) return;
      loggedAt = now;
      log.error(message, { event, count, error });
    },
  };
}
