/** `/api/apps/{app}/lifecycle`: an app's definition, its versions, and what helps to find a good one. */
import { MarsError } from "../../core/error.ts";
import { lifecycleBodyBytesMax } from "../../core/limits.ts";
import { nowMicros } from "../../core/time.ts";
import { dryRunToJson, learnedToJson } from "../../learning/trial.ts";
import { definitionToJson } from "../../lifecycle/definition.ts";
import { lifecycleToJson } from "../../lifecycle/json.ts";
import { parseDefinition } from "../../lifecycle/parse-definition.ts";
import { checkWindow } from "../parse-finding-query.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readJson } from "./body.ts";
import { bodyFormat } from "./media-type.ts";
import { assertNoQuery, readQuery } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";
import { appOf } from "./segments.ts";

export function addLifecycleRoutes(
  router: Router,
  parts: Pick<EdgeParts, "reader" | "lifecycles" | "changes" | "trials" | "intake">,
): void {
  const { reader, lifecycles, changes, trials, intake } = parts;
  const path = "/api/apps/:app_id/lifecycle";

  router.put(path, async (c) => {
    assertNoQuery(c.req.url);
    const appId = appOf(c);
    const caller = callerOf(c);
    const definition = await readDefinition(c);
    const version = await changes.run(caller, () => lifecycles.putLifecycle(appId, definition));
    if (version === undefined) throw new Error("a definition was put, and no version came of it");
    return answerJson(c, JSON.stringify({ success: true, ...lifecycleToJson(version) }));
  });

  router.get(path, async (c) => {
    assertNoQuery(c.req.url);
    const [version] = await reader(callerOf(c)).lifecycleVersions(appOf(c), 1);
    if (version?.definition === undefined) throw noLifecycle();
    return answerJson(c, JSON.stringify(lifecycleToJson(version)));
  });

  router.delete(path, async (c) => {
    assertNoQuery(c.req.url);
    const appId = appOf(c);
    const caller = callerOf(c);
    const [current] = await reader(caller).lifecycleVersions(appId, 1);
    if (current?.definition === undefined) throw noLifecycle();
    const version = await changes.run(caller, () => lifecycles.putLifecycle(appId, undefined));
    // Somebody else may have ended it meanwhile.
    if (version === undefined) throw noLifecycle();
    return answerJson(c, JSON.stringify({ success: true, version: version.version }));
  });

  router.get(`${path}/versions`, async (c) => {
    assertNoQuery(c.req.url);
    const versions = await reader(callerOf(c)).lifecycleVersions(appOf(c));
    return answerJson(c, JSON.stringify({ versions: versions.map(lifecycleToJson) }));
  });

  router.post(`${path}/dry-run`, async (c) => {
    const caller = callerOf(c);
    const appId = appOf(c);
    const window = checkWindow(readQuery(c.req.url, ["since", "until"]));
    const definition = await readDefinition(c);
    c.env?.keepOpen?.(c.req.raw);
    const run = await trials.dryRun(definition, { appId, ...window, clock: nowMicros() }, caller);
    return answerJson(c, JSON.stringify({ lifecycle: definitionToJson(definition), ...dryRunToJson(run) }));
  });

  router.get(`${path}/learned`, async (c) => {
    const appId = appOf(c);
    const window = checkWindow(readQuery(c.req.url, ["since", "until"]));
    c.env?.keepOpen?.(c.req.raw);
    const learned = await trials.learn({ appId, ...window }, callerOf(c));
    return answerJson(c, JSON.stringify(learnedToJson(learned)));
  });

  async function readDefinition(c: HttpContext) {
    bodyFormat(c.req.raw.headers.get("content-type"), ["json"]);
    return parseDefinition(await readJson(intake, c, lifecycleBodyBytesMax));
  }
}

function noLifecycle(): MarsError {
  return new MarsError("not_found", "this app has no lifecycle");
}
