/** Who has acknowledged a stage that several owe, and who has not: in groups, each with its names. Pure. */
import type { InstanceJson } from "../../api/message-answers.ts";

export type Owed = NonNullable<InstanceJson["stages"][number]["owed"]>;

export interface OwedGroup {
  readonly what: "missing" | "late" | "not asked";
  readonly tone: "bad" | "warn" | "quiet";
  readonly names: readonly string[];
  /** Members that have no name here: only so many names are read, and where the number alone counts there is none. */
  readonly unnamed: number;
}

/** Those that have members, the missing first. */
export function owedGroups(owed: Owed): OwedGroup[] {
  const { expected, received, missing, late, late_count, extra, extra_count } = owed;
  const group = (
    what: OwedGroup["what"],
    tone: OwedGroup["tone"],
    names: readonly string[],
    count: number,
  ) => (count <= 0 ? [] : [{ what, tone, names, unnamed: Math.max(0, count - names.length) }]);
  return [
    ...group("missing", "bad", missing, expected - received),
    ...group("late", "warn", late, late_count),
    ...group("not asked", "quiet", extra, extra_count),
  ];
}
