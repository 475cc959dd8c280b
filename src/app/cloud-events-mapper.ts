/**
 * Maps the messages of a broker that are CloudEvents 1.0.2, each in the mode in which it is: structured and batch by their content type, binary by
 * headers with the prefix of the broker's protocol binding. All others are left to another mapper.
 *
 * https://github.com/cloudevents/spec/tree/v1.0.2/cloudevents/bindings
 */
import { type Mappable, type Mapper, type ParseJson, RefusedItem, textOf } from "../brokers/mapper.ts";
import type { BrokerCollector } from "../core/broker-collector.ts";
import { type FieldProblem, MarsError } from "../core/error.ts";
import { binaryEvent, decodeHeader } from "../formats/cloudevents/binary-event.ts";
import { type CloudEvent, cloudEventFromJson } from "../formats/cloudevents/cloud-event.ts";
import { eventOfCloudEvent } from "../formats/cloudevents/event-input.ts";
import type { FormatMapping } from "../formats/mapping.ts";

export interface CloudEventsMapperOptions {
  readonly mapping: FormatMapping;
  readonly parseJson: ParseJson;
  /** For messages that are no CloudEvents. */
  readonly others: Mapper;
}

/** Of Kafka, of NATS and HTTP, and of AMQP in its two spellings. */
const prefixes = ["ce_", "ce-", "cloudevents:", "cloudevents_"];
/** One of them is there where a message is a CloudEvent: it is looked for in each message. */
const versions = prefixes.map((prefix) => `${prefix}specversion`);
/** Values behind it are in percent-encoding. */
const encodedPrefix = "ce-";
const attributeName = /^[a-z0-9]+$/;
/** Where names have no prefix, these are there: else it is another message. */
const marks = ["specversion", "id", "source", "type"];

type Read = CloudEvent | readonly FieldProblem[];

export function createCloudEventsMapper(
  { engine, appId }: Pick<BrokerCollector, "engine" | "appId">,
  { mapping, parseJson, others }: CloudEventsMapperOptions,
): Mapper {
  // The binding of MQTT has user properties without a prefix.
  const bare = engine === "mqtt";
  const itemOf = (event: Read) => {
    if (!("attributes" in event)) return new RefusedItem(event);
    const input = eventOfCloudEvent(event, { mapping, app: appId });
    if (!("fault" in input)) return input;
    if (input.fault !== "no_app_id") return new RefusedItem(input.problems);
    const message = "is required: the collector has no app_id";
    return new RefusedItem(input.problems.map(({ field }) => ({ field, message })));
  };
  return (message) => {
    const headers = message.headers();
    const type = headers["content-type"]?.trim().toLowerCase() ?? "";
    if (type.startsWith("application/cloudevents")) return read(type, message, parseJson).map(itemOf);
    const attributes = attributesOf(headers, bare);
    if (attributes === undefined) return others(message);
    if (!(attributes instanceof Map)) return [new RefusedItem(attributes)];
    const content = { type: headers["content-type"], bytes: Buffer.from(message.body), parseJson };
    return [itemOf(binaryEvent(attributes, content))];
  };
}

/** One event, or those of a batch. @throws `MarsError` where the body cannot be read */
function read(type: string, { body }: Mappable, parseJson: ParseJson): Read[] {
  const batch = type.startsWith("application/cloudevents-batch");
  if (!/^application\/cloudevents(?:-batch)?\+json\s*(?:;|$)/.test(type))
    throw new MarsError(
      "invalid_argument",
      `content-type must have the format JSON, is ${type.slice(0, 100)}`,
    );
  const value = parseJson(textOf(body));
  if (!batch) return [cloudEventFromJson(value)];
  if (!Array.isArray(value)) throw new MarsError("invalid_argument", "body must be an array of CloudEvents");
  return value.map(cloudEventFromJson);
}

/** Attributes by name, or what is wrong with them; `undefined` where the headers are none of a CloudEvent. */
function attributesOf(
  headers: Readonly<Record<string, string>>,
  bare: boolean,
): Map<string, unknown> | readonly FieldProblem[] | undefined {
  if (bare && marks.every((name) => headers[name] !== undefined))
    return new Map(Object.entries(headers).filter(([name]) => attributeName.test(name)));
  const prefix = prefixes[versions.findIndex((name) => headers[name] !== undefined)];
  if (prefix === undefined) return undefined;
  const problems: FieldProblem[] = [];
  const attributes = new Map<string, unknown>();
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(prefix)) continue;
    const decoded = prefix === encodedPrefix ? decodeHeader(value) : value;
    if (decoded === undefined) problems.push({ field: header, message: "is not UTF-8 in percent-encoding" });
    else attributes.set(header.slice(prefix.length), decoded);
  }
  return problems.length > 0 ? problems : attributes;
}
