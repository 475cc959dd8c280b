/** A collector of a message broker as REST and RPC take it: which members it needs depends on the engine of its URL. */
import * as z from "zod";
import { readBrokerCollector } from "../core/broker-collector-input.ts";
import { engineMembers, engines } from "../core/broker-engine.ts";
import { alertId } from "./alert-fields.ts";

const text = z.string().optional();

function member(description: string) {
  return z.string().optional().meta({ description });
}

/** As an answer has them; those of NATS, Redis and RabbitMQ aside. */
export const otherMembers = {
  topic: text,
  brokers: text,
  sasl: text,
  instance: text,
  tombstones: text,
  client_id: text,
  region: text,
  visibility: text,
};

export const collectorInput = z
  .strictObject({
    id: alertId,
    url: member(
      `With user and password; members may be in its query. Required. Its schemes: ${engines.flatMap((name) => engineMembers[name].schemes).join(", ")}.`,
    ),
    stream: member("Of NATS and Redis: the stream. Required there."),
    consumer: member(
      "Of NATS: the durable pull consumer, which is made where there is none. Of Redis: the name in the group. `mars` unless given.",
    ),
    subject: member("Of NATS: only messages of such a subject, where Mars makes the consumer."),
    field: member("Of Redis: the field of an entry that has the event; `data` unless given."),
    queue: member("Of RabbitMQ: the queue. Required there."),
    topic: member("Of Kafka: the topics, with commas between them. Of MQTT: the topic filter."),
    group: member(
      "Of Kafka and Redis: the group, which is made where there is none; `mars` unless given. Of MQTT: that of a shared subscription.",
    ),
    brokers: member("Of Kafka: further brokers to ask for the cluster, as `host:port,…`."),
    sasl: member("Of Kafka, with a user: `plain`, `scram-sha-256` or `scram-sha-512`; `plain` unless given."),
    instance: member(
      "Of Kafka: a name in the group that this Mars alone has, which makes it a static member.",
    ),
    tombstones: member("Of Kafka: `refuse` or `ignore` records without a value; `refuse` unless given."),
    client_id: member("Of MQTT: by which the broker knows the session; `mars-` and the id unless given."),
    region: member("Of SQS, where the host's name does not have it."),
    visibility: member(
      "Of SQS: seconds for which a message is hidden while Mars has it; `120` unless given.",
    ),
    app_id: member("The app of its events, which may name no other. Absent: each event names its own."),
    source: member(
      "The id of the source by which its messages are mapped, which are not Mars' own events then; the source gives the app.",
    ),
    dead_letter: member(
      "Where refused messages are published to: a subject, a stream, a queue of the same broker.",
    ),
    credentials: member("Of NATS: the text of a credentials file, or the seed of an nkey. `(hidden)`: kept."),
    tls_ca: member("Certificates in PEM that the broker's must be signed by. Absent: those of the system."),
    tls_cert: member(
      "With `tls_key`: the certificate in PEM by which Mars proves who it is, with its chain.",
    ),
    tls_key: member("The key of `tls_cert` in PEM. `(hidden)`: kept."),
  })
  .superRefine(({ id, ...given }, context) => {
    // Whether there is a secret to be kept is known where it is put.
    for (const { field, message } of readBrokerCollector(id, given, "unknown").problems ?? [])
      context.addIssue({ code: "custom", path: [field], message });
  });
