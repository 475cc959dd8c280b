/** `POST /in/{id}`: the deliveries of sources. Who sends one has no key; the source's own scheme shows whose it is. */
import type { Caller } from "../../core/caller.ts";
import { createAnonymous, Identity } from "../../core/identity.ts";
import type { Source } from "../../sources/source.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { decodeSegment } from "./query-string.ts";
import { type HttpContext, RequestSender, type Router } from "./router.ts";

const prefix = "/in/";

/** Whether refusals at this path are of events that the sender may send again. */
export function takesDeliveries(path: string): boolean {
  return path.startsWith(prefix);
}

type SourceParts = Pick<EdgeParts, "sources" | "intake" | "eventLimits" | "requests" | "doors">;

/** Until it is verified a delivery is a stranger's, and has a share of the bounds by its address. */
const stranger = createAnonymous();

/** @param publicUrl the origin under which senders reach Mars; empty for the one that the request names */
export function addSourceRoute(router: Router, parts: SourceParts, publicUrl: string): void {
  const { sources, intake, eventLimits, requests, doors } = parts;
  const identities = new WeakMap<Source, Identity>();

  router.post(`${prefix}:id`, async (c) => {
    const sender = new RequestSender(stranger, c);
    const source = sources.get(decodeSegment(c.req.path.slice(prefix.length), "id"));
    const caller = callerOf(source, c, sender);
    eventLimits.assertRoom(caller);
    return requests.during(sender, () => take(c, source, caller));
  });

  async function take(c: HttpContext, source: Source, caller: Caller): Promise<Response> {
    const request = c.req.raw;
    const body = await readBody(intake, c, source.bodyBytesMax, { takesEvents: true });
    try {
      const received = {
        headers: Object.fromEntries(request.headers),
        body: body.bytes,
        url: addressOf(request.url, publicUrl),
      };
      const { accepted, ignored, rejected, seq } = await sources.receive(
        source,
        received,
        caller,
        (events, items) => eventLimits.charge(caller, events, items),
      );
      doors.answered("source", accepted, rejected);
      return await answerJson(c, JSON.stringify({ success: true, accepted, ignored, rejected, seq }));
    } finally {
      body.release();
    }
  }

  function callerOf(source: Source, c: HttpContext, { peer }: RequestSender): Caller {
    let identity = identities.get(source);
    if (identity === undefined) {
      const { id, apps } = source;
      identity = new Identity({ id: `source:${id}`, name: id, kind: "in", apps });
      identities.set(source, identity);
    }
    const name = `source:${source.id}`;
    return {
      peer: { name, connection: name },
      identity,
      address: peer.name,
      protocol: "rest",
      signal: c.req.raw.signal,
    };
  }
}

/** The address as the sender knows it: a proxy in front of Mars may have another host and speak cleartext behind. */
function addressOf(url: string, publicUrl: string): string {
  if (publicUrl === "") return url;
  return publicUrl.replace(/\/+$/, "") + url.slice(url.indexOf("/", url.indexOf("://") + 3));
}
