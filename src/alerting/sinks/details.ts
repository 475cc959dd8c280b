/** A notification in the parts that the formats of chats and pagers have in common. Pure. */
import { formatTime } from "../../core/time.ts";
import type { IncidentKind } from "../incident.ts";
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";

/** How bad it is. `ended`: it is over. */
export type Severity = "error" | "warning" | "info" | "ended";

/** Messages that are late or incomplete have arrived after all; a lifecycle that has drifted may be what is wrong. */
const warnings: ReadonlySet<string> = new Set<IncidentKind>(["late", "skipped", "drift"]);

export function severityOf({ type, incident }: Notification): Severity {
  if (incident === undefined) return "info";
  if (type === "incident.resolved" || type === "incident.closed") return "ended";
  return warnings.has(incident.kind) ? "warning" : "error";
}

/** In a few words, such as `shop: incident 7 opened`. */
export function titleOf({ type, incident }: Notification): string {
  if (incident === undefined) return "Mars: test";
  return `${incident.appId}: incident ${incident.id} ${type.replace("incident.", "")}`;
}

/** What people want to see beside the text, by name. */
export function factsOf({ at, incident }: Notification): readonly (readonly [name: string, value: string])[] {
  if (incident === undefined) return [["Sent", formatTime(at)]];
  return [
    ["App", incident.appId],
    ["Rule", incident.rule],
    ["Since", formatTime(incident.openedAt)],
    ["Sent", formatTime(at)],
  ];
}

/** A longer address is left out: vendors refuse the whole message for it. */
const urlCharsMax = 2_000;

/** The addresses with their names. They are percent-encoded: nothing in them can end a link. */
export function namedLinks(
  links: Links | undefined,
): readonly { readonly name: string; readonly url: string }[] {
  if (links === undefined) return [];
  const { incident, group, messages } = links;
  return [
    { name: "Incident", url: incident },
    { name: "Findings", url: group },
    ...messages.map((url, index) => ({ name: `Message ${index + 1}`, url })),
  ].filter(({ url }) => url.length <= urlCharsMax);
}

/**
 * Names the incident at a pager, in all of its notifications: at most 100 characters.
 *
 * @param origin names this Mars, so that two of them may share an account
 */
export function incidentAlias({ incident }: Notification, origin: string, sink: string): string {
  return incident === undefined ? `mars-test-${sink}` : `mars-${origin}-${incident.id}`;
}
