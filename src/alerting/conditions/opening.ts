/** Where a condition holds. */
import type { OpeningHop } from "../incident.ts";
import type { AlertRule } from "../rule.ts";

/** What a rule's condition holds for. */
export interface Opening {
  readonly rule: AlertRule;
  readonly hop: OpeningHop;
}
