/** A collector of a message broker as REST and RPC take it: which members it needs depends on the engine of its URL. */
import * as z from "zod";
import { readBrokerCollector } from "../core/broker-collector-input.ts";
import { alertId } from "./alert-fields.ts";

function member(description: string) {
  return z.string().optional().meta({ description });
}

export const collectorInput = z
  .strictObject({
    id: alertId,
    url: member(
      "`nats://`, `tls://`, `redis://`, `rediss://`, `amqp://`, `amqps://`, with user and password; members may be in its query. Required.",
    ),
    stream: member("Of NATS and Redis: the stream. Required there."),
    consumer: member(
      "Of NATS: the durable pull consumer, which is made where there is none. Of Redis: the name in the group. `mars` unless given.",
    ),
    subject: member("Of NATS: only messages of such a subject, where Mars makes the consumer."),
    group: member("Of Redis: the group, which is made where there is none; `mars` unless given."),
    field: member("Of Redis: the field of an entry that has the event; `data` unless given."),
    queue: member("Of RabbitMQ: the queue. Required there."),
    app_id: member("The app of its events, which may name no other. Absent: each event names its own."),
    dead_letter: member(
      "Where refused messages are published to: a subject, a stream, a queue of the same broker.",
    ),
    credentials: member("Of NATS: the text of a credentials file, or the seed of an nkey. `(hidden)`: kept."),
    tls_ca: member("Certificates in PEM that the broker's must be signed by. Absent: those of the system."),
  })
  .superRefine(({ id, ...given }, context) => {
    // Whether there is a secret to be kept is known where it is put.
    for (const { field, message } of readBrokerCollector(id, given, "unknown").problems ?? [])
      context.addIssue({ code: "custom", path: [field], message });
  });
