/** Who may see and change which source. */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Source } from "../sources/source.ts";
import { withKeptSecret } from "../sources/source-json.ts";
import { assertApp, coversAll } from "./app-scope.ts";
import type { ApiParts } from "./parts.ts";
import { throwIfAny } from "./problems.ts";
import { needsSecret, type SourceInput } from "./source-input.ts";

type Reader = ApiParts["reader"];

/** `undefined` for one of other apps, too. */
export async function reachable(reader: Reader, id: string, caller: Caller): Promise<Source | undefined> {
  const known = (await reader(caller).sources()).find((one) => one.id === id);
  return known !== undefined && mayReach(caller, known) ? known : undefined;
}

/** The source that is replaced. Rejects with `permission_denied` for one of other apps. */
export async function replaceable(reader: Reader, id: string, caller: Caller): Promise<Source | undefined> {
  const known = (await reader(caller).sources()).find((one) => one.id === id);
  if (known !== undefined && !mayReach(caller, known))
    throw new MarsError("permission_denied", "a source of this id is of an app that this key is not for");
  return known;
}

/** @throws as `assertApp` */
export function assertAuthor({ source }: SourceInput, caller: Caller, scope: "read" | "admin"): void {
  if (source.appId !== undefined) assertApp(caller, source.appId, scope);
}

/** Whether the caller has rights for all that it may report. */
export function mayReach(caller: Caller, { appId, apps }: Source): boolean {
  return appId === undefined ? coversAll(caller, apps) : caller.identity.mayApp(appId);
}

/**
 * The source as it is to be stored, of this author; for a read, as it would be, whose secret is not needed.
 *
 * @throws `MarsError` for another's app, and for a secret that is missing
 */
export function authored(
  id: string,
  { source, overlapMs }: SourceInput,
  before: Source | undefined,
  caller: Caller,
  { scope = "admin" }: { readonly scope?: "read" | "admin" } = {},
): Source {
  assertAuthor({ source }, caller, scope);
  const apps = source.appId === undefined ? caller.identity.apps : [source.appId];
  const { verify, problems } = withKeptSecret(source.verify, before?.verify, { overlapMs });
  if (scope === "admin") {
    throwIfAny(problems);
    if (needsSecret(verify) && verify.secret === undefined)
      throwIfAny([{ field: "verify.secret", message: "is required" }]);
  }
  return { id, ...source, apps, verify };
}
