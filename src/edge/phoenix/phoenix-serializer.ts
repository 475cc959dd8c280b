/** The two wire formats of Phoenix Channels, and the original's wording of an event. */
import type { SequencedEvent } from "../../core/event.ts";
import { nestsTooDeep } from "../../core/json-depth.ts";
import { createFrameCache } from "../ws/frame-cache.ts";

/** Chosen by the client and returned unchanged; the npm package sends texts, others numbers. */
export type Ref = string | number | null;

export interface PhoenixMessage {
  readonly joinRef: Ref;
  readonly ref: Ref;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

export interface Serializer {
  /** `undefined` for a text that is no message. */
  decode(text: string): PhoenixMessage | undefined;
  encode(message: PhoenixMessage): string;
  /** The pushes of these events, made once for all clients of this vsn. */
  frames(topic: string, events: readonly SequencedEvent[]): readonly string[];
}

/** A ref is kept for as long as its topic is joined. The npm package counts from 1 on. */
const refCharsMax = 64;

/** As Phoenix matches them: any 1.0.x or 2.0.x. */
export function serializerOf(vsn: string): Serializer | undefined {
  if (/^1\.0\.\d+$/.test(vsn)) return version1;
  return /^2\.0\.\d+$/.test(vsn) ? version2 : undefined;
}

const version1 = createSerializer(
  ({ topic, event, payload, ref }) => JSON.stringify({ topic, event, payload, ref }),
  (frame) => {
    if (typeof frame !== "object" || frame === null) return undefined;
    const { join_ref, ref, topic, event, payload } = frame as Readonly<Record<string, unknown>>;
    return [join_ref, ref, topic, event, payload];
  },
);

const version2 = createSerializer(
  ({ joinRef, ref, topic, event, payload }) => JSON.stringify([joinRef, ref, topic, event, payload]),
  (frame) => (Array.isArray(frame) && frame.length === 5 ? frame : undefined),
);

function createSerializer(
  encode: (message: PhoenixMessage) => string,
  /** To the order of vsn 2.0.0. */
  fieldsOf: (frame: unknown) => readonly unknown[] | undefined,
): Serializer {
  return {
    encode,
    decode(text) {
      const fields = fieldsOf(parseJson(text));
      if (fields === undefined) return undefined;
      const [joinRef, ref, topic, event, payload] = fields;
      if (typeof topic !== "string" || typeof event !== "string") return undefined;
      if ([joinRef, ref].some((one) => typeof one === "string" && one.length > refCharsMax)) return undefined;
      return { joinRef: refOf(joinRef), ref: refOf(ref), topic, event, payload };
    },
    frames: createFrameCache((topic, event) =>
      encode({
        joinRef: null,
        ref: null,
        topic,
        event: "add_to_timeline",
        payload: { event: timelineWords(event.event), time: timelineTime(event.createdAt / 1000) },
      }),
    ),
  };
}

/** An event's name in the original's wording: `order_shipped` is `ORDER SHIPPED`. */
export function timelineWords(event: string): string {
  return event.toUpperCase().replaceAll("_", " ");
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * A time as the original writes it: strftime `%H:%I:%M:%S:%L - %d / %b / %Y`, in UTC. The hour stands there twice, of 24
 * and then of 12, and front ends depend on it.
 */
export function timelineTime(epochMs: number): string {
  const at = new Date(Math.floor(epochMs));
  const two = (value: number) => String(value).padStart(2, "0");
  const hour = at.getUTCHours();
  const clock = [two(hour), two(hour % 12 || 12), two(at.getUTCMinutes()), two(at.getUTCSeconds())].join(":");
  const ms = String(at.getUTCMilliseconds()).padStart(3, "0");
  const date = `${two(at.getUTCDate())} / ${months[at.getUTCMonth()]} / ${at.getUTCFullYear()}`;
  return `${clock}:${ms} - ${date}`;
}

function refOf(value: unknown): Ref {
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function parseJson(text: string): unknown {
  if (nestsTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
