/** The events of a message down the page, with the time between them: the longer it is, the more lines it has. */
import { betweenMs } from "../../api/between.ts";
import type { MessageJson } from "../../api/message-answers.ts";
import { cellOf, cut, harmless } from "../cell.ts";
import { paint } from "../colour.ts";
import { clockText, dayText, durationText } from "../moment.ts";
import type { Style } from "../table.ts";

type Event = MessageJson["events"][number];

const indent = " ".repeat(14);
/** An event that was received later than this after it happened has a note. */
const lateMs = 5_000;
const gapLinesMax = 4;

/** @param events oldest first */
export function timelineOf(events: readonly Event[], style: Style): string {
  let text = "";
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before !== undefined) text += gapText(betweenMs(before.created_at, event.created_at), style);
    if (before === undefined || dayText(before.created_at) !== dayText(event.created_at)) {
      text += `${paint(dayText(event.created_at), "dim", style.colour)}\n`;
    }
    const name = harmless(event.event);
    const notes = notesOf(event);
    const room = style.columns - indent.length - name.length - 2;
    const shown = notes === "" || room < 8 ? "" : `  ${paint(cut(notes, room), "dim", style.colour)}`;
    text += `${clockText(event.created_at)}  ${paint(name, "bold", style.colour)}${shown}\n`;
  }
  return text;
}

/** A line for up to a second, then one more for every hundredfold. */
function gapText(ms: number, { colour }: Style): string {
  const lines = ms <= 1_000 ? 1 : Math.min(gapLinesMax, 1 + Math.ceil(Math.log10(ms / 1_000) / 2));
  const bar = `${indent}│`;
  const middle = Math.floor((lines - 1) / 2);
  return Array.from({ length: lines }, (_, line) => {
    const shown = line === middle ? `${bar} +${durationText(ms)}` : bar;
    return `${paint(shown, "dim", colour)}\n`;
  }).join("");
}

function notesOf(event: Event): string {
  const { event_id, external_id, parent_id, duplicates, attributes, trace_id } = event;
  const delayMs = betweenMs(event.created_at, event.received_at);
  return [
    ...Object.entries(attributes ?? {}).map(([name, value]) => `${harmless(name)}=${cellOf(scalar(value))}`),
    ...(external_id === null ? [] : [`external id ${harmless(external_id)}`]),
    ...(parent_id === null ? [] : [`part of ${harmless(parent_id)}`]),
    ...(delayMs > lateMs ? [`reported ${durationText(delayMs)} later`] : []),
    ...(delayMs < -1_000 ? [`its clock was ${durationText(-delayMs)} ahead`] : []),
    ...(duplicates > 0 ? [`reported ${duplicates + 1} times`] : []),
    ...(event_id === null ? [] : [`id ${harmless(event_id)}`]),
    ...(trace_id === undefined ? [] : [`trace ${harmless(trace_id)}`]),
  ].join(" ");
}

function scalar(value: unknown): unknown {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
