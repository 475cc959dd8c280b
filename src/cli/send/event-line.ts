/** A line as an event that may be sent again without becoming two. */
import { parsedObject } from "../request.ts";
import type { Line } from "./lines.ts";

/** Which events get an id: all that have none, or only those that nothing else would identify in a repeat. */
export type IdsFor = "all" | "undated";

export type EventLine =
  | { readonly number: number; readonly json: string }
  | { readonly number: number; readonly problem: string };

/**
 * The text of the event stays as it is where it needs no id.
 *
 * @param run begins the ids: the same run and line make the same id
 */
export function eventLine({ number, text, problem }: Line, run: string, ids: IdsFor): EventLine {
  if (text === undefined) return { number, problem: problem ?? "is empty" };
  const value = parsedObject(text);
  if (value === undefined) return { number, problem: "is not a JSON object" };
  const named = (name: string) => value[name] !== undefined && value[name] !== null;
  const identified = named("event_id") || (ids === "undated" && named("created_at"));
  if (identified) return { number, json: text };
  return { number, json: JSON.stringify({ ...value, event_id: `${run}-${number}` }) };
}
