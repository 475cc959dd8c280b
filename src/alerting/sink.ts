/** A sink: where notifications are delivered to. */

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
  | { readonly type: "email"; readonly to: readonly string[] };

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
  const { origin, pathname } = new URL(sink.url);
  // An account of a pager is known by its key alone.
  const key = isPager(sink) ? ` ${sink.key}` : "";
  return `${sink.type} ${origin}${pathname}${key}`;
}

export type SinkHeaders = Readonly<Record<string, string>>;

export type AlertSink = SinkTarget & { readonly id: string };
