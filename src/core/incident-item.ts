/** A change of an incident as its topics carry it. */
import type { TopicItem } from "./ports.ts";

export interface IncidentItem extends TopicItem {
  readonly appId: string;
  /** The incident's id, by which `incidents/{id}` selects. */
  readonly messageId: string;
  /** The incident as lists have it, without figures. */
  readonly json: string;
}
