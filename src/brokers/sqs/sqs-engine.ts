/** Amazon SQS, standard and FIFO queues: messages are hidden from others while Mars has them, and deleted when they are on its disk. */
import { createHash } from "node:crypto";
import type { AwsEnvironment } from "../../core/aws-environment.ts";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions, OutgoingMessage } from "../engine.ts";
import type { SqsMessage } from "./sqs-message.ts";
import { openQueue, type SqsQueue } from "./sqs-queue.ts";
import { batchMax, SqsReader } from "./sqs-reader.ts";

const visibilityDefaultSeconds = 120;
/** Attributes that a message may have. */
const attributesMax = 10;
/** Characters of an id by which a FIFO queue drops a repeat. */
const deduplicationIdMax = 128;

export function createSqsEngine(environment: AwsEnvironment): BrokerEngine {
  return {
    async open(collector, options) {
      const queue = openQueue(collector, environment);
      await countOf(queue);
      return read(queue, collector, options);
    },
  };
}

function read(queue: SqsQueue, { source }: BrokerCollector, { window, log }: OpenOptions): BrokerConnection {
  const seconds = Number(source.visibility ?? visibilityDefaultSeconds);
  const reader = new SqsReader(queue, window, seconds);
  return {
    read: (signal) => reader.read(signal),
    async ack(messages) {
      const taken = messages as readonly SqsMessage[];
      const failed = (await Promise.all(batchesOf(taken).map((batch) => remove(queue, batch)))).flat();
      reader.done(taken);
      if (failed.length > 0)
        log.warn("message of a queue could not be deleted, it comes again", {
          event: "broker_ack_failed",
          messages: failed.length,
          reason: failed[0],
        });
    },
    extend(messages) {
      const soon = performance.now() + (seconds * 1_000) / 2;
      const all = [...(messages as readonly SqsMessage[]), ...reader.waiting];
      const due = all.filter(({ hiddenUntil }) => hiddenUntil < soon);
      for (const batch of batchesOf(due)) void hide(queue, batch, seconds).catch(() => undefined);
    },
    publish: (target, message) => publishTo(queue.beside(target), message),
    lag: () => countOf(queue),
    async close() {
      // Others, or the next connection, need not wait for them.
      const left = await reader.close();
      await Promise.all(batchesOf(left).map((batch) => hide(queue, batch, 0)));
    },
  };
}

/** What waits, and what some consumer has not deleted; the service's estimate. */
async function countOf(queue: SqsQueue): Promise<number> {
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const { Attributes: attributes = {} } = await queue.call<{ Attributes?: Record<string, string> }>(
    "GetQueueAttributes",
    { AttributeNames: names },
  );
  return names.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
}

interface BatchAnswer {
  readonly Failed?: readonly { readonly Code?: string; readonly Message?: string }[];
}

/** @returns why some could not be deleted */
async function remove(queue: SqsQueue, messages: readonly SqsMessage[]): Promise<string[]> {
  const { Failed: failed = [] } = await queue.call<BatchAnswer>("DeleteMessageBatch", {
    Entries: messages.map(({ receipt }, at) => ({ Id: String(at), ReceiptHandle: receipt })),
  });
  return failed.map(({ Code: code = "", Message: text = "" }) => `${code} ${text}`.trim());
}

async function hide(queue: SqsQueue, messages: readonly SqsMessage[], seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  await queue.call("ChangeMessageVisibilityBatch", {
    Entries: messages.map(({ receipt }, at) => ({
      Id: String(at),
      ReceiptHandle: receipt,
      VisibilityTimeout: seconds,
    })),
  });
  for (const message of messages) message.hiddenUntil = until;
}

/** Its id is the attribute `mars-id`; a FIFO queue drops repeats by it for five minutes. */
export async function publishTo(
  queue: SqsQueue,
  { id, body, headers, key = "mars" }: OutgoingMessage,
): Promise<void> {
  const entries = Object.entries({ "mars-id": id, ...headers }).filter(([, value]) => value !== "");
  await queue.call("SendMessage", {
    MessageBody: typeof body === "string" ? body : new TextDecoder().decode(body),
    MessageAttributes: Object.fromEntries(
      entries
        .slice(0, attributesMax)
        .map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
    ),
    ...(queue.fifo && { MessageGroupId: key, MessageDeduplicationId: deduplicationIdOf(id) }),
  });
}

function deduplicationIdOf(id: string): string {
  if (id.length <= deduplicationIdMax && /^[\x21-\x7e]+$/.test(id)) return id;
  return createHash("sha256").update(id).digest("hex");
}

function batchesOf(messages: readonly SqsMessage[]): SqsMessage[][] {
  const batches: SqsMessage[][] = [];
  for (let at = 0; at < messages.length; at += batchMax) batches.push(messages.slice(at, at + batchMax));
  return batches;
}
