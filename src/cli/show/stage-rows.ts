/** The stages of a message: which have come and when, what is missing, what is due, and their times to scale. */
import type { StageView } from "../../api/stage-views.ts";
import { cut, harmless, pad, widthOf } from "../cell.ts";
import { type Colour, paint } from "../colour.ts";
import { clockText, dayText, durationText, momentText } from "../moment.ts";
import type { Style } from "../table.ts";
import { trackKey, trackOf } from "./track.ts";
import { dueText, nameOf } from "./verdict.ts";

const marks: Readonly<Record<StageView["status"], readonly [sign: string, colour?: Colour]>> = {
  done: ["✓", "green"],
  overdue: ["✗", "red"],
  skipped: ["↷", "yellow"],
  waiting: ["…", "yellow"],
  pending: ["○"],
  unreached: ["-"],
  closed: ["-"],
};

const gap = 2;
const nameMax = 32;
const tracksMax = 30;
const tracksMin = 10;

/** @param day on which the message began: times of this day need none */
export function stageRows(stages: readonly StageView[], nowMs: number, day: string, style: Style): string {
  const rows = stages.map((stage) => ({
    stage,
    name: nameOf(stage),
    when: whenText(stage, day),
    took: tookText(stage, nowMs),
  }));
  const width = (texts: readonly string[]) => Math.max(0, ...texts.map(widthOf));
  const nameWidth = Math.min(nameMax, width(rows.map(({ name }) => name)));
  const whenWidth = width(rows.map(({ when }) => when));
  const tookWidth = width(rows.map(({ took }) => took));
  const room = style.columns - 2 - nameWidth - whenWidth - tookWidth - 3 * gap;
  const trackWidth = room < tracksMin ? 0 : Math.min(tracksMax, room);
  const lines = rows.map(({ stage, name, when, took }) => {
    const [sign, colour] = marks[stage.status];
    const shown = pad(took, tookWidth);
    const parts = [
      pad(cut(name, nameWidth), nameWidth),
      pad(when, whenWidth),
      style.colour && stage.status === "overdue" ? paint(shown, "red", true) : shown,
      trackWidth === 0 || !timed(stage) ? "" : trackOf(stage, trackWidth, style.colour),
    ];
    const line = `${paint(sign, colour, style.colour)} ${parts.join(" ".repeat(gap))}`.trimEnd();
    return `${line}\n${notesOf(stage)
      .map((note) => `    ${cut(note, style.columns - 4)}\n`)
      .join("")}`;
  });
  const key = trackWidth === 0 || widthOf(trackKey) > style.columns ? "" : `${trackKey}\n`;
  return key + lines.join("");
}

function whenText({ status, done_at, due_at, optional }: StageView, day: string): string {
  const at = (time: string) => (dayText(time) === day ? clockText(time).slice(0, 8) : momentText(time));
  if (done_at !== null) return at(done_at);
  if (status === "skipped") return "passed over";
  if (status === "unreached") return "did not have to come";
  if (status === "closed") return "closed by people";
  if (due_at !== null) return `${status === "overdue" ? "was due" : "due"} ${at(due_at)}`;
  return optional ? "optional" : "not due yet";
}

function tookText(stage: StageView, nowMs: number): string {
  const { status, tookMs, late_by_ms, early_by_ms, missing_since } = stage;
  if (status === "done") {
    if (early_by_ms !== null) return `early by ${durationText(early_by_ms)}`;
    if (tookMs === undefined) return "";
    return late_by_ms === null ? durationText(tookMs) : `${durationText(tookMs)}, late`;
  }
  if (status === "overdue" && missing_since !== null) {
    return `missing ${durationText(Math.max(0, nowMs - Date.parse(missing_since)))}`;
  }
  return status === "waiting" && stage.due_at !== null ? dueText(stage, nowMs) : "";
}

/** Whether its time says something: what need not come is not waited for. */
function timed({ done_at, due_at, tookMs }: StageView): boolean {
  return done_at !== null || due_at !== null || tookMs === undefined;
}

function notesOf({ done_by, owed }: StageView): string[] {
  const notes: string[] = [];
  if (done_by !== null) notes.push(`by ${harmless(done_by.app_id)} ${harmless(done_by.message_id)}`);
  if (owed !== null && owed.missing.length > 0)
    notes.push(`missing: ${owed.missing.map(harmless).join(", ")}`);
  return notes;
}
