/** The operations on deliveries of sources: trying one, and those that are kept. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { parseForAnswer } from "../core/exact-json.ts";
import { formatTime } from "../core/time.ts";
import { keptMax, outcomes } from "../sources/kept.ts";
import type { MappedEvent, MapResult } from "../sources/mapping.ts";
import { alertId, found } from "./alert-fields.ts";
import { count, timestamp } from "./answers.ts";
import { field, text, whole } from "./fields.ts";
import { operation } from "./operation.ts";
import { problemsOf, throwIfAny } from "./problems.ts";
import { authored, reachable } from "./source-access.ts";
import { type SourceInput, sourceInput } from "./source-input.ts";

/** A pasted delivery, beside a definition. */
const tryBytesMax = 2 * 1024 * 1024;
const tryBodyBytesMax = 1024 * 1024;
const headersMax = 64;
/** Events in the answer to a try. */
const shownEventsMax = 100;
/** Characters of a kept body that an answer shows. */
const shownBodyCharsMax = 16 * 1024;

const headersInput = field<Readonly<Record<string, string>>>(
  {
    type: "object",
    additionalProperties: { type: "string" },
    maxProperties: headersMax,
    description: "The headers of the delivery, by name.",
  },
  (value) => {
    const entries =
      typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    const good =
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      entries.length <= headersMax &&
      entries.every(([, one]) => typeof one === "string");
    if (!good) return { problem: `must be an object of texts by name, at most ${headersMax}` };
    return { value: Object.fromEntries(entries.map(([name, one]) => [name.toLowerCase(), String(one)])) };
  },
);

const triedEvent = z.strictObject({
  app_id: z.string(),
  message_id: z.string(),
  event: z.string(),
  created_at: timestamp.nullable().meta({ description: "`null`: the time of receipt." }),
  event_id: z.string().nullable(),
  external_id: z.string().nullable(),
  parent_id: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()).nullable(),
});

const drop = z.strictObject({
  index: z.int().meta({ description: "Of the item in the delivery, from 0." }),
  rule: z.string().meta({ description: "`when`, or the rule that is at fault." }),
  reason: z.string(),
});

export const trySource = operation({
  name: "trySource",
  summary: "What a pasted delivery would become, and which rule drops what; nothing is stored.",
  scope: "read",
  apps: "own",
  rest: "POST /api/sources/{id}/try",
  body: { bytesMax: tryBytesMax },
  rpc: "mars.v1.SourceService/TrySource",
  command: "sources try",
  input: z.strictObject({
    id: alertId,
    body: text(tryBodyBytesMax, "The body of the delivery, as the sender sends it."),
    headers: headersInput.optional(),
    definition: z.record(z.string(), z.unknown()).optional().meta({
      description: "A definition that is not put yet, as putSource takes it; the source's own unless given.",
    }),
  }),
  output: z.strictObject({
    items: count,
    ignored: count.meta({ description: "Items that `when` leaves out." }),
    faulty: count.meta({ description: "Items with a rule at fault." }),
    fault: z.string().nullable().meta({ description: "Why the delivery as a whole cannot be read." }),
    event_count: count,
    events: z.array(triedEvent).meta({ description: "The first 100." }),
    drops: z.array(drop).meta({ description: "The first 20." }),
    notes: z
      .array(z.string())
      .meta({ description: "What was done to attributes that do not fit; the first 20." }),
  }),
  async handle({ reader, sources }, { id, body, headers = {}, definition }, caller) {
    const before = await reachable(reader, id, caller);
    const tried =
      definition === undefined
        ? found(before, "source")
        : authored(id, parsedDefinition(definition), before, caller, { scope: "read" });
    const delivery = { headers, body: new TextEncoder().encode(body) };
    return tryToJson(await sources.try(tried, delivery, caller).catch(slow));
  },
});

export const listSourceDeliveries = operation({
  name: "listSourceDeliveries",
  summary:
    "The last deliveries of a source as they came, the latest first: at most 100, of a week, 4 MiB together.",
  scope: "admin",
  apps: "own",
  rest: "GET /api/sources/{id}/deliveries",
  rpc: "mars.v1.SourceService/ListSourceDeliveries",
  command: "sources deliveries",
  input: z.strictObject({ id: alertId, limit: whole(1, keptMax, "How many at most.").default(20) }),
  output: z.strictObject({
    deliveries: z.array(
      z.strictObject({
        id: z.int(),
        received_at: timestamp,
        outcome: z.enum(outcomes),
        items: count,
        event_count: count,
        reason: z.string().nullable(),
        replayed_at: timestamp.nullable(),
        headers: z.record(z.string(), z.string()).meta({ description: "Without those that are secrets." }),
        body: z.string().meta({ description: "The first 16 Ki characters." }),
        bytes: count,
      }),
    ),
  }),
  async handle({ reader, sources }, { id, limit }, caller) {
    found(await reachable(reader, id, caller), "source");
    const kept = await sources.deliveries(id, limit);
    return {
      deliveries: kept.map(({ id, receivedAt, detail, body }) => ({
        id,
        received_at: formatTime(receivedAt),
        outcome: detail.outcome,
        items: detail.items,
        event_count: detail.events,
        reason: detail.reason || null,
        replayed_at: detail.replayedAt === undefined ? null : formatTime(detail.replayedAt),
        headers: { ...detail.headers },
        body: new TextDecoder().decode(body).slice(0, shownBodyCharsMax).toWellFormed(),
        bytes: body.byteLength,
      })),
    };
  },
});

export const replaySource = operation({
  name: "replaySource",
  summary:
    "Map kept deliveries again by the source's definition of now; events that were accepted before are repeats.",
  scope: "admin",
  apps: "own",
  rest: "POST /api/sources/{id}/replay",
  rpc: "mars.v1.SourceService/ReplaySource",
  command: "sources replay",
  slow: true,
  input: z.strictObject({
    id: alertId,
    delivery: whole(
      1,
      Number.MAX_SAFE_INTEGER,
      "One delivery, by its id; all that are kept unless given.",
    ).optional(),
  }),
  output: z.strictObject({
    deliveries: count,
    failed: count.meta({
      description: "Of these, those that could not be mapped, or that `otherwise` rejects.",
    }),
    accepted: count.meta({ description: "Events." }),
    ignored: count.meta({ description: "Items that `when` leaves out." }),
    rejected: count.meta({ description: "Items with a rule at fault." }),
    seq: z.int().nullable().meta({ description: "Of the last event." }),
  }),
  async handle({ reader, sources }, { id, delivery }, caller, by) {
    const wanted = found(await reachable(reader, id, caller), "source");
    const kept = await sources.deliveries(id, keptMax);
    const chosen = delivery === undefined ? kept : kept.filter((one) => one.id === delivery);
    if (delivery !== undefined && chosen.length === 0)
      throw new MarsError("not_found", "there is no such delivery of this source");
    const { seq = null, ...counts } = await sources.replay(wanted, chosen, caller, by);
    return { ...counts, seq };
  },
});

const definitionInput = sourceInput({});

function parsedDefinition(definition: Readonly<Record<string, unknown>>): SourceInput {
  const { success, data, error } = definitionInput.safeParse(definition, { reportInput: true });
  if (success) return data;
  const problems = problemsOf(error, definitionInput);
  throwIfAny(problems.map((one) => ({ ...one, field: `definition.${one.field}` })));
  throw error;
}

function tryToJson({ items, ignored, faulty, fault, events, drops, notes }: MapResult) {
  return {
    items,
    ignored,
    faulty,
    fault: fault ?? null,
    event_count: events.length,
    events: events.slice(0, shownEventsMax).map(mappedToJson),
    drops: drops.map((one) => ({ ...one })),
    notes: [...notes],
  };
}

/** An event that is not stored, as answers show it. */
export function mappedToJson(event: MappedEvent) {
  return {
    app_id: event.appId,
    message_id: event.messageId,
    event: event.event,
    created_at: event.createdAt === undefined ? null : formatTime(event.createdAt),
    event_id: event.eventId || null,
    external_id: event.externalId || null,
    parent_id: event.parentId || null,
    attributes:
      event.attributes === "" ? null : (parseForAnswer(event.attributes) as Record<string, unknown>),
  };
}

/** A definition that takes too long is at fault, not Mars. */
function slow(error: unknown): never {
  if (error instanceof MarsError && error.code === "deadline_exceeded")
    throw new MarsError("invalid_argument", error.message, {
      problems: [{ field: "body", message: error.message }],
    });
  throw error;
}
