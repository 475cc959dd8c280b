/** A notification of alerts as its topics carry it. */
import type { TopicItem } from "./ports.ts";

export interface AlertItem extends TopicItem {
  /** That of the incident; empty for a test. */
  readonly appId: string;
  /** The rule's id, by which `alerts/{rule}` selects; empty for a test. */
  readonly messageId: string;
  /** The notification as webhooks have it. */
  readonly json: string;
}
