/** The columns that a list on a terminal has first, where its room is not for all of them. */

const firsts: Readonly<Record<string, readonly string[]>> = {
  stuck: ["overdue_for_ms", "stage", "after", "due_at"],
  findings: ["kind", "stage", "raised_at", "late_by_ms", "due_at"],
  list: ["state", "last_event", "updated_at", "event_count"],
};

/** The members of its rows, the most important one first. @param command its words */
export function firstColumns(command: string): readonly string[] {
  return (Object.hasOwn(firsts, command) ? firsts[command] : undefined) ?? [];
}
