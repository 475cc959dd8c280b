/** The problems of an input, field by field, with the same texts in every protocol. */
import type * as z from "zod";
import { type FieldProblem, MarsError, moreProblems } from "../core/error.ts";
import { problemsMax } from "../core/limits.ts";
import { nearest } from "../core/nearest.ts";
import { namesAt } from "./schema.ts";

/** Of an unknown name, in an answer; far more than any known one has. */
const shownCharsMax = 64;

/** A name that is not known, with the nearest that is. */
export function unknownField(given: string, known: readonly string[], place = ""): FieldProblem {
  const name = given.slice(0, shownCharsMax).toWellFormed();
  const field = place === "" ? name : `${place}.${name}`;
  if (known.length === 0) return { field, message: "is not known: this call takes no parameters" };
  const meant = nearest(name, known);
  return { field, message: `is not known${meant === "" ? `: known are ${known.join(", ")}` : meant}` };
}

/** The problems of an input that its schema does not take; at most `problemsMax`. */
export function problemsOf(error: z.core.$ZodError, input: z.ZodType): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const issue of error.issues) {
    const place = placeOf(issue.path);
    if (issue.code === "unrecognized_keys") {
      const known = namesAt(input, issue.path);
      // To look for the nearest names costs more than all else: no more of them than are shown.
      const keys = issue.keys.slice(0, problemsMax - problems.length);
      problems.push(...keys.map((key) => unknownField(key, known, place)));
    } else {
      problems.push({ field: place, message: messageOf(issue) });
    }
    if (problems.length >= problemsMax) break;
  }
  return problems;
}

/** @throws `MarsError("invalid_argument")` with all of them, if there are any */
export function throwIfAny(problems: readonly FieldProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  const more = moreProblems(problems.length - 1);
  const place = first.field === "" ? "the body" : first.field;
  throw new MarsError("invalid_argument", `${place} ${first.message}${more}`, { problems });
}

/** `["stages", 1, "after"]` is `stages[1].after`. */
function placeOf(path: readonly PropertyKey[]): string {
  let place = "";
  for (const step of path) {
    if (typeof step === "number") place += `[${step}]`;
    else place += place === "" ? String(step) : `.${String(step)}`;
  }
  return place;
}

/** Zod's own words are for the few things that no field of ours reads. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) return issue.message;
  if (issue.input === undefined && issue.path.length > 0) return "is required";
  if (issue.expected === "object") return "must be a JSON object";
  return issue.expected === "array" ? "must be a list" : `must be ${issue.expected}`;
}
