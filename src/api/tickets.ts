/** The operation that makes a ticket for a WebSocket or an event stream; see `access/tickets.ts`. */
import * as z from "zod";
import { ticketMs } from "../access/tickets.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { parseTopic } from "../core/topic.ts";
import { list } from "./alert-fields.ts";
import { text } from "./fields.ts";
import { operation } from "./operation.ts";

const topicsMax = 100;
/** More than the longest topic has, percent-encoded. */
const topicBytesMax = 4_096;

export const createTicket = operation({
  name: "createTicket",
  summary:
    "Make a ticket for a WebSocket (`Sec-WebSocket-Protocol: mars.v1, ticket.TICKET`) or an event stream (`?ticket=TICKET`): good once, within 30 s, for these topics.",
  scope: "read",
  apps: "own",
  rest: "POST /api/tickets",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AccessService/CreateTicket",
  command: "tickets create",
  input: z.strictObject({ topics: list(text(topicBytesMax, "A topic."), topicsMax, "topics") }),
  output: z.strictObject({ ticket: z.string(), expires_in: z.int().meta({ description: "Seconds." }) }),
  handle({ tickets }, { topics }, { identity }) {
    const parsed = topics.map(parseTopic);
    for (const topic of parsed) identity.assertMayWatch(topic);
    const ticket = tickets.issue(
      identity,
      parsed.map(({ name }) => name),
    );
    return { ticket, expires_in: ticketMs / 1_000 };
  },
});
