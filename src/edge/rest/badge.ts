/**
 * `GET /badge/{app}.svg`: whether messages of an app are stuck, with `hop` at one stage of it, as a picture for READMEs and dashboards. They
 * fetch it without a key, so it is there for the apps of `MARS_BADGES` alone; every other app is answered alike, whether it exists or
 * not.
 */
import { createHash } from "node:crypto";
import { throwIfAny } from "../../api/problems.ts";
import { MarsError } from "../../core/error.ts";
import { Identity } from "../../core/identity.ts";
import { nameOfEvents } from "../../core/stage-name.ts";
import { nowMicros } from "../../core/time.ts";
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

/** Hops of an app that are looked at, those with the most trouble first. */
const hopsMax = 200;

interface Stuck {
  /** Overdue messages of the app. */
  readonly messages: number;
  /** By the stage that is waited for; 0 for one of the lifecycle where none is overdue. */
  readonly stages: ReadonlyMap<string, number>;
}

export function addBadgeRoute(
  router: Router,
  { badges, reader, requests }: Pick<EdgeParts, "badges" | "reader" | "requests">,
): void {
  const identity = new Identity({ id: "badge", name: "badge", kind: "ro", apps: badges.apps });
  const known = new Map<string, { readonly until: number; readonly stuck: Promise<Stuck | undefined> }>();

  router.get(`${badgePrefix}:file`, async (c) => {
    // Before anything is awaited: who has gone has no address.
    const peer = addressOf(c);
    const file = decodeSegment(c.req.path.slice(badgePrefix.length), "app");
    const appId = file.slice(0, -suffix.length);
    if (!file.endsWith(suffix) || !badges.mayApp(appId)) throw nothing();
    const { hop, label } = readQuery(c.req.url, ["hop", "label"]);
    if (label !== undefined && (label === "" || label.length > labelMax)) {
      throwIfAny([{ field: "label", message: `must have 1 to ${labelMax} characters, has ${label.length}` }]);
    }
    const stuck = await stuckOf(appId, peer);
    const count = hop === undefined ? stuck?.messages : stuck?.stages.get(hop);
    if (count === undefined) {
      if (stuck === undefined) throw nothing();
      throw new MarsError("not_found", "the app has no such stage: hop is the name of one of its lifecycle");
    }
    return answer(c.req.raw, badgeSvg(label ?? hop?.slice(0, labelMax) ?? "mars", ...textOf(count)));
  });

  /** Calls at one time share one read, so nobody's leaving ends it. `undefined` where there is no such app. */
  function stuckOf(appId: string, peer: ReturnType<typeof addressOf>): Promise<Stuck | undefined> {
    const now = performance.now();
    const before = known.get(appId);
    if (before !== undefined && now < before.until) return before.stuck;
    const caller = { peer, identity, address: peer.name, protocol: "rest" } as const;
    const stuck = requests.during(caller, async () => {
      const read = reader(caller);
      const clock = nowMicros();
      const [{ apps }, { groups }, [lifecycle]] = await Promise.all([
        read.apps({ appId, limit: 1 }),
        read.overdueGroups({ appId, triage: "any", clock, newSince: clock, limit: hopsMax, detailed: 0 }),
        read.lifecycleVersions(appId, 1),
      ]);
      if (apps[0] === undefined) return undefined;
      const named = lifecycle?.definition?.stages ?? [];
      const stages = new Map(named.map(({ events }) => [nameOfEvents(events), 0]));
      for (const { stage, total } of groups) stages.set(stage, (stages.get(stage) ?? 0) + total);
      return { messages: apps[0].messages.overdue, stages };
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

/** The same for an app that has none and for one that does not exist: nobody learns of it. */
function nothing(): MarsError {
  return new MarsError(
    "not_found",
    "there is no badge at this path: MARS_BADGES names the apps that have one, as in MARS_BADGES=shop,web-*",
  );
}
