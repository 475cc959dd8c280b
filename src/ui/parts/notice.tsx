/** What a screen says where it has nothing to show: not yet, not any more, or not at all. */
import type { ComponentChildren } from "preact";
import type { ApiError } from "../data/call.ts";

/** Nothing to show, and the next step. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** A read that failed; what was read before stays below it. */
export function Failure({ error, what }: { error: ApiError; what: string }) {
  return (
    <p class="failure" role="alert">
      <strong>{what} cannot be read.</strong> {error.message}
      {error.status === 0 && " Trying again."}
    </p>
  );
}

/** The room that an answer will take, so that nothing jumps when it comes. */
export function Pending({ rows = 6, what }: { rows?: number; what: string }) {
  return (
    <div class="skeleton" role="status" aria-label={`Reading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} />
      ))}
    </div>
  );
}
