/** What Mars has refused of a form, field by field. */
import { ApiError, type Problem } from "../data/call.ts";

/** @throws what is no answer of Mars */
export function problemsOf(error: unknown): readonly Problem[] {
  if (!(error instanceof ApiError)) throw error;
  return problemsOfText(error);
}

/** The same of a form with a text that may not even be readable: what its parser has thrown is a problem, too. */
export function problemsOfText(error: unknown): readonly Problem[] {
  if (error instanceof ApiError && error.problems.length > 0) return error.problems;
  return [{ field: "", message: error instanceof Error ? error.message : String(error) }];
}

export function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="problem" role="alert">
      {problems.map(({ field, message }) => (
        <li key={field + message}>
          {field !== "" && <code>{field}</code>} {message}
        </li>
      ))}
    </ul>
  );
}
