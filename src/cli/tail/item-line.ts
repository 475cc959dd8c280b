/** An item of a topic as a line of a terminal. */
import { cellOf, cut, harmless, widthOf } from "../cell.ts";
import { coloured, paint } from "../colour.ts";
import { clockText } from "../moment.ts";
import type { Style } from "../table.ts";

type Item = Readonly<Record<string, unknown>>;

const gap = "  ";

/** @param kind of the frame: `event`, `finding`, `alert`, `incident` */
export function itemLine(kind: string, item: Item, style: Style): string {
  if (kind === "event") return lineOf(item.created_at, item, eventText(item, style.colour), style);
  if (kind === "finding") return lineOf(item.raised_at, item, findingText(item, style.colour), style);
  return `${cut(harmless(JSON.stringify(item)), style.columns)}\n`;
}

/** Ids and the name are whole; what follows them is cut. */
function lineOf(
  time: unknown,
  { app_id, message_id }: Item,
  { plain, shown, notes }: Text,
  { columns, colour }: Style,
): string {
  const clock = typeof time === "string" ? clockText(time) : "";
  const [app, id] = [cellOf(app_id), cellOf(message_id)];
  const room = columns - [clock, app, id, plain].reduce((sum, part) => sum + widthOf(part) + gap.length, 0);
  const parts = [
    paint(clock, "dim", colour),
    paint(app, "cyan", colour),
    id,
    shown,
    ...(notes !== "" && room >= 8 ? [paint(cut(notes, room), "dim", colour)] : []),
  ];
  return `${parts.join(gap)}\n`;
}

interface Text {
  readonly plain: string;
  /** The same with its colours. */
  readonly shown: string;
  readonly notes: string;
}

function eventText({ event, attributes }: Item, colour: boolean): Text {
  const entries = Object.entries((attributes ?? {}) as Item);
  const notes = entries.map(([name, value]) => {
    const scalar = typeof value === "object" && value !== null ? JSON.stringify(value) : value;
    return `${harmless(name)}=${cellOf(scalar)}`;
  });
  const plain = cellOf(event);
  return { plain, shown: paint(plain, "bold", colour), notes: notes.join(" ") };
}

function findingText({ kind, stage, state, due_at }: Item, colour: boolean): Text {
  const word = cellOf(kind);
  const ended = state === "retracted" ? "retracted " : "";
  const due = typeof due_at === "string" ? `due ${clockText(due_at).slice(0, 8)}` : "";
  const plain = `${ended}${word} ${cellOf(stage)}`;
  return { plain, shown: colour && ended === "" ? coloured(plain, word) : plain, notes: due };
}
