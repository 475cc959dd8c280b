/**
 * `GET /api/stream?topic=…`: a topic as server-sent events.
 *
 *     event: subscribed    id and data: {"topic","seq","recovered"}
 *     event: event         id: the seq; data: the event
 *     event: finding       the same, of the topics of findings
 *     event: alert         the same, of the topics of alerts
 *     event: incident      the same, of the topics of incidents
 *     event: error         data: {"code","message"}; the stream ends, and the browser connects again by itself
 *
 * A browser that lost its connection sends the last id it saw as `Last-Event-ID` and so misses nothing; other clients
 * may send it as `after`. Events that are only announced have no id, since there is nothing to resume after.
 */
import type { AlertItem } from "../../core/alert-item.ts";
import type { Peer } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { SequencedEvent } from "../../core/event.ts";
import type { IncidentItem } from "../../core/incident-item.ts";
import { eventJson } from "../../core/json.ts";
import type { Live, Log, StreamItem, TopicItem } from "../../core/ports.ts";
import { parseTopic, topicKind } from "../../core/topic.ts";
import type { Finding } from "../../lifecycle/finding.ts";
import { findingToJson } from "../../lifecycle/json.ts";
import { callerAs, identifyCaller } from "../caller.ts";
import { pacedBody, stallMsDefault } from "../paced-body.ts";
import type { EdgeParts } from "../parts.ts";
import { unknownPeer } from "../peer.ts";
import { requestIdFrom, sentRequestId } from "../request-id.ts";
import { readParameters } from "../rest/query-string.ts";
import { createFrameCache, type Frames } from "../ws/frame-cache.ts";

export interface SseOptions {
  /** Interval of the comments that keep the connection open. Must be below every proxy's idle timeout. */
  readonly heartbeatMs?: number;
  /** How long a client may read nothing before it is closed. */
  readonly stallTimeoutMs?: number;
}

const heartbeatMsDefault = 15_000;
/** Time before a browser connects again: browsers' own defaults differ. */
const retryMs = 1000;

const eventFrames = createFrameCache((_topic, event: SequencedEvent) => {
  const id = event.seq === 0 ? "" : `id: ${event.seq}\n`;
  return `${id}event: event\ndata: ${eventJson(event)}\n\n`;
});

const findingFrames = createFrameCache(
  (_topic, finding: Finding) =>
    `id: ${finding.seq}\nevent: finding\ndata: ${JSON.stringify(findingToJson(finding))}\n\n`,
);

const alertFrames = createFrameCache((_topic, { seq, json }: AlertItem) => {
  const id = seq === 0 ? "" : `id: ${seq}\n`;
  return `${id}event: alert\ndata: ${json}\n\n`;
});

const incidentFrames = createFrameCache(
  (_topic, { seq, json }: IncidentItem) => `id: ${seq}\nevent: incident\ndata: ${json}\n\n`,
);

/** Polyfills of EventSource that cannot set headers send `lastEventId`. */
const parameters = ["topic", "after", "lastEventId", "ticket", "attributes"] as const;
/** Given as `attributes.NAME=VALUE`. */
const maps: ReadonlySet<string> = new Set(["attributes"]);

/**
 * @returns the handler; it throws `MarsError` for a malformed topic or seq, and when there are too
 * many streams
 */
export function createSse(
  parts: Pick<EdgeParts, "live" | "findings" | "alertTopics" | "incidents" | "budget" | "log" | "access">,
  options: SseOptions = {},
): (request: Request, peer?: Peer) => Response {
  const heartbeatMs = options.heartbeatMs ?? heartbeatMsDefault;
  const stallTimeoutMs = options.stallTimeoutMs ?? stallMsDefault;

  return (request, address = unknownPeer) => {
    const { attributes, ...given } = readParameters(request.url, parameters, new Set(), maps);
    const { topic: name, after: from, lastEventId, ticket } = given as Partial<Record<string, string>>;
    const caller =
      ticket === undefined
        ? identifyCaller(parts.access, request.headers, address, "sse", "read")
        : callerAs(parts.access.identifyTicket(ticket), address, "sse");
    const { peer } = caller;
    if (name === undefined) throw invalid("topic", "is required");
    const topic = parseTopic(topicName(name, attributes));
    const after = parseAfter({
      "Last-Event-ID": request.headers.get("last-event-id"),
      after: from,
      lastEventId,
    });
    const gone = new AbortController();
    const signal = AbortSignal.any([request.signal, gone.signal]);
    const options = { signal, caller, ...(after !== undefined && { after }) };
    const of = { peer, gone, sentId: sentRequestId(request.headers) };
    const follow = <Item extends TopicItem>(hub: Live<Item>, frames: Frames<Item>) =>
      bodyOf(name, hub.stream(topic, options), frames, of);
    const follows = {
      events: () => follow(parts.live, eventFrames),
      findings: () => follow(parts.findings, findingFrames),
      alerts: () => follow(parts.alertTopics, alertFrames),
      incidents: () => follow(parts.incidents, incidentFrames),
    };
    return new Response(follows[topicKind(topic)](), {
      headers: {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        // nginx buffers what it proxies without this.
        "X-Accel-Buffering": "no",
      },
    });
  };

  function bodyOf<Item extends TopicItem>(
    topic: string,
    stream: AsyncIterable<StreamItem<Item>>,
    frames: Frames<Item>,
    { peer, gone, sentId }: StreamOf,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { budget, log } = parts;
    const chunks = chunksOf(topic, stream, frames, { heartbeatMs, log, sentId });
    return pacedBody(chunks, { budget, peer, stallMs: stallTimeoutMs, onGone: () => gone.abort() });
  }
}

/** Whose stream it is. */
interface StreamOf {
  readonly peer: Peer;
  /** Aborted when its client is gone. */
  readonly gone: AbortController;
  /** The request's id, if its client has sent one. */
  readonly sentId: string | undefined;
}

interface ChunkOptions extends Pick<StreamOf, "sentId"> {
  readonly heartbeatMs: number;
  readonly log: Pick<Log, "error">;
}

async function* chunksOf<Item extends TopicItem>(
  topic: string,
  stream: AsyncIterable<StreamItem<Item>>,
  frames: Frames<Item>,
  { heartbeatMs, log, sentId }: ChunkOptions,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`retry: ${retryMs}\n\n`);
  const items = stream[Symbol.asyncIterator]();
  try {
    for (let next = items.next(); ; ) {
      const taken = await within(next, heartbeatMs);
      if (taken === undefined) {
        yield encoder.encode(": \n\n");
        continue;
      }
      if (taken.done === true) return;
      yield encoder.encode(frameOf(topic, taken.value, frames));
      next = items.next();
    }
  } catch (thrown) {
    const error = MarsError.from(thrown);
    const request_id = requestIdFrom(sentId);
    if (error.ours) log.error("stream failed", { event: "request_failed", request_id, error });
    const { code, message } = error;
    yield encoder.encode(`event: error\ndata: ${JSON.stringify({ code, message, request_id })}\n\n`);
  } finally {
    await items.return?.();
  }
}

/** The promise's value; `undefined` when it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function frameOf<Item extends TopicItem>(
  topic: string,
  item: StreamItem<Item>,
  frames: Frames<Item>,
): string {
  if ("events" in item) return frames("", item.events).join("");
  const { seq, recovered } = item;
  return `id: ${seq}\nevent: subscribed\ndata: ${JSON.stringify({ topic, seq, recovered })}\n\n`;
}

/**
 * The seq to resume after: the first of these that is given. Clients that have seen nothing yet send `null` or `undefined` as a
 * word; a browser's would never try again after an error.
 */
function parseAfter(given: Readonly<Record<string, string | null | undefined>>): number | undefined {
  const [name, text] = Object.entries(given).find(([, value]) => value) ?? [];
  if (name === undefined || !text || ["null", "undefined"].includes(text)) return undefined;
  const after = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(after)) throw invalid(name, "must be a seq: a whole number from 0 on");
  return after;
}

/** The topic with its attributes, which may be parameters of their own. */
function topicName(name: string, attributes: unknown): string {
  if (attributes === undefined) return name;
  if (typeof attributes === "string") throw invalid("attributes", "must be given as attributes.NAME");
  const parts = Object.entries(attributes as Readonly<Record<string, string>>).map(
    ([key, value]) => `attributes.${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  return `${name}${name.includes("?") ? "&" : "?"}${parts.join("&")}`;
}

function invalid(field: string, message: string): MarsError {
  return new MarsError("invalid_argument", `${field} ${message}`, { problems: [{ field, message }] });
}
