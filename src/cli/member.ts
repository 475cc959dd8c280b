/** Members of an answer as a terminal shows them: durations and times for readers, all else as it is. */
import { cellOf } from "./cell.ts";
import { durationText, momentText } from "./moment.ts";

const milliseconds = /(^|_)ms$/;
const timeName = /(^|[_.])(at|since|until|clock)$/;
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Their names and values are of producers. */
const foreign = /(^|\.)attributes\./;

/** @param name of the member, with those that it is in: `messages.open` */
export function labelOf(name: string): string {
  return isDuration(name) ? name.replace(milliseconds, "") : name;
}

/** In one line. */
export function memberText(name: string, value: unknown): string {
  if (typeof value === "number" && isDuration(name)) return durationText(value);
  if (typeof value === "string" && isTime(name, value)) return momentText(value);
  return cellOf(value);
}

function isDuration(name: string): boolean {
  return milliseconds.test(name) && !foreign.test(name);
}

function isTime(name: string, value: string): boolean {
  return timeName.test(name) && timeForm.test(value) && !foreign.test(name);
}
