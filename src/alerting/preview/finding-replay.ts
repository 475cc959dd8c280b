/** The findings of a window as they were at each moment of it: raised, then perhaps retracted. */
import type { Micros } from "../../core/event.ts";
import type { Finding } from "../../lifecycle/finding.ts";
import type { FindingHistoryPage } from "../../lifecycle/finding-query.ts";
import { type CountGroup, countMax, type FigureGroup, type Figures, samplesMax } from "../figures.ts";

export interface ReplayedFinding extends Omit<Finding, "seq" | "owed"> {
  /** How long after it was due its message arrived. */
  readonly arrivedAfter: Micros;
}

/** Findings of one page of history. */
const pageMax = 1_000;

interface Change {
  readonly at: Micros;
  readonly finding: ReplayedFinding;
}

interface Group {
  readonly active: Set<ReplayedFinding>;
  /** In the order in which they were raised; absent where it has to be made again. */
  list?: readonly ReplayedFinding[];
}

export class FindingReplay {
  readonly #changes: readonly Change[];
  readonly #groups = new Map<string, Group>();
  readonly #byId: ReadonlyMap<number, ReplayedFinding>;
  #clock: Micros = 0;
  /** Number of changes up to the clock: the seq of the last one. */
  #seq = 0;

  /** @param findings in the order in which they were raised */
  constructor(findings: readonly ReplayedFinding[]) {
    const changes = findings.flatMap((finding): Change[] => [
      { at: finding.raisedAt, finding },
      ...(finding.retractedAt === undefined ? [] : [{ at: finding.retractedAt, finding }]),
    ]);
    this.#changes = changes.sort((a, b) => a.at - b.at);
    this.#byId = new Map(findings.map((finding) => [finding.id, finding]));
  }

  /** When the next change is; absent after the last one. */
  get nextAt(): Micros | undefined {
    return this.#changes[this.#seq]?.at;
  }

  /** @returns the seq of the last change up to the clock */
  advance(clock: Micros): number {
    this.#clock = clock;
    for (let change = this.#changes[this.#seq]; change !== undefined && change.at <= clock; ) {
      const { finding } = change;
      const group = this.#groupOf(finding);
      delete group.list;
      if (this.#isActive(finding)) group.active.add(finding);
      else group.active.delete(finding);
      this.#seq += 1;
      change = this.#changes[this.#seq];
    }
    return this.#seq;
  }

  history({ after, upTo }: { readonly after: number; readonly upTo: number }): FindingHistoryPage {
    const to = Math.min(upTo, after + pageMax);
    const last = new Map<number, Finding>();
    for (let seq = after + 1; seq <= to; seq += 1) {
      const { retractedAt, arrivedAfter: _, ...finding } = this.#changes[seq - 1]!.finding;
      const retracted = retractedAt !== undefined && retractedAt <= this.#clock;
      last.set(finding.id, { ...finding, seq, ...(retracted && { retractedAt }) });
    }
    return { findings: [...last.values()], to, prunedTo: 0 };
  }

  arrivals(ids: readonly number[]): [id: number, after: Micros][] {
    return ids.map((id) => [id, this.#byId.get(id)?.arrivedAfter ?? 0]);
  }

  count(group: CountGroup): number {
    const own = this.#activeOf(group).filter(isNoImport(group.importedAfter));
    return Math.min(own.length, countMax + 1);
  }

  figures(group: FigureGroup): Figures {
    const all = this.#activeOf(group);
    const own = all.filter(isNoImport(group.importedAfter));
    const fresh = own.filter(({ raisedAt }) => raisedAt >= group.freshFrom);
    const recent = own.filter(({ raisedAt }) => raisedAt >= group.recentFrom);
    const [first, freshFirst] = [earliest(all), earliest(fresh)];
    const shown = (fresh.length > 0 ? fresh : all).toSorted((a, b) => a.dueAt - b.dueAt || a.id - b.id);
    return {
      count: Math.min(all.length, countMax + 1),
      ...(all.length > own.length && { imported: Math.min(all.length - own.length, countMax + 1) }),
      ...(first !== undefined && { since: first }),
      fresh: Math.min(fresh.length, countMax + 1),
      ...(freshFirst !== undefined && { freshSince: freshFirst }),
      recent: Math.min(recent.length, countMax + 1),
      ...burstOf(own, group),
      lateBy: all.reduce((max, { lateBy }) => Math.max(max, lateBy), 0),
      samples: shown.slice(0, samplesMax).map(({ messageId }) => messageId),
    };
  }

  #activeOf({ versions, since, ...key }: CountGroup): readonly ReplayedFinding[] {
    const group = this.#groupOf(key);
    group.list ??= [...group.active];
    const { list } = group;
    // Nearly always all of them.
    if ((list[0]?.raisedAt ?? since) >= since && list.every(({ version }) => versions.includes(version)))
      return list;
    return list.filter(({ raisedAt, version }) => raisedAt >= since && versions.includes(version));
  }

  #groupOf({ appId, kind, stage }: Pick<Finding, "appId" | "kind" | "stage">): Group {
    const key = JSON.stringify([appId, kind, stage]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { active: new Set() };
      this.#groups.set(key, group);
    }
    return group;
  }

  #isActive({ retractedAt = Number.POSITIVE_INFINITY }: ReplayedFinding): boolean {
    return retractedAt > this.#clock;
  }
}

function burstOf(own: readonly ReplayedFinding[], { burst }: FigureGroup): Pick<Figures, "burstSince"> {
  if (burst === undefined) return {};
  const times = own.map(({ raisedAt }) => raisedAt).filter((at) => at >= burst.from);
  times.sort((a, b) => a - b);
  const first = times.find(
    (at, index) =>
      (times[index + burst.atLeast - 1] ?? Number.POSITIVE_INFINITY) - at <= burst.windowMs * 1_000,
  );
  return first === undefined ? {} : { burstSince: first };
}

function isNoImport(importedAfter: Micros) {
  return ({ raisedAt, dueAt, arrivedAfter }: ReplayedFinding) =>
    dueAt >= raisedAt - importedAfter || arrivedAfter <= importedAfter;
}

function earliest(findings: readonly ReplayedFinding[]): Micros | undefined {
  return findings.length === 0
    ? undefined
    : findings.reduce((min, { dueAt }) => Math.min(min, dueAt), findings[0]!.dueAt);
}
