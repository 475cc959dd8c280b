/** A sink: where notifications are delivered to. */
import type { Micros } from "../core/event.ts";
import type { ContentType } from "./sinks/template.ts";

export const sinksMax = 100;
export const recipientsMax = 20;
/** Custom headers of a webhook: how many, bytes of one value, and bytes of all names and values together. */
export const headersMax = 16;
export const headerValueBytesMax = 1_024;
export const headersBytesMax = 4_096;

/** A sink as it is put. */
export type SinkTarget =
  | {
      /** Signed by Standard Webhooks, https://www.standardwebhooks.com. */
      readonly type: "webhook";
      /** Its query is a secret: receivers have their tokens there. */
      readonly url: string;
      /** Absent: kept, or made. */
      readonly secret?: string;
      /** Sent with every notification, by name. The values are secrets. Absent: kept. */
      readonly headers?: SinkHeaders;
      /** Of the body, see `template.ts`; absent: the notification as JSON. */
      readonly template?: string;
      /** The template's; absent: JSON. */
      readonly contentType?: ContentType;
      /** Secrets that were replaced, the latest first: it signs by each of them too until it ends. Not put by users. */
      readonly formerSecrets?: readonly FormerSecret[];
    }
  | {
      /** Any receiver of Slack's incoming webhooks, a workflow of Teams, a webhook of Discord. The URL is a secret by itself. */
      readonly type: ChatType;
      readonly url: string;
    }
  | {
      /** PagerDuty's Events API v2, Opsgenie's alerts API. */
      readonly type: PagerType;
      /** PagerDuty: where events are posted. Opsgenie: what `/v2/alerts` stands behind. Without a query. */
      readonly url: string;
      /** PagerDuty's integration key, Opsgenie's API key: a secret. Absent: kept. */
      readonly key?: string;
    }
  | { readonly type: "email"; readonly to: readonly string[] }
  | {
      /** A subject, a stream, a queue, an exchange or a topic of a message broker, see `parseBrokerTarget`. */
      readonly type: "broker";
      /** Its password, or NATS' token, is a secret. */
      readonly url: string;
    }
  /** Mars' own topics `alerts` and `alerts/{rule}`. */
  | { readonly type: "topic" };

/** A signing secret that another has replaced. */
export interface FormerSecret {
  readonly secret: string;
  readonly until: Micros;
}

export const formerSecretsMax = 3;
export const overlapMsDefault = 86_400_000;

export const chatTypes = ["slack", "teams", "discord"] as const;
export type ChatType = (typeof chatTypes)[number];

/** Where the vendor has its API; its EU region has another address. */
export const pagerUrls = {
  pagerduty: "https://events.pagerduty.com/v2/enqueue",
  opsgenie: "https://api.opsgenie.com",
} as const;
export type PagerType = keyof typeof pagerUrls;

export function isChat<Sink extends { readonly type: string }>(
  sink: Sink,
): sink is Extract<Sink, { readonly type: ChatType }> {
  return chatTypes.some((type) => type === sink.type);
}

/** Whether it knows that an incident is acknowledged. */
export function isPager<Sink extends { readonly type: string }>(
  sink: Sink,
): sink is Extract<Sink, { readonly type: PagerType }> {
  return sink.type in pagerUrls;
}

/**
 * Whether both lead to the same receiver. The secrets of a webhook, and a URL's query, may differ.
 *
 * @param stored a sink as JSON; one that cannot be read leads nowhere
 */
export function isSameReceiver(stored: string, sink: SinkTarget): boolean {
  try {
    return receiverOf(JSON.parse(stored)) === receiverOf(sink);
  } catch {
    // Nothing can be sent to it: there is no other receiver that could be kept.
    return true;
  }
}

function receiverOf(sink: SinkTarget): string {
  if (sink.type === "email") return JSON.stringify([...sink.to].sort());
  if (sink.type === "topic") return sink.type;
  if (sink.type === "broker") {
    const { protocol, host, pathname, search } = new URL(sink.url);
    return `${sink.type} ${protocol}//${host}${pathname}${search}`;
  }
  const { origin, pathname } = new URL(sink.url);
  // An account of a pager is known by its key alone.
  const key = isPager(sink) ? ` ${sink.key}` : "";
  return `${sink.type} ${origin}${pathname}${key}`;
}

/**
 * Which addresses an e-mail sink loses, and whether it keeps others; `undefined` for another sink, or one that cannot be read.
 *
 * @param stored the sink as JSON
 */
export function lostAddresses(
  stored: string,
  now: SinkTarget | undefined,
): { readonly lost: readonly string[]; readonly keeps: boolean } | undefined {
  let before: SinkTarget;
  try {
    before = JSON.parse(stored);
  } catch {
    // As in `isSameReceiver`.
    return undefined;
  }
  if (before.type !== "email" || now?.type !== "email") return undefined;
  // The name of a mailbox is the same in any case nearly everywhere.
  const left = new Set(now.to.map((address) => address.toLowerCase()));
  const lost = before.to.filter((address) => !left.has(address.toLowerCase()));
  return { lost, keeps: lost.length < before.to.length };
}

export type SinkHeaders = Readonly<Record<string, string>>;

export type AlertSink = SinkTarget & { readonly id: string };
