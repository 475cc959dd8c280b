/** The settings of attributes, and of records in other formats that become events. */
import { attributesBytesMax, attributesBytesMaxMost } from "../core/limits.ts";
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { bytes, flag, names, ValueError } from "./values.ts";

type FormatNames =
  | "attributesBytesMax"
  | "otlpMessageIds"
  | "otlpSpanStarts"
  | "cloudEventsMessageIds"
  | "segmentMessageIds";

const idNamesMax = 20;

export const formatSettings: { readonly [K in FormatNames]: Setting<Config[K]> } = {
  attributesBytesMax: {
    name: "MARS_ATTRIBUTES_MAX",
    default: "8KiB",
    unit: "bytes",
    meaning:
      "The most that the attributes of an event may have, as JSON. Larger ones cost disk, memory and time wherever events are read",
    parse: bytes({ min: attributesBytesMax, max: attributesBytesMaxMost }),
  },
  otlpMessageIds: {
    name: "MARS_OTLP_MESSAGE_ID",
    default: "mars.message_id,messaging.message.conversation_id,messaging.message.id,trace_id",
    unit: "names",
    meaning:
      "The attributes of OTLP records that hold the id of the message, separated by commas; the first that a record has counts, and `trace_id` is its trace. See [Formats](formats.md)",
    parse: idNames,
  },
  otlpSpanStarts: {
    name: "MARS_OTLP_SPAN_STARTS",
    default: "0",
    unit: "1 or 0",
    meaning: "Whether a span that comes by OTLP is an event at its start, too: its name and `.started`",
    parse: flag,
  },
  cloudEventsMessageIds: {
    name: "MARS_CLOUDEVENTS_MESSAGE_ID",
    default: "marsmessageid,subject",
    unit: "names",
    meaning:
      "Where the id of the message is in a CloudEvent: attributes, or `data.NAME` for a member of its data, separated by commas; the first that there is counts",
    parse: idNames,
  },
  segmentMessageIds: {
    name: "MARS_SEGMENT_MESSAGE_ID",
    default: "properties.mars_message_id,properties.message_id,properties.order_id",
    unit: "names",
    meaning: "The same in a `track` call of Segment, such as `properties.NAME`",
    parse: idNames,
  },
};

function idNames(text: string): readonly string[] {
  const list = names(idNamesMax)(text);
  if (list.length === 0) throw new ValueError("must name at least one attribute");
  return list;
}
