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

export type SinkHeaders = Readonly<Record<string, string>>;

export type AlertSink = SinkTarget & { readonly id: string };
