/** The operation on deliveries: notifications on their way to sinks. */
import * as z from "zod";
import { type Attempt, type Delivery, deliveryStates } from "../alerting/delivery.ts";
import { figuresToJson } from "../alerting/figures-json.ts";
import { formatTime } from "../core/time.ts";
import { alertIdFilter, alertPageEnd, figures, found, timeOrNull } from "./alert-fields.ts";
import { count, ms, timestamp } from "./answers.ts";
import { narrow } from "./app-scope.ts";
import { cursor, defined, flag, limit, whole, word } from "./fields.ts";
import { operation } from "./operation.ts";

/** An attempt to deliver as REST and RPC show it. */
export const attempt = z.strictObject({
  at: timestamp,
  outcome: z.enum(["delivered", "failed"]),
  status: z.int().nullable(),
  duration_ms: ms,
  error: z.string().nullable(),
  response: z.string().nullable(),
});

export const delivery = z.strictObject({
  id: count,
  incident: z.int().nullable(),
  sink: z.string(),
  type: z.string(),
  text: z.string(),
  state: z.enum(deliveryStates),
  webhook_id: z.string(),
  created_at: timestamp,
  next_at: timestamp.nullable(),
  attempts: z.array(attempt),
  figures: figures.nullable().meta({ description: "As they were sent; `null` for a test." }),
});

export const listDeliveries = operation({
  name: "listAlertDeliveries",
  summary: "Deliveries of notifications by filter, with every attempt, a page at a time, the latest first.",
  scope: "read",
  apps: "narrowed",
  rest: "GET /api/alerts/deliveries",
  rpc: "mars.v1.AlertService/ListDeliveries",
  command: "alerts deliveries",
  input: z.strictObject({
    sink: alertIdFilter.optional(),
    incident: whole(1, Number.MAX_SAFE_INTEGER).optional(),
    state: word(deliveryStates).optional(),
    limit,
    cursor: cursor.optional(),
  }),
  output: z.strictObject({ deliveries: z.array(delivery), ...alertPageEnd }),
  async handle({ reader }, { limit, ...filters }, caller) {
    const query = { ...narrow(caller, undefined), ...defined(filters), limit };
    const { deliveries, nextCursor = null, asOfSeq } = await reader(caller).alertDeliveries(query);
    return { deliveries: deliveries.map(deliveryJson), next_cursor: nextCursor, as_of_seq: asOfSeq };
  },
});

export const redeliver = operation({
  name: "redeliverAlert",
  summary:
    "Send a notification again now, with its id. One that is not the last word to its sink about its incident is refused, unless with `force`.",
  scope: "write",
  apps: "own",
  rest: "POST /api/alerts/deliveries/{id}/redeliver",
  rpc: "mars.v1.AlertService/Redeliver",
  command: "alerts redeliver",
  input: z.strictObject({
    id: whole(1, Number.MAX_SAFE_INTEGER),
    force: flag("Also one that is out of date.").default(false),
  }),
  output: z.strictObject({}),
  async handle({ alerts, changes, reader }, { id, force }, caller, by) {
    // As the list has it: the test of a sink is of no app, and so for keys of all apps.
    const { deliveries } = await reader(caller).alertDeliveries({
      ...narrow(caller, undefined),
      id,
      limit: 1,
    });
    found(deliveries[0], "delivery");
    found((await changes.run(caller, () => alerts.redeliver(id, force, by))) || undefined, "delivery");
    return {};
  },
});

function deliveryJson(shown: Delivery): z.input<typeof delivery> {
  return {
    id: shown.id,
    incident: shown.incident ?? null,
    // A former sink of this id has a number behind it.
    sink: shown.sink.replace(/#.*$/, ""),
    type: shown.notification.type,
    text: shown.notification.text,
    state: shown.state,
    webhook_id: shown.webhookId,
    created_at: formatTime(shown.createdAt),
    next_at: timeOrNull(shown.nextAt),
    attempts: shown.attempts.map(attemptJson),
    figures:
      shown.notification.incident === undefined
        ? null
        : figuresToJson(shown.notification.incident.figures, shown.notification.incident.kind),
  };
}

/** An attempt by the schema `attempt`. */
export function attemptJson(made: Attempt): z.input<typeof attempt> {
  return {
    at: formatTime(made.at),
    outcome: made.outcome,
    status: made.status === 0 ? null : made.status,
    duration_ms: made.durationMs,
    error: made.error === "" ? null : made.error,
    response: made.response === "" ? null : made.response,
  };
}
