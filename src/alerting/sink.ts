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
      /** Any receiver of Slack's incoming webhooks. The URL is a secret by itself. */
      readonly type: "slack";
      readonly url: string;
    }
  | { readonly type: "email"; readonly to: readonly string[] };

/**
 * Whether both lead to the same receiver. Secrets, and a URL's query, may differ.
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
  return `${sink.type} ${origin}${pathname}`;
}

export type SinkHeaders = Readonly<Record<string, string>>;

export type AlertSink = SinkTarget & { readonly id: string };
