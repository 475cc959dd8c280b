/** The stages that several owe, as texts. */
import type { InstanceJson } from "../../api/message-answers.ts";

/** How far the stages are that several owe, as texts: `ACKED 2 of 3, missing eu-west`; empty where there are none. */
export function owedTexts({ stages }: Pick<InstanceJson, "stages">): string[] {
  return stages.flatMap(({ stage, owed }) => {
    if (owed === null) return [];
    const { expected, received, missing, extra, extra_count, late, late_count, partial } = owed;
    const parts = [
      `${stage} ${received} of ${expected}${partial ? " at least" : ""}`,
      listed("missing", missing, expected - received),
      listed("late", late, late_count),
      listed("not asked", extra, extra_count),
    ];
    return parts.filter((part) => part !== "").join(", ");
  });
}

const namesShown = 5;

/** The first of the names, or how many there are where no name is known; the rest is counted. */
function listed(what: string, names: readonly string[], count: number): string {
  if (count === 0) return "";
  const some = names.slice(0, namesShown);
  if (some.length === 0) return `${count} ${what}`;
  return `${what} ${some.join(", ")}${count > some.length ? ` and ${count - some.length} more` : ""}`;
}
