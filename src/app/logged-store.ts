/** The store as the parts of a running Mars see it: its changes go through the log. */
import { type ChangeMethod, changeKinds } from "../core/change-record.ts";
import type { StoreService } from "../workers/store-service.ts";
import type { ThreadClient } from "../workers/thread.ts";

export interface LoggedStoreOptions {
  readonly store: ThreadClient<StoreService>;
  /** See `Changes.ask`. */
  readonly change: (method: ChangeMethod, args: readonly unknown[]) => Promise<unknown>;
  /** See `Changes.earlier`. */
  readonly earlier: () => Promise<void>;
}

/** What parts read once, at their start, and keep: a change that an earlier run has left in the log must be in it. */
const readOnce: ReadonlySet<string> = new Set([
  "readKeys",
  "readSessions",
  "readSources",
  "readBrokerCollectors",
] satisfies (keyof StoreService)[]);

export function loggedStore({ store, change, earlier }: LoggedStoreOptions): ThreadClient<StoreService> {
  return new Proxy(store, {
    get(_, method, receiver) {
      if (typeof method !== "string") return Reflect.get(store, method, receiver);
      if (Object.hasOwn(changeKinds, method)) {
        return (...args: unknown[]) => change(method as ChangeMethod, args);
      }
      const call = store[method as keyof StoreService] as (...args: unknown[]) => Promise<unknown>;
      if (!readOnce.has(method)) return call;
      return async (...args: unknown[]) => {
        await earlier();
        return call(...args);
      };
    },
  });
}
