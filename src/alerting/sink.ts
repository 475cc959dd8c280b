/** A sink: where notifications are delivered to. */

export const sinksMax = 100;
export const recipientsMax = 20;

/** A sink as it is put. */
export type SinkTarget =
  | {
      /** Signed by Standard Webhooks, https://www.standardwebhooks.com. `secret` absent: kept, or made. */
      readonly type: "webhook";
      readonly url: string;
      readonly secret?: string;
    }
  | {
      /** Any receiver of Slack's incoming webhooks. The URL is a secret by itself. */
      readonly type: "slack";
      readonly url: string;
    }
  | { readonly type: "email"; readonly to: readonly string[] };

export type AlertSink = SinkTarget & { readonly id: string };
