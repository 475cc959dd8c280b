/**
 * `GET /badge/{app}.svg`: whether messages of an app are stuck, as a picture for READMEs and dashboards. They fetch it without a key,
 * so it is there for the apps of `MARS_BADGES` alone; for every other app there is nothing at its path, whether it exists or not.
 */
import { createHash } from "node:crypto";
import { throwIfAny } from "../../api/problems.ts";
import { MarsError } from "../../core/error.ts";
import { Identity } from "../../core/identity.ts";
import { resourcePolicyName } from "../http/security-headers.ts";
import type { EdgeParts } from "../parts.ts";
import { type BadgeTone, badgeSvg } from "./badge-svg.ts";
import { decodeSegment, readQuery } from "./query-string.ts";
import { addressOf, type Router } from "./router.ts";

export const badgePrefix = "/badge/";
const suffix = ".svg";

/** How old a badge may be. Many who look at one page are one read. */
const freshMs = 30_000;
/** Apps that are remembered; beyond it those go that were read first. */
const appsMax = 1_000;
/** Characters. */
const labelMax = 64;

/** Overdue messages of an app; `undefined` where there is no such app. */
type Stuck = number | undefined;

export function addBadgeRoute(
  router: Router,
  { badges, reader, requests }: Pick<EdgeParts, "badges" | "reader" | "requests">,
): void {
  const identity = new Identity({ id: "badge", name: "badge", kind: "ro", apps: badges.apps });
  const known = new Map<string, { readonly until: number; readonly stuck: Promise<Stuck> }>();

  router.get(`${badgePrefix}:file`, async (c) => {
    // Before anything is awaited: who has gone has no address.
    const peer = addressOf(c);
    const file = decodeSegment(c.req.path.slice(badgePrefix.length), "app");
    const appId = file.slice(0, -suffix.length);
    if (!file.endsWith(suffix) || !badges.mayApp(appId)) throw nothing();
    const { label = "mars" } = readQuery(c.req.url, ["label"]);
    if (label === "" || label.length > labelMax) {
      throwIfAny([{ field: "label", message: `must have 1 to ${labelMax} characters, has ${label.length}` }]);
    }
    const stuck = await stuckOf(appId, peer);
    if (stuck === undefined) throw nothing();
    return answer(c.req.raw, badgeSvg(label, ...textOf(stuck)));
  });

  /** Calls at one time share one read, so nobody's leaving ends it. */
  function stuckOf(appId: string, peer: ReturnType<typeof addressOf>): Promise<Stuck> {
    const now = performance.now();
    const before = known.get(appId);
    if (before !== undefined && now < before.until) return before.stuck;
    const caller = { peer, identity, address: peer.name, protocol: "rest" } as const;
    const stuck = requests.during(caller, async () => {
      const { apps } = await reader(caller).apps({ appId, limit: 1 });
      return apps[0]?.messages.overdue;
    });
    known.delete(appId);
    known.set(appId, { until: now + freshMs, stuck });
    for (const oldest of known.keys()) {
      if (known.size <= appsMax) break;
      known.delete(oldest);
    }
    stuck.catch(() => {
      if (known.get(appId)?.stuck === stuck) known.delete(appId);
    });
    return stuck;
  }
}

function textOf(stuck: number): [text: string, tone: BadgeTone] {
  return stuck === 0 ? ["ok", "good"] : [`${stuck} stuck`, "bad"];
}

function answer(request: Request, svg: string): Response {
  const etag = `"${createHash("sha256").update(svg).digest("base64url").slice(0, 22)}"`;
  const headers = {
    "content-type": "image/svg+xml; charset=utf-8",
    "cache-control": `max-age=${freshMs / 1_000}`,
    etag,
    [resourcePolicyName]: "cross-origin",
  };
  const isKnown = request.headers.get("if-none-match")?.split(/, */).includes(etag);
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(svg, { headers });
}

function nothing(): MarsError {
  return new MarsError("not_found", "there is nothing at this path");
}
