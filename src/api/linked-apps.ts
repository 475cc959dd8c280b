/** Whose events of other apps a lifecycle may wait for. */
import type { Caller } from "../core/caller.ts";
import type { Definition } from "../lifecycle/definition.ts";
import { assertApp } from "./app-scope.ts";
import type { ApiReader } from "./parts.ts";

/**
 * A stage of another app says whether and when an event of it happened, so its author needs rights for that app. Events that the
 * lifecycle in force waits for are shown to all who read the app, so they stay open to its authors.
 *
 * @throws `MarsError("permission_denied")`
 */
export async function assertLinkedApps(
  reader: Pick<ApiReader, "lifecycleVersions">,
  appId: string,
  { stages }: Definition,
  caller: Pick<Caller, "identity">,
): Promise<void> {
  const others = stages.filter(({ app }) => app !== undefined && !caller.identity.mayApp(app));
  if (others.length === 0) return;
  const [inForce] = await reader.lifecycleVersions(appId, 1);
  for (const { app, events } of others) {
    const shown = inForce?.definition?.stages.flatMap((stage) => (stage.app === app ? stage.events : []));
    // Forbidden for a dry run too: that there is such an app is not what it asks.
    if (!events.every((event) => shown?.includes(event))) assertApp(caller, app, "write");
  }
}
