/** The operations by which people take care of an incident. */
import * as z from "zod";
import type { CareChange } from "../alerting/care.ts";
import { assigneeBytesMax, noteBytesMax } from "../alerting/care-limits.ts";
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { nowMicros } from "../core/time.ts";
import { found } from "./alert-fields.ts";
import { caredFor, incidentOf, shownIncident } from "./alert-incidents.ts";
import { duration } from "./duration.ts";
import { text, whole } from "./fields.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";

const snoozeMsMax = 30 * 86_400_000;

const id = whole(1, Number.MAX_SAFE_INTEGER);
const head = { scope: "write", apps: "own" } as const;
const output = z.strictObject({ incident: caredFor });

export const acknowledgeIncident = operation({
  ...head,
  name: "acknowledgeAlertIncident",
  summary: "Acknowledge an active incident: it has no reminders from now on, and pagers are notified of it.",
  rest: "POST /api/alerts/incidents/{id}/acknowledge",
  rpc: "mars.v1.AlertService/AcknowledgeIncident",
  command: "alerts acknowledge",
  input: z.strictObject({ id }),
  output,
  handle: (parts, { id }, caller, by) => careFor(parts, id, { type: "acknowledge" }, caller, by),
});

export const assignIncident = operation({
  ...head,
  name: "assignAlertIncident",
  summary: "Assign an incident; without `to` to nobody.",
  rest: "POST /api/alerts/incidents/{id}/assign",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/AssignIncident",
  command: "alerts assign",
  input: z.strictObject({ id, to: text(assigneeBytesMax, "Who takes care of it.").optional() }),
  output,
  handle: (parts, { id, to = "" }, caller, by) => careFor(parts, id, { type: "assign", to }, caller, by),
});

export const noteIncident = operation({
  ...head,
  name: "noteAlertIncident",
  summary: "Write a note on an incident; at most 100 of up to 4 KiB.",
  rest: "POST /api/alerts/incidents/{id}/note",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/NoteIncident",
  command: "alerts note",
  input: z.strictObject({ id, text: text(noteBytesMax, "The note.") }),
  output,
  handle: (parts, { id, text }, caller, by) => careFor(parts, id, { type: "note", text }, caller, by),
});

export const snoozeIncident = operation({
  ...head,
  name: "snoozeAlertIncident",
  summary: "Snooze an active incident: until then it has no notification but that of its end.",
  rest: "POST /api/alerts/incidents/{id}/snooze",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AlertService/SnoozeIncident",
  command: "alerts snooze",
  input: z.strictObject({
    id,
    for: duration({ min: 1_000, max: snoozeMsMax, off: true }, "From now on; `off` for no more."),
  }),
  output,
  handle: (parts, { id, for: ms }, caller, by) =>
    careFor(parts, id, { type: "snooze", until: ms === 0 ? 0 : nowMicros() + ms * 1_000 }, caller, by),
});

async function careFor(
  { alerts, changes, reader }: ApiParts,
  id: number,
  change: CareChange,
  caller: Caller,
  by: Author,
): Promise<z.input<typeof output>> {
  const read = reader(caller);
  await incidentOf(read, id, caller);
  const changed = await changes.run(caller, () => alerts.care(id, change, by));
  return { incident: await shownIncident(read, alerts, found(changed, "incident")) };
}
