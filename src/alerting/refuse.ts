/** Refuses what a user has put, with the fields at fault. */
import { MarsError } from "../core/error.ts";

/** @throws `MarsError("invalid_argument")` where there are problems */
export function refuse(problems: readonly { readonly field: string; readonly message: string }[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new MarsError("invalid_argument", `${first.field} ${first.message}`, { problems });
}
