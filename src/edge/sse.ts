/**
 * `GET /api/stream?topic=…`: a topic as server-sent events.
 *
 *     event: subscribed    id and data: {"topic","seq","recovered"}
 *     event: event         id: the seq; data: the event
 *     event: finding       the same, of the topics of findings
 *     event: error         data: {"code","message"}; the stream ends, and the browser connects again by itself
 *
 * A browser that lost its connection sends the last id it saw as `Last-Event-ID` and so misses nothing; other clients
 * may say the same by `after`. Events that are only announced have no id, since there is nothing to resume after.
 */
import type { Peer } from "../event/caller.ts";
import { MarsError } from "../event/error.ts";
import type { SequencedEvent } from "../event/event.ts";
import { eventJson } from "../event/json.ts";
import type { StreamItem, TopicItem } from "../event/ports.ts";
import { parseTopic } from "../event/topic.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { findingToJson } from "../lifecycle/json.ts";
import { createFrameCache } from "./frame-cache.ts";
import type { EdgeParts } from "./parts.ts";
import { unknownPeer } from "./peer.ts";
import { readQuery } from "./rest/query-string.ts";

export interface SseOptions {
  /** How often a comment tells both ends that the connection lives. Must be below every proxy's idle timeout. */
  readonly heartbeatMs?: number;
  /** How long a client may leave its connection full before it is cut off. */
  readonly stallTimeoutMs?: number;
}

const heartbeatMsDefault = 15_000;
const stallTimeoutMsDefault = 30_000;
/** What browsers wait before they connect again, unless told otherwise, differs; this is ours. */
const retryMs = 1000;

const eventFrames = createFrameCache((_topic, event: SequencedEvent) => {
  const id = event.seq === 0 ? "" : `id: ${event.seq}\n`;
  return `${id}event: event\ndata: ${eventJson(event)}\n\n`;
});

const findingFrames = createFrameCache(
  (_topic, finding: Finding) =>
    `id: ${finding.seq}\nevent: finding\ndata: ${JSON.stringify(findingToJson(finding))}\n\n`,
);

/** `lastEventId` is what polyfills of EventSource send that may set no headers. */
const parameters = ["topic", "after", "lastEventId"] as const;

/**
 * @returns the handler; it throws `MarsError` for a topic or a place to resume that cannot be, and when there are too
 * many streams
 */
export function createSse(
  parts: Pick<EdgeParts, "live" | "findings" | "log">,
  options: SseOptions = {},
): (request: Request, peer?: Peer) => Response {
  const heartbeatMs = options.heartbeatMs ?? heartbeatMsDefault;
  const stallTimeoutMs = options.stallTimeoutMs ?? stallTimeoutMsDefault;

  return (request, peer = unknownPeer) => {
    const { topic: name, after: from, lastEventId } = readQuery(request.url, parameters);
    if (name === undefined) throw invalid("topic", "is required");
    const topic = parseTopic(name);
    const after = parseAfter(request.headers.get("last-event-id") || from || lastEventId);
    const gone = new AbortController();
    const signal = AbortSignal.any([request.signal, gone.signal]);
    const options = { signal, peer, ...(after !== undefined && { after }) };
    const body = topic.findings
      ? streamOf(name, parts.findings.stream(topic, options), findingFrames, gone)
      : streamOf(name, parts.live.stream(topic, options), eventFrames, gone);
    return new Response(body, {
      headers: {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        // nginx holds back what it proxies unless told not to.
        "X-Accel-Buffering": "no",
      },
    });
  };

  function streamOf<Item extends TopicItem>(
    topic: string,
    stream: AsyncIterable<StreamItem<Item>>,
    frames: (name: string, items: readonly Item[]) => readonly string[],
    gone: AbortController,
  ): ReadableStream<Uint8Array> {
    const items = stream[Symbol.asyncIterator]();
    const encoder = new TextEncoder();
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    let pulledAt = Date.now();
    let waiting = false;
    let over = false;

    function finish(): void {
      over = true;
      clearInterval(heartbeat);
      gone.abort();
    }

    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          controller.enqueue(encoder.encode(`retry: ${retryMs}\n\n`));
          heartbeat = setInterval(
            () => {
              if (waiting && (controller.desiredSize ?? 0) > 0) {
                controller.enqueue(encoder.encode(": \n\n"));
              } else if (!waiting && Date.now() - pulledAt > stallTimeoutMs) {
                // Nobody reads, so there is nobody to tell; what was not sent is resumed by the last id.
                finish();
                controller.error(new MarsError("subscriber_too_slow", "the client stopped reading"));
              }
            },
            Math.min(heartbeatMs, stallTimeoutMs),
          );
        },
        async pull(controller) {
          waiting = true;
          try {
            const { done, value } = await items.next();
            // The client may have gone while we waited; then there is nothing left to close.
            if (over) return;
            if (done) {
              finish();
              controller.close();
            } else {
              controller.enqueue(encoder.encode(frameOf(topic, value, frames)));
            }
          } catch (thrown) {
            if (over) return;
            const error = MarsError.from(thrown);
            if (error.ours) parts.log.error("a stream failed", { event: "request_failed", error });
            const { code, message } = error;
            controller.enqueue(
              encoder.encode(`event: error\ndata: ${JSON.stringify({ code, message })}\n\n`),
            );
            finish();
            controller.close();
          }
          waiting = false;
          pulledAt = Date.now();
        },
        cancel: finish,
      },
      { highWaterMark: 1 },
    );
  }
}

function frameOf<Item extends TopicItem>(
  topic: string,
  item: StreamItem<Item>,
  frames: (name: string, items: readonly Item[]) => readonly string[],
): string {
  if ("events" in item) return frames("", item.events).join("");
  const { seq, recovered } = item;
  return `id: ${seq}\nevent: subscribed\ndata: ${JSON.stringify({ topic, seq, recovered })}\n\n`;
}

/** Clients that have seen nothing yet send `null` or `undefined` as a word; a browser's would never try again after an error. */
function parseAfter(text: string | undefined): number | undefined {
  if (text === undefined || ["", "null", "undefined"].includes(text)) return undefined;
  const after = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(after)) throw invalid("after", "must be a seq: a whole number from 0 on");
  return after;
}

function invalid(field: string, message: string): MarsError {
  return new MarsError("invalid_argument", `${field} ${message}`, { problems: [{ field, message }] });
}
