/** `explain_message`: what has happened to a message, what should have, why it is stuck, and where its journey goes on. */
import * as z from "zod";
import { getJourney } from "../../api/journeys.ts";
import {
  event,
  type InstanceJson,
  type MessageJson,
  messageAnswer,
  summaryAnswer,
} from "../../api/message-answers.ts";
import { getMessage } from "../../api/messages.ts";
import { chosenMessage } from "../chosen-message.ts";
import { explainState } from "../explain-state.ts";
import { shortAttributes } from "../short-attributes.ts";
import { fieldsOf, link, rowOf, type ToolContext, tool } from "../tool.ts";
import { counted, quote } from "../words.ts";

const eventsMax = 30;
/** Journeys are looked for by so many of its external ids. */
const journeysMax = 3;
const othersMax = 20;

const head = summaryAnswer
  .pick({
    app_id: true,
    message_id: true,
    state: true,
    overdue_since: true,
    created_at: true,
    updated_at: true,
    event_count: true,
    last_event: true,
    parent_id: true,
  })
  .extend({ link });

const happened = event.pick({
  event: true,
  created_at: true,
  received_at: true,
  event_id: true,
  external_id: true,
  attributes: true,
  duplicates: true,
  trace_id: true,
});

const instance = messageAnswer.shape.lifecycle.unwrap();
const stage = instance.shape.stages.element.pick({
  stage: true,
  after: true,
  optional: true,
  status: true,
  done_at: true,
  due_at: true,
  late_by_ms: true,
  triage: true,
});

const other = summaryAnswer
  .pick({
    app_id: true,
    message_id: true,
    state: true,
    overdue_since: true,
    last_event: true,
    updated_at: true,
  })
  .extend({ link });

export const explainMessage = tool({
  name: "explain_message",
  title: "Explain a message",
  description:
    "Everything about one message (an order, a payment, a file): what has happened to it, what should have happened by now and has not, why it is stuck, " +
    "and the messages of other apps that belong to the same journey. Use it for questions such as 'where is order-17?' or 'why is it stuck?'. " +
    "Give the id that you know: its message id, or an id of another system (external id). app_id is needed only where several apps have that id.",
  input: z.strictObject({
    ...fieldsOf(getMessage, ["message_id"]),
    app_id: fieldsOf(getMessage, ["app_id"]).app_id.optional(),
  }),
  output: z.strictObject({
    message: head,
    happened: z.array(happened).meta({ description: `Its events, the latest first; ${eventsMax} at most.` }),
    expected: z
      .strictObject({ lifecycle_version: z.int(), stages: z.array(stage) })
      .nullable()
      .meta({ description: "Its stages by its app's lifecycle; null where none follows it." }),
    journey: z
      .array(other)
      .meta({ description: "Other messages with an external id of it, in all apps that may be read." }),
  }),
  lists: ["happened", "expected.stages", "journey"],
  async answer(context, { message_id, app_id }) {
    const name = await chosenMessage(context.ask, message_id, app_id);
    const message = await context.ask(getMessage, { ...name, order: "newest", limit: eventsMax });
    const journey = await journeyOf(context, message);
    const { links } = context;
    const data = {
      message: { ...rowOf(head, message), link: links.message(message.app_id, message.message_id) },
      happened: message.events.map((one) => ({
        ...rowOf(happened, one),
        attributes: shortAttributes(one.attributes),
      })),
      expected: message.lifecycle === null ? null : expectedOf(message.lifecycle),
      journey,
    };
    return { summary: summaryOf(message, journey), data };
  },
});

function expectedOf({ version, stages }: InstanceJson) {
  return { lifecycle_version: version, stages: stages.map((one) => rowOf(stage, one)) };
}

type Other = Pick<MessageJson, "app_id" | "message_id" | "state"> & { readonly link: string };

/** The other messages of its journeys. */
async function journeyOf({ ask, links }: ToolContext, message: MessageJson): Promise<Other[]> {
  const ids = message.external_ids.slice(0, journeysMax);
  const journeys = await Promise.all(ids.map((external_id) => ask(getJourney, { external_id, limit: 1 })));
  const found = new Map(
    journeys
      .flatMap(({ messages }) => messages)
      .filter(({ app_id, message_id }) => app_id !== message.app_id || message_id !== message.message_id)
      .map((one) => [JSON.stringify([one.app_id, one.message_id]), one]),
  );
  return [...found.values()].slice(0, othersMax).map((one) => ({
    ...(rowOf(other, one) as unknown as Other),
    link: links.message(one.app_id, one.message_id),
  }));
}

function summaryOf(message: MessageJson, journey: readonly Other[]): string {
  const { event_count, last_event, created_at, updated_at, events } = message;
  const shown = events.length < event_count ? ` The latest ${events.length} are in the data.` : "";
  const history = `${counted(event_count, "event")} from ${created_at} to ${updated_at}, the last one ${quote(last_event)}.${shown}`;
  const others = journey
    .slice(0, 5)
    .map(({ app_id, message_id, state }) => `${quote(message_id)} of ${quote(app_id)} (${state})`);
  const elsewhere =
    journey.length === 0
      ? []
      : [`Its journey has ${counted(journey.length, "other message")}: ${others.join(", ")}.`];
  return [...explainState(message), `It has had ${history}`, ...elsewhere].join("\n");
}
