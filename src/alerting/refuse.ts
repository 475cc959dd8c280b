/** Refuses what a user has put, with the fields at fault. */
import { MarsError } from "../core/error.ts";
import type { AlertRule } from "./rule.ts";

/** @throws `MarsError("invalid_argument")` where there are problems */
export function refuse(problems: readonly { readonly field: string; readonly message: string }[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new MarsError("invalid_argument", `${first.field} ${first.message}`, { problems });
}

/** For `refuse`, where the rule's schedule names none of these calendars. @param field its name in what was put */
export function unknownCalendar(
  { schedule }: Pick<AlertRule, "schedule">,
  calendars: readonly { readonly id: string }[],
  field: string,
): { readonly field: string; readonly message: string }[] {
  const { calendar } = schedule ?? {};
  if (calendar === undefined || calendars.some(({ id }) => id === calendar)) return [];
  return [{ field, message: `must be an existing calendar, is ${calendar}` }];
}
