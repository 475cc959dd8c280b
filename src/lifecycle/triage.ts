/** Marking of findings: what is asked for, which findings it concerns, and the marks that come of it. */
import type { AttributeFilter } from "../core/attributes.ts";
import type { Author } from "../core/audit.ts";
import type { Micros } from "../core/event.ts";
import { isMarkEnd, type Mark, type MarkUntil, markHolds } from "../core/mark.ts";
import type { FindingEnding, FindingKind } from "./finding.ts";

/** `clear` takes a mark away: what was ended by it is active again, if it still holds. */
export type TriageAction = (typeof triageActions)[number];

export const triageActions = ["acknowledge", "resolve", "ignore", "clear"] as const;

/** Findings of one call. */
export const triageMax = 10_000;
/** Findings that one call names by their ids. */
export const triagePickedMax = 1_000;
/** More than this are not counted. */
export const triageCountMax = 100_000;
/** Bytes of a note. */
export const noteBytesMax = 4_096;

export interface TriageChange {
  readonly action: TriageAction;
  /** Of `ignore` only. */
  readonly until?: MarkUntil;
  /** Absent: an equal mark with a note stays as it is. */
  readonly note?: string;
}

/** Which findings; all that is given must hold. */
export interface TriageSelection {
  /** By their ids; at most `triagePickedMax`. */
  readonly findings?: readonly number[];
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly messageId?: string;
  readonly kind?: FindingKind;
  readonly stage?: string;
  /** Empty for a stage that comes after nothing. */
  readonly after?: string;
  /** Versions of the lifecycle. */
  readonly versions?: readonly number[];
  /** By when they were raised: from here on (inclusive), up to here (exclusive). */
  readonly since?: Micros;
  readonly until?: Micros;
  /** Due up to here (inclusive). */
  readonly dueUntil?: Micros;
  /** Due from here on (inclusive), up to here (exclusive). */
  readonly dueSince?: Micros;
  readonly dueBefore?: Micros;
  /** Whether people have acknowledged it; absent for both. */
  readonly acknowledged?: boolean;
  /** Of messages with these values; with `appId`. */
  readonly attributes?: readonly AttributeFilter[];
}

export interface TriageQuery extends TriageSelection {
  readonly change: TriageChange;
  readonly cursor?: string;
}

/** A finding that a call concerns. */
export interface TriageFinding {
  readonly id: number;
  readonly appId: string;
  readonly messageId: string;
  readonly kind: FindingKind;
  readonly stage: string;
  readonly after: string;
  readonly dueAt: Micros;
  /** Whether the call would change its mark. */
  readonly changes: boolean;
}

export interface TriagePage {
  /** At most `triageMax` + 1. */
  readonly findings: readonly TriageFinding[];
  /** How many there are, up to `triageCountMax` + 1, where that is known and more than `triageMax`. */
  readonly count?: number;
  /** Absent on the last page. A page may be short and still have one. */
  readonly nextCursor?: string;
}

/** Finds what a call concerns. Rejects with `unavailable` while the database is away. */
export interface TriageReader {
  triageFindings(query: TriageQuery): Promise<TriagePage>;
}

/** The change for the audit, without what would name a message. */
export interface TriageAbout {
  /** `finding`, `findings`, `message`, `incident`, `group` or `filter`. */
  readonly target: string;
  readonly appId?: string | undefined;
  readonly selection: object;
}

/** Keeps marks. Answered by the store's thread. */
export interface TriageStore {
  /** Marks these findings in one transaction, which is on disk when it resolves. @returns how many have another mark now */
  markFindings(
    findings: readonly number[],
    change: TriageChange,
    about: TriageAbout,
    by: Author,
  ): Promise<number>;
  /** Whether the projector has yet to apply a mark of these, and the last change of any finding. */
  pendingMarks(findings: readonly number[]): Promise<{ readonly pending: boolean; readonly seq: number }>;
}

export interface Triaged {
  readonly changed: number;
  /** Lists, counts and states have it; else it will be so a moment later. */
  readonly applied: boolean;
  /** Every change of a finding up to here counts. */
  readonly seq: number;
}

/** Marks findings, and waits until everything has it, for some seconds at most. */
export interface Triage {
  mark(findings: readonly number[], change: TriageChange, about: TriageAbout, by: Author): Promise<number>;
  applied(findings: readonly number[]): Promise<Omit<Triaged, "changed">>;
}

/** A finding as far as a mark depends on it. */
export interface Markable {
  readonly dueAt: Micros;
  readonly active: boolean;
  readonly endedBy: FindingEnding | undefined;
  readonly mark: Mark | undefined;
}

const statuses = { acknowledge: "acknowledged", resolve: "resolved", ignore: "ignored" } as const;

/** Whether the action concerns it: what holds can be marked, what people have ended otherwise, and a mark cleared. */
export function isMarkable(
  { action }: TriageChange,
  { active, endedBy, mark }: Omit<Markable, "dueAt">,
): boolean {
  if (action === "clear") return mark !== undefined;
  return active || (action !== "acknowledge" && isMarkEnd(endedBy));
}

/**
 * The mark that a finding has after the change.
 *
 * @returns `undefined` where it stays as it is, `null` for none
 */
export function markAfter(
  { action, until = "recurs", note }: TriageChange,
  finding: Markable,
  { at, by }: { readonly at: Micros; readonly by: Pick<Author, "who" | "name"> },
): Mark | null | undefined {
  if (!isMarkable({ action }, finding)) return undefined;
  if (action === "clear") return null;
  const status = statuses[action];
  const { dueAt, mark } = finding;
  const wanted = status === "ignored" ? until : undefined;
  const same = mark?.status === status && mark.until === wanted && markHolds(mark, dueAt);
  if (same && (note === undefined || note === mark.note)) return undefined;
  const { who, name } = by;
  return { status, ...(wanted && { until: wanted }), dueAt, at, who, name, note: note ?? "" };
}
