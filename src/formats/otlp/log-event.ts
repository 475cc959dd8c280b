/** Makes an event of a log record. */
import { stringifyExact } from "../../core/exact-json.ts";
import { cleanText, type Field, fitAttributes } from "../fit-attributes.ts";
import { stableId } from "../stable-id.ts";
import type { OtlpLog } from "./record.ts";
import { idsOf, type RecordContext, type RecordEvent, traceparentOf } from "./record-event.ts";

/**
 * @returns the event to be checked, or why the record is none
 */
export function eventOfLog(log: OtlpLog, context: RecordContext): RecordEvent | string {
  const ids = idsOf(log, log.attributes, context);
  if (typeof ids === "string") return ids;
  const event = log.eventName || textAt(log.attributes.get("event.name"));
  if (event === "") return "no_event_name";
  const attributes = fitAttributes(fieldsOf(log, context), context.attributesBytesMax);
  const time = log.time === 0n ? log.observedTime : log.time;
  const { traceId, spanId } = log;
  return {
    input: {
      ...ids,
      event: cleanText(event),
      // With all that it says: two records of one nanosecond may differ in this alone.
      event_id: ids.event_id ?? stableId([traceId, spanId, String(time), event, stringifyExact(attributes)]),
      attributes,
      traceparent: traceparentOf(log),
    },
    time,
  };
}

function* fieldsOf(log: OtlpLog, { resource, used }: RecordContext): Generator<Field> {
  for (const field of log.attributes) if (!used.has(field[0])) yield field;
  yield ["body", log.body];
  yield ["severity", log.severityText || severityName(log.severityNumber)];
  for (const field of resource) if (!used.has(field[0])) yield field;
}

/** As the data model has it: four numbers for each name. */
function severityName(number: number): string | undefined {
  const name = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"][Math.floor((number - 1) / 4)];
  const grade = (number - 1) % 4;
  return name === undefined || grade <= 0 ? name : `${name}${grade + 1}`;
}

function textAt(value: unknown): string {
  return typeof value === "string" ? value : "";
}
