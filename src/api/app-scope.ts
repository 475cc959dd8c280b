/** The apps that an operation concerns, and whether its caller may do it there. */
import * as z from "zod";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { coversPattern, type Scope } from "../core/rights.ts";

/**
 * - `named`: the app of the input's `app_id`, which is required.
 * - `narrowed`: the app of `app_id`, and without one every app that the caller may see; the answer names these.
 * - `all`: no app, or every one; the caller needs rights for every app.
 * - `own`: the handler finds out which, and asserts it by itself.
 * - `none`: no app's data.
 */
export type AppScope = "named" | "narrowed" | "all" | "own" | "none";

/** The member of a narrowed answer. */
export const narrowedTo = {
  apps: z
    .array(z.string())
    .optional()
    .meta({ description: "The apps that this answer is limited to, where the key is not for every app." }),
};

/**
 * @throws `MarsError` `not_found` for a read of an app that the caller has no rights for, as if there were no such app;
 * `permission_denied` for a change, and where rights for every app are needed
 */
export function assertApps(
  caller: Pick<Caller, "identity">,
  { scope, apps }: { readonly scope: Scope; readonly apps: AppScope },
  input: { readonly app_id?: string | undefined },
): void {
  if (apps === "all") assertAllApps(caller);
  else if ((apps === "named" || apps === "narrowed") && input.app_id !== undefined) {
    assertApp(caller, input.app_id, scope);
  }
}

/** @throws `MarsError("permission_denied")` for a caller without rights for every app */
export function assertAllApps({ identity }: Pick<Caller, "identity">): void {
  if (!identity.allApps) {
    throw new MarsError("permission_denied", "this concerns every app: it needs a key for the apps *");
  }
}

/** @throws as `assertApps`; `appId` absent: every app */
export function assertApp(caller: Pick<Caller, "identity">, appId: string | undefined, scope: Scope): void {
  if (appId === undefined) assertAllApps(caller);
  else if (!caller.identity.mayApp(appId)) {
    if (scope === "read") throw new MarsError("not_found", "there is no app with this id");
    throw new MarsError("permission_denied", `this key is not for the app ${JSON.stringify(appId)}`);
  }
}

/** Whether the caller has rights for everything that the patterns name. */
export function coversAll({ identity }: Pick<Caller, "identity">, patterns: readonly string[]): boolean {
  return patterns.every((pattern) => coversPattern(identity, pattern));
}

/** The filter of a narrowed list: one app, or patterns of apps; none for a caller with rights for every app. */
export function narrow(
  { identity }: Pick<Caller, "identity">,
  appId: string | undefined,
): { readonly appId?: string; readonly apps?: readonly string[] } {
  if (appId !== undefined) return { appId };
  if (identity.allApps) return {};
  const [only, ...more] = identity.apps;
  // By the index of this app, instead of a filter on every app's rows.
  return only !== undefined && more.length === 0 && !only.endsWith("*")
    ? { appId: only }
    : { apps: identity.apps };
}
